import cv2
import numpy as np
import pytest

from spotter.errors import ConfigError
from spotter.geometry import signed_area
from spotter.synthesis.pages import PAGE_KINDS, PageSynthesizer
from spotter.synthesis.pages import synthesizer as module
from spotter.synthesis.text import MAX_LENGTH


def filled(polygons, shape):
    mask = np.zeros(shape, np.uint8)
    for polygon in polygons:
        cv2.fillPoly(mask, [np.round(polygon * 16).astype(np.int32)], 255, shift=4)
    return mask


@pytest.mark.parametrize("kind", PAGE_KINDS)
def test_every_kind_has_words_with_outlines_around_their_ink(kind, bank, latin, monkeypatch):
    inks = []
    label = module.instances_of

    def spy(words, photo, ink):
        inks.append(ink)
        return label(words, photo, ink)

    monkeypatch.setattr(module, "instances_of", spy)
    synthesizer = PageSynthesizer(bank, latin, None, (360, 360), 2, {kind: 1.0})
    seen = 0
    for index in range(3):
        page = synthesizer.sample(index)
        height, width = page["img"].shape[:2]
        assert page["img"].dtype == np.uint8
        assert all(240 <= side <= 360 for side in (height, width))
        assert page["kind"] == kind
        inside = filled([word["polygon"] for word in page["instances"]], (height, width))
        strong = inks[-1] > 128
        if strong.any():
            inside = cv2.dilate(inside, np.ones((5, 5), np.uint8))
            assert (inside[strong] > 0).mean() > 0.99
        for word in page["instances"]:
            polygon = word["polygon"]
            assert polygon.dtype == np.float32
            assert len(polygon) % 2 == 0
            assert (polygon >= 0).all()
            assert (polygon <= [width, height]).all()
            assert (word["text"] is None) == word["ignore"]
            if not word["ignore"]:
                seen += 1
                assert signed_area(polygon) > 0
                assert 1 <= len(word["text"]) <= MAX_LENGTH
                assert " " not in word["text"]
                assert set(word["text"]) <= set(latin.charset)
                assert word["characters"].shape == (len(word["text"]), 4, 2)
    assert seen > 0


def test_a_page_depends_on_seed_and_index_alone(bank, latin):
    first = PageSynthesizer(bank, latin, None, (300, 300), 4)
    ahead = [first.sample(index) for index in (0, 5, 2)]
    again = PageSynthesizer(bank, latin, None, (300, 300), 4)
    back = [again.sample(index) for index in (2, 5, 0)]
    for one, two in zip(ahead, back[::-1], strict=True):
        np.testing.assert_array_equal(one["img"], two["img"])
        assert [word["text"] for word in one["instances"]] == [
            word["text"] for word in two["instances"]
        ]
        for a, b in zip(one["instances"], two["instances"], strict=True):
            np.testing.assert_array_equal(a["polygon"], b["polygon"])
    other = PageSynthesizer(bank, latin, None, (300, 300), 5).sample(0)
    assert other["img"].shape != ahead[0]["img"].shape or (other["img"] != ahead[0]["img"]).any()


def test_curved_words_have_polygons(page_of):
    sides = [
        len(word["polygon"])
        for index in range(3)
        for word in page_of("curved_lines", index)["instances"]
        if not word["ignore"]
    ]
    assert sum(side >= 8 for side in sides) > 3


def test_weights_choose_the_kinds(bank, latin):
    pages = PageSynthesizer(bank, latin, None, (120, 120), 0, {"plate": 3.0, "faint": 1.0})
    kinds = [pages.sample(index)["kind"] for index in range(60)]
    assert set(kinds) == {"plate", "faint"}
    assert 0.6 < kinds.count("plate") / 60 < 0.9


def test_bad_arguments_are_one_line(bank, latin):
    with pytest.raises(ConfigError, match="too small"):
        PageSynthesizer(bank, latin, None, (960, 90))
    with pytest.raises(ConfigError, match='page kind "menu" is not one of document'):
        PageSynthesizer(bank, latin, kinds={"menu": 1.0})
