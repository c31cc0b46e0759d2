"""What :mod:`spotter.pipeline` offers."""

from spotter.pipeline.crop_batching import WordReading
from spotter.pipeline.spotter import SceneTextSpotter
from spotter.pipeline.word_recognizer import WordRecognizer

__all__ = ["SceneTextSpotter", "WordReading", "WordRecognizer"]
