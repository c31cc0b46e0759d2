"""Pictures of results."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import ImageFont

from spotter.io import drawing
from spotter.io.drawing import _label, _place, _shared, draw_result
from spotter.structures import SpottingResult, TextInstance


def word(x: int, y: int, w: int, h: int, text: str) -> TextInstance:
    return TextInstance(np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], float), text)


def test_outline_label_and_nothing_else() -> None:
    image = np.full((300, 400, 3), 120, np.uint8)
    before = image.copy()
    picture = draw_result(image, SpottingResult("x", 400, 300, [word(100, 100, 80, 30, "Straße")]))
    np.testing.assert_array_equal(image, before)
    assert picture.shape == image.shape
    assert picture.dtype == np.uint8
    changed = (picture != image).any(-1)
    # The outline passes through the corner, the label sits above it, the rest is untouched.
    assert changed[100, 110:170].all()
    assert changed[84:98, 104:120].any()
    assert not changed[150:].any()
    assert not changed[:, 250:].any()
    # The word stays legible: its inside is only tinted.
    assert np.abs(picture[112:120, 130:150].astype(int) - 120).max() < 40


def test_any_text_and_place() -> None:
    texts = ["日本語", "", "👍", "e\u0301", "A" * 60, "שלום"]
    places = [(-20, -20), (390, 290), (0, 0), (200, 0), (0, 150), (350, 150)]
    words = [word(x, y, 40, 20, text) for (x, y), text in zip(places, texts, strict=True)]
    words.append(TextInstance(np.random.default_rng(0).uniform(0, 200, (9, 2)), "curved"))
    picture = draw_result(np.zeros((300, 400, 3), np.uint8), SpottingResult("x", instances=words))
    assert picture.any()
    tiny = draw_result(np.zeros((3, 3, 3), np.uint8), SpottingResult("x", instances=words[:1]))
    assert tiny.shape == (3, 3, 3)


def test_no_words_no_change() -> None:
    image = np.random.default_rng(0).integers(0, 256, (50, 70, 3)).astype(np.uint8)
    np.testing.assert_array_equal(draw_result(image, SpottingResult("x")), image)


def test_labels_avoid_each_other_and_the_words() -> None:
    polygon = word(100, 100, 80, 30, "").polygon
    itself = (100, 100, 180, 130)
    first = _place(polygon, (60, 20), (400, 300), [itself])
    assert first == (100, 80, 160, 100)
    second = _place(polygon, (60, 20), (400, 300), [itself, first])
    assert second == (100, 130, 160, 150)
    assert _shared(first, second) == 0
    # At the upper border there is no room above.
    border = word(100, 0, 80, 30, "").polygon
    assert _place(border, (60, 20), (400, 300), [(100, 0, 180, 30)]) == (100, 30, 160, 50)


def test_shared_area() -> None:
    assert _shared((0, 0, 10, 10), (5, 6, 20, 20)) == 20
    assert _shared((0, 0, 10, 10), (11, 0, 20, 10)) == 0


def fresh_fonts(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr(drawing, "_SYSTEM_FONTS", names)
    drawing._system_fonts.cache_clear()


def test_accented_letters_have_glyphs(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        ImageFont.truetype("DejaVuSans.ttf", 20)
    except OSError:
        pytest.skip("the system has no DejaVu Sans")
    fresh_fonts(monkeypatch, "no such font.ttf", "DejaVuSans.ttf")
    font, text = _label("Łódź Straße Ñandú Ωμέγα Жук", 20)
    assert text == "Łódź Straße Ñandú Ωμέγα Жук"
    assert drawing._has_all(font, text)
    assert not drawing._has_all(font, "\ufdd0")
    drawing._system_fonts.cache_clear()


def test_a_system_without_fonts_draws_letters_without_their_accents(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fresh_fonts(monkeypatch)
    assert _label("é Å ñ", 20)[1] == "e A n"
    drawing._system_fonts.cache_clear()
