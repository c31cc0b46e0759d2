"""Training on mmengine: runner, weights files, hooks, mixed precision and distributed training on
any device.
"""

from typing import TYPE_CHECKING

from spotter.lazy import lazy_exports

if TYPE_CHECKING:
    from spotter.training.exports import *  # noqa: F403

__getattr__, __dir__ = lazy_exports(__name__)
