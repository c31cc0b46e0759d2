"""What mmengine lacks: runner glue, weights files, hooks, CPU bfloat16, start without a GPU."""

from spotter.engine import hooks, optim_wrapper, registries, train_loop
from spotter.engine.runner import SpotterRunner

__all__ = ["SpotterRunner", "hooks", "optim_wrapper", "registries", "train_loop"]
