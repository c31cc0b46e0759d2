"""SimCLR's views."""

from __future__ import annotations

import numpy as np

from spotter.data.transforms.image_views import ImageView

PLAIN = {"flip": 0.0, "color": 0.0, "grey": 0.0, "blur": 0.0}


def numbered(height: int, width: int) -> np.ndarray:
    """Each pixel says where it is: (row, column, 0)."""
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([rows, columns, 0 * rows], axis=2).astype(np.uint8)


def test_crops_lie_inside_and_have_the_asked_area() -> None:
    np.random.seed(0)  # noqa: NPY002
    shares = []
    for _ in range(200):
        cut = ImageView(area=(0.25, 1.0), **PLAIN)({"img": numbered(60, 200)})["img"]
        height, width = cut.shape[:2]
        assert cut[-1, -1, 0] - cut[0, 0, 0] == height - 1
        assert cut[-1, -1, 1] - cut[0, 0, 1] == width - 1
        shares.append(height * width / (60 * 200))
    assert 0.23 < min(shares) < 0.35
    assert max(shares) > 0.9


def test_a_flip_is_a_mirror_image() -> None:
    image = numbered(6, 9)
    changed = ImageView(area=(1.0, 1.0), ratio=(1.0, 1.0), **{**PLAIN, "flip": 1.0})({"img": image})
    assert np.array_equal(changed["img"], image[:, ::-1])
    assert changed["img_shape"] == (6, 9)


def test_grey_has_no_color() -> None:
    np.random.seed(0)  # noqa: NPY002
    changed = ImageView(**{**PLAIN, "color": 1.0, "grey": 1.0})({"img": numbered(20, 30)})["img"]
    assert np.array_equal(changed[..., 0], changed[..., 1])
    assert np.array_equal(changed[..., 0], changed[..., 2])
