"""Small sources that every machine has: the faces of matplotlib, our words, painted surfaces."""

import pytest

from spotter.synthesis.fonts import FontBank, bundled_fonts
from spotter.synthesis.text import TextSource

FACES = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif.ttf")


@pytest.fixture(scope="session")
def face_paths():
    paths = [path for path in bundled_fonts() if path.endswith(FACES)]
    assert len(paths) == 3
    return sorted(paths)


@pytest.fixture(scope="session")
def fonts(face_paths):
    return FontBank(face_paths)


@pytest.fixture(scope="session")
def source():
    return TextSource()
