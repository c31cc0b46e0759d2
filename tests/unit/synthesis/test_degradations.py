import numpy as np
import pytest

from spotter.synthesis import degradations


@pytest.mark.parametrize("degrees", [0, 30, 90, 174])
@pytest.mark.parametrize("length", [2, 5, 9])
def test_motion_kernel_is_a_line_of_unit_mass(length, degrees):
    kernel = degradations.motion_kernel(length, degrees)
    assert kernel.shape == (length | 1, length | 1)
    assert kernel.sum() == pytest.approx(1, abs=1e-6)
    middle = (length | 1) // 2
    if degrees == 0:
        assert kernel[middle].sum() == pytest.approx(1, abs=1e-6)
    if degrees == 90:
        assert kernel[:, middle].sum() == pytest.approx(1, abs=1e-6)


def test_disk_kernel_is_round():
    kernel = degradations.disk_kernel(25)
    assert kernel.sum() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(kernel, kernel.T)
    np.testing.assert_allclose(kernel, kernel[::-1])
    assert kernel[0, 0] == 0


def test_noise_has_no_bias():
    rng = np.random.default_rng(0)
    flat = np.full((200, 200, 3), 100, np.float32)
    assert degradations.noise(rng, flat).mean() == pytest.approx(100, abs=0.2)


def test_sharpening_and_blurring_keep_flat_areas():
    rng = np.random.default_rng(0)
    flat = np.full((40, 40, 3), 100, np.float32)
    for _ in range(10):
        np.testing.assert_allclose(degradations.sharpen(rng, flat), 100, atol=1e-2)
        np.testing.assert_allclose(degradations.blur(rng, flat, 30.0), 100, atol=1e-2)
        np.testing.assert_allclose(degradations.resample(rng, flat, 30.0), 100, atol=1e-2)


def test_resampling_never_goes_below_nine_rows_of_text(monkeypatch):
    sizes = []
    resize = degradations.cv2.resize

    def spy(image, size, **options):
        sizes.append(size)
        return resize(image, size, **options)

    monkeypatch.setattr(degradations.cv2, "resize", spy)
    rng = np.random.default_rng(0)
    for _ in range(30):
        degradations.resample(rng, np.zeros((40, 80, 3), np.float32), 18.0)
    assert min(height for _, height in sizes[::2]) >= 20  # half of 40, as 9 is half of 18


def test_the_chain_depends_on_the_state_alone():
    image = np.random.default_rng(1).random((30, 80, 3)).astype(np.float32) * 255
    first, again, other = (
        degradations.degrade(np.random.default_rng(seed), image.copy(), 20.0) for seed in (5, 5, 6)
    )
    assert first.dtype == np.uint8
    assert first.shape == (30, 80, 3)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
