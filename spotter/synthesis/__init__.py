"""Rendered words and scenes with exact labels, for training without annotated photos."""

from spotter.synthesis.datasets import SyntheticSceneDataset, SyntheticWordDataset
from spotter.synthesis.fonts import FontBank
from spotter.synthesis.scenes import SceneSynthesizer
from spotter.synthesis.text import TextSource, open_text_source
from spotter.synthesis.words import WordSynthesizer

__all__ = [
    "FontBank",
    "SceneSynthesizer",
    "SyntheticSceneDataset",
    "SyntheticWordDataset",
    "TextSource",
    "WordSynthesizer",
    "open_text_source",
]
