"""What :mod:`spotter.training` offers; importing this registers all of it."""

from spotter.training import hooks, optim_wrapper, registries, train_loop
from spotter.training.runner import SpotterRunner

__all__ = ["SpotterRunner", "hooks", "optim_wrapper", "registries", "train_loop"]
