"""Two-stage spotting: photo, detector, crops, recognizer, :class:`SpottingResult`.

The ONNX road imports no torch of its own.
"""

from spotter.inference.crop_pool import WordReading
from spotter.inference.recognition import WordRecognizer
from spotter.inference.scene_text_spotter import SceneTextSpotter

__all__ = ["SceneTextSpotter", "WordReading", "WordRecognizer"]
