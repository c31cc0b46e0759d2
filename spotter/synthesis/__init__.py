"""Rendered words, scenes and pages with exact labels, for training without annotated photos."""

from spotter.synthesis.datasets import (
    SyntheticPageDataset,
    SyntheticSceneDataset,
    SyntheticWordDataset,
)
from spotter.synthesis.fonts import FontBank
from spotter.synthesis.pages import PageSynthesizer
from spotter.synthesis.scenes import SceneSynthesizer
from spotter.synthesis.text import TextSource, open_text_source
from spotter.synthesis.words import WordSynthesizer

__all__ = [
    "FontBank",
    "PageSynthesizer",
    "SceneSynthesizer",
    "SyntheticPageDataset",
    "SyntheticSceneDataset",
    "SyntheticWordDataset",
    "TextSource",
    "WordSynthesizer",
    "open_text_source",
]
