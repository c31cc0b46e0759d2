"""Normalisation is exactly that of the data preprocessors."""

from __future__ import annotations

import numpy as np

from spotter.runtime.preprocessing import Normalizer

MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]


def test_formula_per_channel_in_rgb_order() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 5, 7, 3)).astype(np.uint8)
    batch = Normalizer(MEAN, STD)(list(images))
    rgb = images[..., ::-1].astype(np.float32)
    expected = (rgb - np.array(MEAN, np.float32)) / np.array(STD, np.float32)
    assert batch.dtype == np.float32
    assert batch.flags.c_contiguous
    np.testing.assert_array_equal(batch, expected.transpose(0, 3, 1, 2))


def test_one_value_for_all_channels() -> None:
    image = np.array([[[0, 51, 255]]], np.uint8)
    np.testing.assert_allclose(Normalizer(127.5, 127.5)([image])[0, :, 0, 0], [1.0, -0.6, -1.0])


def test_slices_of_a_larger_image() -> None:
    image = np.random.default_rng(1).integers(0, 256, (9, 9, 3)).astype(np.uint8)
    part = image[2:7, 1:8]
    normalize = Normalizer(0.0, 1.0)
    np.testing.assert_array_equal(normalize([part]), normalize([part.copy()]))
