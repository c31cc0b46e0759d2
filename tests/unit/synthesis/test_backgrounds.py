import cv2
import numpy as np
import pytest

from spotter.errors import ConfigError
from spotter.synthesis import painted
from spotter.synthesis.backgrounds import BackgroundBank


@pytest.fixture
def photos(tmp_path):
    for name, value in (("a.png", 40), ("b.jpg", 200)):
        cv2.imwrite(str(tmp_path / name), np.full((90, 160, 3), value, np.uint8))
    return BackgroundBank([str(tmp_path)], side=80)


def test_photos_are_reduced_to_the_side(photos):
    assert len(photos) == 2
    assert photos.photo(0).shape == (45, 80, 3)
    np.testing.assert_allclose(photos.photo(1), 200, atol=2)


@pytest.mark.parametrize("size", [(16, 60), (300, 20), (45, 80), (4, 4), (400, 700)])
def test_patches_have_the_asked_size(photos, size):
    rng = np.random.default_rng(0)
    for _ in range(10):
        patch = photos.patch(rng, *size)
        assert patch.shape == (*size, 3)
        assert patch.dtype == np.uint8
        assert np.isin(patch // 20, (1, 2, 9, 10)).all()


def test_patches_come_no_closer_than_asked(tmp_path):
    ramp = np.repeat(np.arange(0, 200, dtype=np.uint8)[None, :, None], 100, axis=0).repeat(
        3, axis=2
    )
    cv2.imwrite(str(tmp_path / "ramp.png"), ramp)
    bank = BackgroundBank([str(tmp_path)])
    rng = np.random.default_rng(0)
    for _ in range(20):
        row = bank.patch(rng, 20, 100, closest=1.0)[10, :, 0].astype(float)
        # One step of the ramp per photo pixel: 100 patch pixels span at least about 98 of them.
        assert abs(row[-1] - row[0]) > 95


def test_painted_surfaces_are_the_same_in_every_process():
    first, second = BackgroundBank(None, side=64), BackgroundBank(None, side=64)
    np.testing.assert_array_equal(first.photo(3), second.photo(3))
    assert (first.photo(3) != first.photo(4)).any()


@pytest.mark.parametrize(
    "surface",
    [painted.plaster, painted.gradient, painted.bricks, painted.boards, painted.tiles],
)
def test_every_surface_fills_its_frame(surface):
    for seed in range(5):
        image = surface(np.random.default_rng(seed), (70, 110))
        assert image.shape == (70, 110, 3)
        assert np.isfinite(image).all()


def test_cloud_is_normalised():
    field = painted.cloud(np.random.default_rng(0), (120, 200))
    assert field.std() == pytest.approx(1, abs=1e-3)


def test_a_folder_without_images_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="no images"):
        BackgroundBank([str(tmp_path)])
