"""Data: readers, datasets, samplers, images, transforms and synthesis."""

from typing import TYPE_CHECKING

from spotter.lazy import lazy_exports

if TYPE_CHECKING:
    from spotter.data.exports import *  # noqa: F403

__getattr__, __dir__ = lazy_exports(__name__)
