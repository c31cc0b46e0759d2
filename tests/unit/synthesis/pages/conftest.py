import pytest

from spotter.charset import BUILTIN_CHARSETS
from spotter.synthesis.fonts import FontBank
from spotter.synthesis.pages import PAGE_KINDS, PageSynthesizer
from spotter.synthesis.text import TextSource


@pytest.fixture(scope="session")
def latin():
    return TextSource(charset=BUILTIN_CHARSETS["latin"])


@pytest.fixture(scope="session")
def bank(face_paths):
    return FontBank(face_paths)


@pytest.fixture(scope="session")
def page_of(bank, latin):
    """One page of a kind, 240 to 360 pixels per side."""

    def draw(kind, index=0, seed=1):
        assert kind in PAGE_KINDS
        synthesizer = PageSynthesizer(bank, latin, None, (360, 360), seed, {kind: 1.0})
        return synthesizer.sample(index)

    return draw
