"""What :mod:`spotter.engine` offers; importing this registers all of it."""

from spotter.engine import hooks, optim_wrapper, registries, train_loop
from spotter.engine.runner import SpotterRunner

__all__ = ["SpotterRunner", "hooks", "optim_wrapper", "registries", "train_loop"]
