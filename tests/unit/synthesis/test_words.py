import numpy as np
import pytest

from spotter.synthesis.text import PRINTABLE
from spotter.synthesis.words import WordSynthesizer


@pytest.fixture(scope="module")
def words(fonts, source):
    return WordSynthesizer(fonts, source, None, seed=1)


def test_a_sample_depends_on_seed_and_index_alone(words, fonts, source):
    again = WordSynthesizer(fonts, source, None, seed=1)
    ahead = [words.sample(index) for index in (0, 7, 3)]
    np.random.random_sample(3)  # noqa: NPY002 - the global state must not matter
    back = [again.sample(index) for index in (3, 7, 0)]
    for (image, text), (other, same) in zip(ahead, back[::-1], strict=True):
        np.testing.assert_array_equal(image, other)
        assert text == same
    other_seed, _ = WordSynthesizer(fonts, source, None, seed=2).sample(0)
    assert other_seed.shape != ahead[0][0].shape or (other_seed != ahead[0][0]).any()


@pytest.fixture(scope="module")
def samples(words):
    return [words.sample(index) for index in range(100)]


def test_crops_have_the_sizes_that_detectors_cut(samples):
    heights = np.array([image.shape[0] for image, _ in samples])
    assert all(image.dtype == np.uint8 and image.shape[2] == 3 for image, _ in samples)
    assert all(text and set(text) <= set(PRINTABLE) for _, text in samples)
    assert 20 < np.median(heights) < 50
    assert np.percentile(heights, 5) < 22
    assert max(image.shape[1] for image, _ in samples) < 1000


def test_nearly_every_crop_shows_something(samples):
    spread = [image.std() for image, _ in samples]
    assert np.mean(np.array(spread) > 3) > 0.97


def test_longer_words_are_wider(fonts):
    class Fixed:
        def __init__(self, text):
            self.text = text

        def sample(self, rng):
            return self.text

    ratios = []
    for text in ("at", "international"):
        drawn = [WordSynthesizer(fonts, Fixed(text), None, 0).sample(i) for i in range(30)]
        assert {label for _, label in drawn} == {text}
        ratios.append(np.median([image.shape[1] / image.shape[0] for image, _ in drawn]))
    assert ratios[0] < 2.5
    assert ratios[1] > 3.5
