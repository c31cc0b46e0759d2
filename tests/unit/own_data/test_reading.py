"""Reading of held-back words with a language model, and without one."""

from __future__ import annotations

import cv2
import numpy as np

from spotter.own_data.reading import read_words
from spotter.synthesis.fonts import FontBank, bundled_fonts
from spotter.synthesis.text import TextSource
from spotter.synthesis.words import WordSynthesizer


class OneWord(TextSource):
    """The same text again and again."""

    def __init__(self, text: str) -> None:
        self.text = text

    def allows(self, text: str) -> bool:
        return True

    def sample(self, rng: np.random.Generator) -> str:
        return self.text


def test_a_language_model_reads_words_that_are_hard_to_see() -> None:
    synthesizer = WordSynthesizer(FontBank(bundled_fonts()), OneWord("restaurant"), None, 3)
    samples = []
    for number in range(8):
        image, text = synthesizer.sample(number)
        small = cv2.resize(image, None, fx=0.22, fy=0.22, interpolation=cv2.INTER_AREA)
        samples.append({"img": small, "text": text})
    alone = read_words("deep_ctc", samples, threads=1)
    spoken = read_words("deep_ctc", samples, threads=1, language="english")
    assert alone.true == spoken.true == ["restaurant"] * 8
    assert sum(spoken.correct) > sum(alone.correct)
