"""The orientation of photos, told by readings that are made up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from spotter.decoding.ctc import Decoded
from spotter.pipeline.crop_batching import (
    READS_BADLY_ALONE,
    READS_BADLY_IN_PHOTO,
    CropBatcher,
    WordReading,
)
from spotter.pipeline.crops import reading_directions
from spotter.pipeline.orientation import photo_orientation, turn_photo
from spotter.pipeline.recognizer import RawPrediction
from spotter.structures import TextInstance


def page(degrees: float, count: int = 12) -> list[TextInstance]:
    """Words of an upright page turned clockwise about (300, 300)."""
    angle = np.deg2rad(degrees)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    words = []
    for index in range(count):
        x, y, w = 60 + 120 * (index % 4), 60 + 40 * (index // 4), 70 + 5 * (index % 3)
        quad = np.array([[x, y], [x + w, y], [x + w, y + 20], [x, y + 20]], np.float64)
        words.append(TextInstance(((quad - 300) @ matrix.T + 300).astype(np.float32)))
    return words


class Reader:
    """Reads words well that run in one direction, and counts."""

    def __init__(self, degrees: float, good: float = 0.95, bad: float = 0.05) -> None:
        self.degrees, self.good, self.bad, self.asked = degrees, good, bad, 0

    def __call__(self, quads: Sequence[np.ndarray]) -> list[Decoded]:
        self.asked += len(quads)
        readings = []
        for quad in quads:
            along = quad[1] - quad[0]
            angle = np.degrees(np.arctan2(along[1], along[0]))
            right = abs((angle - self.degrees + 180) % 360 - 180) < 10
            readings.append(Decoded("word", [], self.good if right else self.bad))
        return readings


@pytest.mark.parametrize("degrees", [180, 90, -90, 45, -45, 135, -135, 170])
def test_any_orientation_is_told(degrees: float) -> None:
    told = photo_orientation(page(degrees), Reader(degrees))
    assert abs((told - degrees + 180) % 360 - 180) < 1
    assert -180 < told <= 180


@pytest.mark.parametrize("degrees", [0, 10, -25])
def test_upright_photos_cost_four_words(degrees: float) -> None:
    reader = Reader(degrees)
    assert photo_orientation(page(degrees), reader) == 0
    assert reader.asked == 4


@pytest.mark.parametrize("degrees", [0, 180, 90])
def test_what_reads_badly_either_way_is_upright(degrees: float) -> None:
    assert photo_orientation(page(degrees), Reader(degrees, good=0.1)) == 0
    assert photo_orientation([], Reader(0)) == 0


def test_sideways_photos_need_no_clear_difference() -> None:
    # A photo on its head does: what reads as well either way is upright.
    assert photo_orientation(page(180), Reader(180, good=0.6, bad=0.5)) == 0
    assert photo_orientation(page(90), Reader(90, good=0.6, bad=0.5)) == pytest.approx(90)


def test_some_vertical_words_do_not_turn_a_photo() -> None:
    words = [*page(0, 8), *page(90, 3)]
    assert photo_orientation(words, Reader(0)) == 0


def test_one_short_reading_is_not_enough() -> None:
    [word] = page(180, 1)
    assert photo_orientation([word], Reader(180, good=0.6, bad=0.2)) == 0
    assert photo_orientation([word], Reader(180)) == 180


@pytest.mark.parametrize("degrees", [0, 90, 180, -90, 45, 150])
def test_turned_photos_show_the_same_and_lead_back(degrees: float) -> None:
    photo = np.zeros((120, 200, 3), np.uint8)
    photo[30:50, 140:170] = 255
    turned = turn_photo(photo, degrees)
    ys, xs = np.nonzero(turned.image[..., 0] > 127)
    corners = np.array([[xs.min(), ys.min()], [xs.max() + 1, ys.max() + 1]], np.float64)
    middle = turned.restore(corners.mean(axis=0)[None])[0]
    np.testing.assert_allclose(middle, (155, 40), atol=0.6)
    if degrees % 90 == 0:
        assert sorted(turned.image.shape[:2]) == [120, 200]
        assert len(xs) == 600


class DirectionReader:
    """Stands for a recognizer: reads what runs to the left on the photo, and counts."""

    def __init__(self, backward: Decoded, forward: Decoded) -> None:
        self.readings = (backward, forward)
        self.seen = 0

    def crop(self, img: np.ndarray, cut: np.ndarray, stretch: float = 1.0) -> np.ndarray:
        return np.full((8, 32, 3), int(cut[1, 0] > cut[0, 0]), np.uint8)

    def forward(self, crops: Sequence[np.ndarray]) -> list[RawPrediction]:
        self.seen += len(crops)
        return [RawPrediction(self.readings[int(crop[0, 0, 0])]) for crop in crops]

    def decode(self, prediction: RawPrediction) -> Decoded:
        return prediction.greedy


def test_a_single_word_that_is_upside_down() -> None:
    quad = np.array([[10, 10], [70, 10], [70, 30], [10, 30]], np.float32)
    image = np.zeros((50, 90, 3), np.uint8)

    def read(
        backward: Decoded, forward: Decoded, reads_badly: float = READS_BADLY_IN_PHOTO
    ) -> tuple[WordReading, int]:
        reader = DirectionReader(backward, forward)
        batcher = CropBatcher(reader, 4, reads_badly=reads_badly)  # type: ignore[arg-type]
        batcher.add(image, reading_directions(quad))
        [word] = batcher.finish()
        return word, reader.seen

    word, seen = read(Decoded("word", [], 0.95), Decoded("pjom", [], 0.1))
    assert (word.text, word.rotation, seen) == ("word", 180, 2)
    np.testing.assert_array_equal(word.outline, np.roll(quad, 2, axis=0))
    # Short or doubtful, it stays; and what reads well is not read twice.
    for other in (Decoded("wo", [], 0.95), Decoded("word", [], 0.5)):
        assert read(other, Decoded("pjom", [], 0.1))[0].text == "pjom"
    word, seen = read(Decoded("word", [], 0.95), Decoded("pjom", [], 0.6))
    assert (word.text, word.rotation, seen) == ("pjom", 0, 1)
    # A crop alone has no neighbours that say how its photo runs.
    half = Decoded("word", [], 0.95), Decoded("pjom", [], 0.4)
    assert read(*half)[0].text == "pjom"
    assert read(*half, READS_BADLY_ALONE)[0].text == "word"
