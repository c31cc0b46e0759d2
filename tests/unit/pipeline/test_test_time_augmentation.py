"""Further views of words that were not read with certainty."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spotter.decoding.ctc import Decoded
from spotter.errors import ConfigError
from spotter.pipeline import WordRecognizer
from spotter.pipeline.crop_batching import CropBatcher, WordReading, choose_view
from spotter.pipeline.crops import Direction, cut_word
from spotter.pipeline.joining import JoinedWord
from spotter.pipeline.recognizer import RawPrediction
from spotter.pipeline.test_time_augmentation import TestTimeAugmentation, View, surroundings
from spotter.pipeline.word_search import FoundWords
from spotter.structures import TextInstance

BOX = np.array([[10, 10], [50, 10], [50, 20], [10, 20]], np.float32)
STRIP = np.array([[0, 0], [10, 2], [20, 0], [20, 8], [10, 10], [0, 8]], np.float32)


def test_a_view_grows_stretches_and_tilts_the_cut() -> None:
    assert View().cut(BOX) == pytest.approx(BOX)
    grown = [[9, 9], [51, 9], [51, 21], [9, 21]]
    assert View(margin=0.1).cut(BOX) == pytest.approx(np.array(grown), abs=1e-4)
    longer = [[6, 9], [54, 9], [54, 21], [6, 21]]
    assert View(margin=0.1, lengthen=0.3).cut(BOX) == pytest.approx(np.array(longer), abs=1e-4)
    # Clockwise as one sees it, with y pointing down: the right end sinks.
    upright = [[35, -5], [35, 35], [25, 35], [25, -5]]
    assert View(tilt=90).cut(BOX) == pytest.approx(np.array(upright), abs=1e-4)
    assert View(margin=0.1).cut(STRIP) == pytest.approx(STRIP)
    tilted = View(tilt=5).cut(STRIP)
    assert np.linalg.norm(tilted[0] - tilted[2]) == pytest.approx(20, rel=1e-5)
    assert tilted.mean(axis=0) == pytest.approx(STRIP.mean(axis=0), abs=1e-4)


def test_a_view_develops_the_crop() -> None:
    ramp = np.repeat(np.arange(100, 151, dtype=np.uint8)[None, :, None], 3, axis=2)
    assert View().develop(ramp) is ramp
    stretched = View(contrast=True).develop(ramp)[0, :, 0]
    # The second of fifty steps is black, the last but one white.
    assert (stretched[1], stretched[25], stretched[49]) == (0, 127, 255)
    both = View(contrast=True, negative=True).develop(ramp)[0, :, 0]
    assert (both + stretched == 255).all()
    # Of nothing but noise no picture is made.
    noise = np.random.default_rng(0).integers(100, 103, (32, 96, 3)).astype(np.uint8)
    assert np.ptp(View(contrast=True).develop(noise)) < 80
    stripes = np.tile(np.array([[[0] * 3, [200] * 3]], np.uint8), (8, 16, 1))
    smooth = View(coarser=2).develop(stripes)
    assert smooth.shape == stripes.shape
    np.testing.assert_array_equal(smooth, 100)


def test_settings_survive_the_way_through_a_file() -> None:
    settings = {"below": 0.7, "views": [{"margin": -0.06}, {"tilt": 3}, {"negative": True}]}
    view = TestTimeAugmentation.from_settings(settings, "preset")
    assert view == TestTimeAugmentation(
        0.7, (View(margin=-0.06), View(tilt=3), View(negative=True))
    )
    assert view.to_dict() == settings
    fewer = TestTimeAugmentation.from_settings({**settings, "top_k": 2}, "preset")
    assert (fewer.top_k, fewer.to_dict()) == (2, {**settings, "top_k": 2})


@pytest.mark.parametrize(
    "settings",
    [
        3,
        {"below": 0.5},
        {"below": 0.5, "views": 3},
        {"below": 0.5, "views": [{"scale": 2}]},
        {"below": "high", "views": []},
        {"below": 0.5, "views": [{"tilt": "left"}]},
        {"below": 0.5, "views": [{"stretch": 0}]},
        {"below": 0.5, "views": [{"coarser": 0.5}]},
        {"below": 0.5, "views": [], "top_k": 0},
        {"below": 0.5, "views": [], "sharpest": 1},
    ],
)
def test_faulty_settings_get_their_line(settings: object) -> None:
    with pytest.raises(ConfigError, match=r"^my preset: .*test-time augmentation"):
        TestTimeAugmentation.from_settings(settings, "my preset")


@pytest.mark.parametrize(
    "view",
    [View(margin=0.08), View(tilt=3), View(tilt=-3), View(margin=-0.06), View(lengthen=0.25)],
)
@pytest.mark.parametrize("corner", [(30.0, 40.0), (0.0, 0.0), (150.0, 100.0)])
def test_what_a_view_shows_is_in_the_surroundings(view: View, corner: tuple[float, float]) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (120, 260, 3)).astype(np.uint8)
    cut = np.array([[0, 0], [110, 0], [110, 20], [0, 20]], np.float32) + np.float32(corner)
    part, moved = surroundings(photo, cut)
    assert part.size < photo.size
    expected = cut_word(photo, view.cut(cut), 128, 32)
    seen = cut_word(part, view.cut(moved), 128, 32)
    # The warp's own rounding of coordinates may shift by a hair.
    assert np.abs(seen.astype(int) - expected).mean() < 0.5


def reading(text: str, score: float) -> WordReading:
    return WordReading(text, [score] * len(text), score, rotation=90, outline=BOX)


def test_the_most_confident_view_counts_with_the_median_score() -> None:
    first = reading("ciose", 0.5)
    assert choose_view(first, [first]) == first
    others = [Decoded("close", [0.9] * 5, 0.9), Decoded("dose", [0.2], 0.2)]
    chosen = choose_view(first, [first, *others])
    assert (chosen.text, chosen.score, chosen.rotation) == ("close", 0.5, 90)
    assert chosen.character_scores == [0.9] * 5
    others = [Decoded("dose", [0.3], 0.3), Decoded("cose", [0.1], 0.1)]
    kept = choose_view(first, [first, *others])
    assert (kept.text, kept.score) == ("ciose", 0.3)
    # What a rescorer made of them decides between views; the score stays that of their scores.
    others = [replace(others[0], preference=0.8), replace(others[1], preference=0.4)]
    rescored = choose_view(
        replace(first, preference=0.6), [replace(first, preference=0.6), *others]
    )
    assert (rescored.text, rescored.score, rescored.preference) == ("dose", 0.3, 0.8)


def test_a_further_view_changes_no_mark_or_digit_of_a_first_one_that_is_not_doubtful() -> None:
    surer = [Decoded("180", [0.99] * 3, 0.99), Decoded("4.80", [0.9] * 4, 0.9)]
    first = reading("1.80", 0.6)
    chosen = choose_view(first, [first, *surer])
    assert (chosen.text, chosen.score) == ("1.80", 0.9)
    # It counts even where it is not among the best views.
    assert choose_view(first, surer).text == "1.80"
    doubtful = reading("1.80", 0.4)
    assert choose_view(doubtful, [doubtful, *surer]).text == "180"
    letters = reading("caf\u00e9-bar", 0.6)
    better = [Decoded("cafe-bar", [0.9] * 8, 0.9), Decoded("Caf\u00e9-Bar", [0.8] * 8, 0.8)]
    assert choose_view(letters, [letters, *better]).text == "Caf\u00e9-Bar"


_NAMES = "abcdefghij"


def named(width: int) -> str:
    """A width spelled with letters."""
    return "".join(_NAMES[int(digit)] for digit in str(width))


class StretchReader:
    """Reads how wide a crop is; is sure of what is wide, and of dark photos."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.asked: list[int] = []

    def crop(self, img: np.ndarray, cut: np.ndarray, stretch: float = 1.0) -> np.ndarray:
        width = round((cut[1][0] - cut[0][0]) * stretch)
        return np.full((4, width, 3), img[0, 0, 0], np.uint8)

    def forward(self, crops: list[np.ndarray]) -> list[RawPrediction]:
        self.seen += [crop.shape[1] for crop in crops]
        scores = [1.0 if crop[0, 0, 0] < 10 else crop.shape[1] / 100 for crop in crops]
        return [
            RawPrediction(Decoded(named(crop.shape[1]), [], score))
            for crop, score in zip(crops, scores, strict=True)
        ]

    def decode(self, prediction: RawPrediction) -> Decoded:
        self.asked.append(int("".join(str(_NAMES.index(c)) for c in prediction.greedy.text)))
        return prediction.greedy


@pytest.mark.parametrize("batch_size", [1, 2, 100])
def test_only_unsure_words_get_further_views(batch_size: int) -> None:
    reader = StretchReader()
    views = TestTimeAugmentation(0.9, (View(stretch=1.5), View(stretch=0.5)))
    batcher = CropBatcher(reader, batch_size, views)
    cut = np.array([[0, 0], [40, 0], [40, 8], [0, 8]], np.float32)
    for value in (200, 0, 200):
        batcher.add(np.full((8, 60, 3), value, np.uint8), [Direction(cut, cut)])
    readings = batcher.finish()
    assert [(r.text, r.score) for r in readings] == [("ga", 0.4), ("ea", 1.0), ("ga", 0.4)]
    assert sorted(reader.seen) == [20, 20, 40, 40, 40, 60, 60]


def test_a_word_whose_first_view_scores_too_little_gets_no_further_views() -> None:
    reader = StretchReader()
    batcher = CropBatcher(reader, 8, TestTimeAugmentation(0.9, (View(stretch=1.5),)))
    cut = np.array([[0, 0], [40, 0], [40, 8], [0, 8]], np.float32)
    for views_from in (0.0, 0.4, 0.41):
        batcher.add(np.full((8, 60, 3), 200, np.uint8), [Direction(cut, cut)], views_from)
    assert [word.score for word in batcher.finish()] == pytest.approx([0.5, 0.5, 0.4])
    assert sorted(reader.seen) == [40, 40, 40, 60, 60]


def test_views_pay_only_for_words_that_they_can_save() -> None:
    augmentation = TestTimeAugmentation(0.6, (View(stretch=1.5),))
    # 0.5 * 0.6 is below 0.35; 0.7 needs a score of 0.5, a fifth of which is 0.1.
    assert augmentation.views_from(0.5**2, 0.35) > 1.0
    assert augmentation.views_from(0.7**2, 0.35) == pytest.approx(0.1)
    # Where nothing is dropped, every word is worth them.
    assert augmentation.views_from(0.01, 0.0) == 0.0
    assert augmentation.views_from(0.0, 0.0) == 0.0


def test_words_found_too_faintly_are_not_read_unless_they_are_pieces() -> None:
    square = np.array([[0, 0], [8, 0], [8, 8], [0, 8]], np.float32)
    words = [TextInstance(square, detection_score=score) for score in (0.9, 0.1, 0.11, 0.5)]
    whole = TextInstance(square, detection_score=0.4)
    found = FoundWords(np.zeros((8, 8, 3), np.uint8), words, [JoinedWord([2, 3], whole)])
    found.drop_faint(0.35)
    assert [word.detection_score for word in found.candidates()] == [0.9, 0.11, 0.5, 0.4]
    assert found.joined[0].members == [1, 2]


def test_only_the_top_k_views_are_read_with_language_and_count() -> None:
    reader = StretchReader()
    views = tuple(View(stretch=stretch) for stretch in (1.5, 0.5, 1.25))
    batcher = CropBatcher(reader, 8, TestTimeAugmentation(0.9, views, top_k=2))
    cut = np.array([[0, 0], [40, 0], [40, 8], [0, 8]], np.float32)
    batcher.add(np.full((8, 60, 3), 200, np.uint8), [Direction(cut, cut)])
    [word] = batcher.finish()
    assert (word.text, word.score) == ("ga", pytest.approx(0.55))
    assert sorted(reader.seen) == [20, 40, 50, 60]
    assert reader.asked == [40, 60, 50]


def test_views_with_the_same_greedy_reading_are_read_with_language_once() -> None:
    class AlikeReader(StretchReader):
        def forward(self, crops: list[np.ndarray]) -> list[RawPrediction]:
            return [
                RawPrediction(
                    replace(prediction.greedy, text=prediction.greedy.text.replace("f", "g"))
                )
                for prediction in super().forward(crops)
            ]

    reader = AlikeReader()
    views = tuple(View(stretch=stretch) for stretch in (1.5, 1.25, 0.5))
    batcher = CropBatcher(reader, 8, TestTimeAugmentation(0.9, views))
    cut = np.array([[0, 0], [40, 0], [40, 8], [0, 8]], np.float32)
    batcher.add(np.full((8, 60, 3), 200, np.uint8), [Direction(cut, cut)])
    [word] = batcher.finish()
    assert sorted(reader.seen) == [20, 40, 50, 60]
    assert reader.asked == [40, 60, 20]
    assert (word.text, word.score) == ("ga", pytest.approx(0.4))


def test_a_turned_word_is_read_again_in_its_direction() -> None:
    reader = StretchReader()
    batcher = CropBatcher(reader, 8, TestTimeAugmentation(0.9, (View(stretch=1.5),)))
    wide = np.array([[0, 0], [40, 0], [40, 8], [0, 8]], np.float32)
    directions = [Direction(wide / 2, wide / 2, 0), Direction(wide, wide, 90)]
    batcher.add(np.full((8, 60, 3), 200, np.uint8), directions)
    [word] = batcher.finish()
    assert (word.text, word.rotation) == ("ga", 90)
    assert sorted(reader.seen) == [20, 40, 60]


def test_the_shipped_preset_augments_unless_told_not_to() -> None:
    rng = np.random.default_rng(3)
    noise = [rng.integers(0, 256, (32, 100, 3)).astype(np.uint8) for _ in range(3)]
    twice = WordRecognizer("plain", threads=1)
    once = WordRecognizer("plain", threads=1, test_time_augmentation=False)
    both = [[(r.text, r.score) for r in side.read(noise)[0] if r] for side in (twice, once)]
    assert both[0] != both[1]


def test_a_preset_of_ones_own_may_augment(preset: dict[str, Path], tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    entry = '{"detector": "%s", "recognizer": "%s", "test_time_augmentation": %s}'
    good = '{"below": 0.5, "views": [{"tilt": 3}]}'
    file.write_text(entry % (preset["detector"], preset["recognizer"], good))
    assert WordRecognizer(file, threads=1)._test_time_augmentation == TestTimeAugmentation(
        0.5, (View(tilt=3),)
    )
    file.write_text(entry % (preset["detector"], preset["recognizer"], "true"))
    with pytest.raises(ConfigError, match="test_time_augmentation must be an object"):
        WordRecognizer(file, threads=1)
