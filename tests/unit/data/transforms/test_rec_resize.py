"""Input sizes of recognizers."""

import numpy as np
import pytest

from spotter.data.transforms import RecInputSize, RecResize
from spotter.data.transforms.rec_resize import PAD_VALUE
from spotter.errors import ConfigError
from spotter.runtime.input_size import bucket_width


def crop(width, height, value=200):
    return {"img": np.full((height, width, 3), value, np.uint8)}


def test_fixed():
    results = RecResize()(crop(50, 64))
    assert results["img"].shape == (32, 128, 3)
    assert results["valid_ratio"] == 1.0
    assert results["scale_factor"] == (2.56, 0.5)


def test_keep_ratio_pads_to_the_right():
    results = RecResize(mode="keep_ratio", width=128)(crop(100, 64))
    assert results["img"].shape == results["img_shape"] + (3,) == (32, 128, 3)
    # 100 * 32 / 64 = 50 of 128 columns.
    assert results["valid_ratio"] == 50 / 128
    assert (results["img"][:, :50] == 200).all()
    assert (results["img"][:, 50:] == PAD_VALUE).all()


def test_keep_ratio_without_padding_and_beyond_the_limit():
    results = RecResize(mode="keep_ratio", width=128, pad=False)(crop(100, 64))
    assert results["img"].shape == (32, 50, 3)
    assert results["valid_ratio"] == 1.0
    results = RecResize(mode="keep_ratio", width=128)(crop(1000, 32))
    assert results["img"].shape == (32, 128, 3)
    assert results["valid_ratio"] == 1.0
    assert RecResize(mode="keep_ratio", pad=False)(crop(1, 500))["img"].shape == (32, 1, 3)


def test_buckets_are_nearest_in_ratio():
    widths = [32, 64, 128, 256]
    # 90.5 is the geometric mean of 64 and 128.
    for own, bucket in ((5, 32), (45, 32), (46, 64), (90, 64), (91, 128), (1000, 256)):
        assert bucket_width(own, 32, 32, widths) == bucket
    # Exactly between 32 and 128 in ratio: the wider.
    assert bucket_width(64, 32, 32, [32, 128]) == bucket_width(64, 32, 32, [128, 32]) == 128
    assert RecResize(mode="buckets", widths=widths)(crop(180, 64))["img"].shape == (32, 64, 3)


def test_errors():
    with pytest.raises(ConfigError, match="mode"):
        RecInputSize(mode="stretch")
    with pytest.raises(ConfigError, match="widths"):
        RecInputSize(mode="buckets")
    with pytest.raises(ConfigError, match="stretch"):
        RecInputSize(mode="buckets", widths=[64], stretch=0.0)


def test_buckets_with_a_stretch_keep_enough_frames_for_every_letter():
    widths = [48, 96, 128, 192, 256, 384]
    # Keep-ratio widths 40 and 41: 1.2 times 40 still fits 48.
    sizes = {(40, 32): 48, (41, 32): 96, (80, 32): 96, (160, 32): 192, (320, 32): 384}
    for (width, height), bucket in sizes.items():
        assert bucket_width(width, height, 32, widths, 1.2) == bucket
    assert bucket_width(1000, 32, 32, widths, 1.2) == 384
    assert RecInputSize(mode="buckets", widths=widths, stretch=1.2)(20, 64) == 48
