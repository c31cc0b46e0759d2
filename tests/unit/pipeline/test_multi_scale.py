"""Scales and windows, by hand and on a network of our own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from spotter.pipeline import SceneTextSpotter
from spotter.pipeline.multi_scale import (
    SmallText,
    add_small_words,
    first_scale,
    largest_scale,
    small_text,
    windows_around,
)
from spotter.pipeline.tiling import SearchedWindow
from spotter.structures import TextInstance
from tests.unit.pipeline.networks import photo


def word(x: float, y: float, w: float, h: float, score: float = 0.9) -> TextInstance:
    corners = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float32)
    return TextInstance(corners, detection_score=score)


def test_the_first_scale_is_bounded_by_pixels_rather_than_sides() -> None:
    assert first_scale(1000, 800, 1.5, 2000) == 1.5
    assert first_scale(4000, 3000, 1.5, 2000) == pytest.approx(0.5)
    # 0.75 x 2000 x 2000 pixels: 3.0 of 8.64 million.
    assert first_scale(720, 12000, 1.5, 2000) == pytest.approx(np.sqrt(3 / 8.64))


def test_small_words_and_unresolved_regions() -> None:
    probability = np.zeros((256, 512), np.float32)
    probability[16:24, 16:80] = 0.9  # a word of 8 rows
    probability[100:140, 40:200] = 0.9  # one of 40 rows
    probability[192:224, 256:480] = 0.2  # a region that responds and is no word
    words = [word(32, 32, 128, 16), word(80, 200, 320, 80)]
    small = small_text(probability, words, (0.5, 0.5))
    assert small.height == pytest.approx(16)
    first, second = small.boxes.tolist()
    assert first == [32, 32, 160, 48]
    np.testing.assert_allclose(second, [512, 384, 960, 448], atol=32)
    # 16 pixels, enlarged to 24 of the input.
    assert small.next_scale(0.5) == pytest.approx(1.5)
    assert SmallText(small.boxes[1:], None).next_scale(0.5) == 1.0
    assert SmallText(small.boxes[1:], None).next_scale(3.5) is None
    assert SmallText(small.boxes[:0], None).next_scale(0.5) is None
    assert SmallText(small.boxes[1:], 6.0).next_scale(1.0, largest_scale(1.0)) == 2.0
    assert SmallText(small.boxes[1:], 6.0).next_scale(1.6, largest_scale(1.0)) is None
    assert SmallText(small.boxes[1:], 6.0).next_scale(1.6, largest_scale(1.6)) == pytest.approx(4.0)


def test_only_windows_with_small_text_are_searched() -> None:
    boxes = np.array([[100, 100, 160, 110], [100, 7000, 160, 7010]], np.float64)
    windows = windows_around(boxes, 720, 12000, 2.0)
    assert len(windows) <= 8
    for box in boxes:
        inside = [w for w in windows if w[0] <= box[0] and w[1] <= box[1]]
        assert any(w[2] >= box[2] and w[3] >= box[3] for w in inside)
    assert sum((w[2] - w[0]) * (w[3] - w[1]) for w in windows) < 8 * 130 * 80
    assert windows_around(boxes[:0], 720, 12000, 2.0) == []


def test_each_pass_contributes_its_own_sizes() -> None:
    # At a scale of 0.5, words below 48 pixels are for the finer pass.
    coarse = [word(0, 0, 300, 60, 0.6), word(0, 100, 90, 18, 0.9)]
    finer = [word(10, 5, 80, 40, 0.95), word(0, 100, 40, 16), word(50, 100, 40, 16)]
    found = add_small_words(coarse, 0.5, [SearchedWindow((0, 0, 400, 300), 1.5, finer)], 400, 300)
    corners = sorted(tuple(each.polygon[0].tolist()) for each in found)
    assert corners == [(0, 0), (0, 100), (50, 100)]


def test_a_long_photo_is_searched_all_along(preset: dict[str, Path]) -> None:
    # The detector's bound is 512 pixels: as a whole, the photo would be seen at a sixth.
    boxes = [(20 + 60 * (i % 2), 60 * i + 10, 60, 14) for i in range(48)]
    image = photo(160, 3000, boxes)
    words = SceneTextSpotter(**preset, threads=1).detect(image)
    assert len(words) == len(boxes)
    centres = sorted(tuple(np.round(w.polygon.mean(0)).tolist()) for w in words)
    expected = sorted((x + w / 2, y + h / 2) for x, y, w, h in boxes)
    np.testing.assert_allclose(sorted(centres), expected, atol=3)


def test_a_scale_that_is_too_small_is_told(preset: dict[str, Path]) -> None:
    boxes = [(20 + 60 * (i % 2), 60 * i + 10, 60, 14) for i in range(16)]
    image = photo(160, 1000, boxes)
    bounded = SceneTextSpotter(**preset, threads=1, limit_side=320, min_score=0.0)
    [note] = bounded.spot(image).notes
    assert "0.4 times its size" in note or "0.32 times its size" in note
    assert SceneTextSpotter(**preset, threads=1).spot(image).notes == []


def test_a_preset_may_limit_the_finer_passes(
    tmp_path: Path, preset: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Words of 5 pixels: small for the first pass, whose scale is 1.
    image = photo(400, 300, [(20, 30 * i + 10, 60, 5) for i in range(9)])
    entry = {part: str(Path(file).resolve()) for part, file in preset.items()}
    runs = {}
    for passes in (None, 0, 1):
        own = tmp_path / "own.json"
        own.write_text(json.dumps({**entry, "finer_passes": passes}))
        spotter = SceneTextSpotter(own, threads=1)
        scales: list[float] = []
        search = spotter.detector._search_windows
        monkeypatch.setattr(
            spotter.detector,
            "_search_windows",
            lambda img, missed, scale, search=search, scales=scales: (
                scales.append(scale) or search(img, missed, scale)
            ),
        )
        assert spotter.detect(image)
        runs[passes] = scales
    assert runs[0] == []
    assert runs[1] == runs[None][:1] != []


@pytest.mark.parametrize(
    ("height", "own", "passes"),
    [(60, {}, 2), (20, {}, 0), (60, {"coarse_pass": False}, 0), (60, {"thorough": True}, 3)],
)
def test_large_words_are_outlined_at_a_coarser_scale(
    tmp_path: Path, preset: dict[str, Path], height: int, own: dict[str, bool], passes: int
) -> None:
    image = photo(1024, 704, [(64, 64, 4 * height, height)])
    entry = {part: str(Path(file).resolve()) for part, file in preset.items()}
    file = tmp_path / "own.json"
    file.write_text(json.dumps({**entry, "scale": 1, "finer_passes": 0, **own}))
    [found] = SceneTextSpotter(file, threads=1).detector.search([image])
    assert len(found.words) == 1
    assert len(found.passes) == passes
    for words in found.passes:
        np.testing.assert_allclose(words[0].polygon, found.words[0].polygon, atol=12)


def test_small_photos_are_enlarged_as_a_whole(
    preset: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[tuple[tuple[int, ...], list[list[float]], float]] = []
    spotter = SceneTextSpotter(**preset, threads=1)
    search = spotter.detector._search_windows

    def note(img: np.ndarray, missed: SmallText, scale: float) -> object:
        searched.append((img.shape[:2], missed.boxes.tolist(), scale))
        return search(img, missed, scale)

    monkeypatch.setattr(spotter.detector, "_search_windows", note)
    large = [(40, 40, 300, 60)]
    # All that is seen is large, so that only the size of the photo calls for a second pass.
    assert len(spotter.detect(photo(416, 320, large))) == 1
    assert len(spotter.detect(photo(1280, 704, large))) == 1
    assert searched == [((320, 416), [[0.0, 0.0, 416.0, 320.0]], 2.0)]


def test_what_is_only_seen_enlarged_is_kept_beside_the_large_words() -> None:
    coarse = [word(0, 0, 300, 60, 0.6)]
    finer = [word(0, 100, 90, 40), word(0, 200, 200, 120)]
    # Of 40 pixels: more than the 24 of small words, and less than twice as many.
    found = add_small_words(coarse, 1.0, [SearchedWindow((0, 0, 400, 400), 2.0, finer)], 400, 400)
    assert [each.polygon[0].tolist() for each in found] == [[0, 0], [0, 100]]
