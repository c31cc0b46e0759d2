"""Words whose characters stand one below the other."""

from typing import Any

import cv2
import numpy as np
import pytest

from benchmarks.drawn_words import Drawing, WordDrawer
from spotter.pipeline import WordRecognizer
from spotter.pipeline.crops import cut_vertical
from spotter.pipeline.vertical_text import lay_out_horizontally


@pytest.fixture(scope="module")
def drawer() -> WordDrawer:
    return WordDrawer()


def column(drawer: WordDrawer, text: str, **changes: Any) -> np.ndarray:
    return drawer.draw(np.random.default_rng(0), text, Drawing(vertical=True, **changes))


def corners(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)


@pytest.mark.parametrize("text", ["HOTEL", "BAR", "Bakery", "OPEN24"])
@pytest.mark.parametrize("height", [12, 40])
def test_a_column_becomes_a_line_of_as_many_cells(
    drawer: WordDrawer, text: str, height: int
) -> None:
    image = column(drawer, text, height=height)
    line = lay_out_horizontally(image)
    assert line is not None
    assert line.shape[1] == len(text) * image.shape[1]
    assert line.shape[0] < 2 * image.shape[1]


def test_cells_keep_their_order_and_do_not_show_their_neighbours() -> None:
    image = np.full((100, 30, 3), 200, np.uint8)
    for number, top in enumerate((10, 40, 70)):
        cv2.circle(image, (15, top + 10), 9, (60 * number, 0, 0), -1)
    line = lay_out_horizontally(image)
    assert line is not None
    cells = np.split(line, 3, axis=1)
    for number, cell in enumerate(cells):
        inked = cell[cell[..., 1] < 20]
        assert np.median(inked[:, 0]) == pytest.approx(60 * number, abs=5)
        assert len(inked) == pytest.approx(np.pi * 81, rel=0.2)


def test_what_is_no_column_is_left_alone(drawer: WordDrawer) -> None:
    assert lay_out_horizontally(np.full((120, 30, 3), 128, np.uint8)) is None
    assert lay_out_horizontally(column(drawer, "I")) is None
    wide = drawer.draw(np.random.default_rng(0), "HOTEL", Drawing())
    assert cut_vertical(wide, corners(wide)) is None
    tiny = column(drawer, "HOTEL", height=3)
    assert cut_vertical(tiny, corners(tiny)) is None


def test_the_shipped_preset_reads_vertical_words(drawer: WordDrawer) -> None:
    texts = ["HOTEL", "BAKERY", "MUSEUM", "STATION", "GARDEN", "MARKET"]
    recognizer = WordRecognizer(threads=1)
    readings, _ = recognizer.read([column(drawer, text) for text in texts])
    read = [reading.text.upper() for reading in readings if reading is not None]
    assert sum(a == b for a, b in zip(read, texts, strict=True)) >= 4
    # Turned by a quarter, the same words are still read along their line.
    lying = [
        np.ascontiguousarray(np.rot90(drawer.draw(np.random.default_rng(0), text, Drawing())))
        for text in texts
    ]
    readings, _ = recognizer.read(lying)
    read = [reading.text.upper() for reading in readings if reading is not None]
    assert sum(a == b for a, b in zip(read, texts, strict=True)) >= 5
