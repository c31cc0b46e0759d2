"""Text detectors: backbones, necks, heads and post-processing."""

from typing import TYPE_CHECKING

from spotter.lazy import lazy_exports

if TYPE_CHECKING:
    from spotter.models.detection.exports import *  # noqa: F403

__getattr__, __dir__ = lazy_exports(__name__)
