import numpy as np
import pytest

from spotter.synthesis.effects import grow
from spotter.synthesis.signs import (
    SignSynthesizer,
    _paint_behind,
    _paint_face,
    _paint_rims,
)
from spotter.synthesis.text import PRINTABLE
from spotter.synthesis.words import WordSynthesizer


class Fixed:
    def __init__(self, text):
        self.text = text

    def sample(self, rng):
        return self.text


@pytest.fixture(scope="module")
def signs(fonts, source):
    return SignSynthesizer(fonts, source, None, seed=1)


def test_a_sign_depends_on_seed_and_index_alone(signs, fonts, source):
    again = SignSynthesizer(fonts, source, None, seed=1)
    for index in (5, 0):
        image, text = signs.sample(index)
        other, same = again.sample(index)
        np.testing.assert_array_equal(image, other)
        assert text == same


def test_signs_are_larger_and_mostly_letters(signs, fonts, source):
    drawn = [signs.sample(index) for index in range(120)]
    plain = [WordSynthesizer(fonts, source, None, seed=1).sample(index) for index in range(120)]
    heights, usual = (np.median([i.shape[0] for i, _ in part]) for part in (drawn, plain))
    assert heights > 1.2 * usual
    assert all(image.dtype == np.uint8 and image.shape[2] == 3 for image, _ in drawn)
    texts = [text for _, text in drawn]
    assert all(text and set(text) <= set(PRINTABLE) for text in texts)
    assert np.mean([char.isalpha() for char in "".join(texts)]) > 0.85
    assert np.mean([image.std() > 3 for image, _ in drawn]) > 0.95


def test_letters_are_set_wide_now_and_then(fonts):
    signs, words = (
        kind(fonts, Fixed("mall"), None, 0) for kind in (SignSynthesizer, WordSynthesizer)
    )
    wide, usual = (
        [image.shape[1] / image.shape[0] for image, _ in map(kind.sample, range(80))]
        for kind in (signs, words)
    )
    assert np.percentile(wide, 95) > 1.2 * np.percentile(usual, 95)


@pytest.fixture(scope="module")
def letter():
    alpha = np.zeros((60, 60), np.float32)
    alpha[15:45, 20:40] = 1.0
    return alpha


def faces(letter, seeds=range(60)):
    """The grey wall after a white face was painted on it."""
    for seed in seeds:
        wall = np.full((60, 60, 3), 100, np.float32)
        white = np.full(3, 250, np.float32)
        rng = np.random.default_rng(seed)
        _paint_face(rng, wall, letter, 40.0, white, np.full(3, 100, np.float32), False)
        yield wall


def test_faces_are_hollow_lined_or_whole_and_stay_within_the_letter(letter):
    middles, edges = [], []
    for wall in faces(letter):
        assert (wall[grow(letter, 4.0) == 0] == 100).all()
        middles.append(wall[30, 30].mean())
        edges.append(wall[30, 17:24].max())
    hollow = np.array(middles) < 110
    assert 0.03 < hollow.mean() < 0.4
    assert (np.array(edges)[hollow] > 150).all()
    assert np.mean(np.array(middles) > 240) > 0.3


def test_letters_of_the_walls_own_colour_always_have_an_edge(letter):
    for seed in range(40):
        rng = np.random.default_rng(seed)
        wall = np.full((60, 60, 3), 128, np.float32)
        own = np.full(3, 128, np.float32)
        _paint_behind(rng, wall, letter, 40.0, True)
        _paint_rims(rng, wall, letter, 40.0, own, True)
        _paint_face(rng, wall, letter, 40.0, own, own, True)
        assert np.abs(wall - 128).max() > 30
