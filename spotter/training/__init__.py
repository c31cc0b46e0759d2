"""What mmengine lacks: runner glue, weights files, hooks, CPU bfloat16, start without a GPU."""

from typing import TYPE_CHECKING

from spotter.lazy import lazy_exports

if TYPE_CHECKING:
    from spotter.training.exports import *  # noqa: F403

__getattr__, __dir__ = lazy_exports(__name__)
