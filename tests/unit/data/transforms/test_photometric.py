"""Photometric functions and transforms: closed forms, and pixels that stay in place."""

import cv2
import numpy as np
import pytest

from spotter.data import randomness
from spotter.data.transforms import photometric, rec_photometric
from spotter.data.transforms.det_photometric import RandomDegrade
from spotter.registry import TRANSFORMS

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
FLAT = np.full((24, 30, 3), 120, np.uint8)
ALL = [
    cls
    for cls in vars(rec_photometric).values()
    if isinstance(cls, type)
    and issubclass(cls, rec_photometric.PhotometricTransform)
    and cls is not rec_photometric.PhotometricTransform
] + [RandomDegrade]


def test_color_matrix_closed_forms():
    def apply(**options):
        return photometric.apply_color_matrix(IMAGE, photometric.color_matrix(**options))

    np.testing.assert_array_equal(apply(), IMAGE)
    np.testing.assert_allclose(apply(contrast=0.0), 127.5, atol=0.51)
    np.testing.assert_array_equal(apply(brightness=300.0), 255)
    grey = cv2.cvtColor(IMAGE, cv2.COLOR_BGR2GRAY).astype(int)
    np.testing.assert_allclose(apply(saturation=0.0), np.stack([grey] * 3, -1), atol=1)
    # A third of a turn about the grey axis permutes the channels.
    np.testing.assert_allclose(apply(hue=2 * np.pi / 3).astype(int), IMAGE[..., [2, 0, 1]], atol=1)
    np.testing.assert_array_equal(
        photometric.apply_color_matrix(FLAT, photometric.color_matrix(hue=1)), FLAT
    )


def test_gamma_invert_and_grey():
    values = np.array([[[0, 64, 255]]], np.uint8)
    assert photometric.apply_gamma(values, 2.0).tolist() == [[[0, 16, 255]]]  # 64 ** 2 / 255
    assert photometric.invert(values).tolist() == [[[255, 191, 0]]]
    grey = photometric.to_grey(IMAGE)
    assert (grey[..., 0] == grey[..., 2]).all()


def test_blurs_average_and_keep_the_mean():
    for blurred in (
        photometric.gaussian_blur(FLAT, 1.3),
        photometric.motion_blur(FLAT, 5.0, 0.4),
        photometric.down_up(FLAT, 0.4),
    ):
        np.testing.assert_allclose(blurred.astype(int), FLAT, atol=1)
    line = np.zeros((21, 21, 3), np.uint8)
    line[10, 10] = 255
    along = photometric.motion_blur(line, 6.0, 0.0)
    assert np.flatnonzero(along[..., 0].any(axis=1)).tolist() == [10]
    assert np.flatnonzero(along[10, :, 0]).tolist() == list(range(7, 14))
    assert abs(int(along[10, :, 0].sum()) - 255) <= 4


def test_noise_has_the_asked_deviation():
    flat = np.full((120, 120, 3), 128, np.uint8)
    difference = photometric.gaussian_noise(flat, 10.0).astype(float) - 128
    np.testing.assert_allclose([difference.mean(), difference.std()], [0.0, 10.0], atol=0.3)
    grey = photometric.gaussian_noise(flat, 10.0, per_channel=False)
    assert (grey[..., 0] == grey[..., 1]).all()
    assert photometric.gaussian_noise(np.zeros((900, 900, 3), np.uint8), 5.0).shape == (900, 900, 3)


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__name__)
def test_transforms_return_a_new_image_of_the_same_shape(cls):
    randomness.rng.seed(0)
    image = IMAGE.copy()
    image.flags.writeable = False
    transform = TRANSFORMS.build({"type": cls.__name__, "probability": 1.0})
    for _ in range(8):
        changed = transform({"img": image})["img"]
        assert changed.shape == image.shape
        assert changed.dtype == np.uint8
        assert changed is not image
        assert (changed != image).any()
    assert cls(probability=0.0)({"img": image})["img"] is image


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__name__)
def test_pixels_stay_in_place(cls):
    """The centre of a bright bar moves by less than two pixels, whatever the change."""
    randomness.rng.seed(1)
    image = np.full((32, 96, 3), 40, np.uint8)
    image[:, 60:68] = 220
    for _ in range(8):
        changed = cls(probability=1.0)({"img": image})["img"].astype(float).mean(axis=(0, 2))
        contrast = np.abs(changed - np.median(changed))
        contrast[contrast < 0.5 * contrast.max()] = 0
        centre = (contrast * (np.arange(96) + 0.5)).sum() / contrast.sum()
        assert abs(centre - 64.0) < 2.0
