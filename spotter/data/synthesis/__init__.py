"""Rendered words and scenes with exact labels, for training without annotated photos."""

from spotter.data.synthesis.datasets import SyntheticSceneDataset, SyntheticWordDataset
from spotter.data.synthesis.fonts import FontBank
from spotter.data.synthesis.scenes import SceneSynthesizer
from spotter.data.synthesis.text import TextSource, open_text_source
from spotter.data.synthesis.words import WordSynthesizer

__all__ = [
    "FontBank",
    "SceneSynthesizer",
    "SyntheticSceneDataset",
    "SyntheticWordDataset",
    "TextSource",
    "WordSynthesizer",
    "open_text_source",
]
