"""From photos to words: detection, crops, recognition, :class:`SpottingResult`.

Only numpy, OpenCV, shapely, Pillow and ONNX Runtime are imported.
"""

from typing import TYPE_CHECKING

from spotter.lazy import lazy_exports

if TYPE_CHECKING:
    from spotter.pipeline.exports import *  # noqa: F403

__getattr__, __dir__ = lazy_exports(__name__)
