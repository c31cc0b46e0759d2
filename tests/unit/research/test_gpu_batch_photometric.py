import math

import numpy as np
import pytest
import torch

from research.gpu.batch_photometric import (
    BatchPhotometric,
    PhotometricRates,
    apply_color,
    blur,
    color_matrices,
    down_up,
    jpeg,
)
from spotter.data.transforms import photometric

NOTHING = PhotometricRates(0, 0, 0, 0, 0, 0, 0)


@pytest.fixture
def images() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(4, 3, 16, 24, generator=generator) * 255


def test_colour_matrices_are_those_of_single_images(images: torch.Tensor) -> None:
    values = [(10.0, 0.8, 1.3, 0.4), (-20.0, 1.2, 0.0, -0.2)]
    matrices = color_matrices(*(torch.tensor(column) for column in zip(*values, strict=True)))
    for matrix, arguments in zip(matrices, values, strict=True):
        assert np.allclose(matrix.numpy(), photometric.color_matrix(*arguments), atol=1e-4)
    mapped = apply_color(images[:2], matrices)
    picture = images[1].permute(1, 2, 0).numpy().round().astype(np.uint8)
    expected = photometric.apply_color_matrix(picture, matrices[1].numpy())
    assert np.abs(mapped[1].permute(1, 2, 0).numpy() - expected).max() <= 2.0


def test_each_image_is_blurred_with_its_own_kernel(images: torch.Tensor) -> None:
    kernels = torch.zeros(4, 3, 3)
    kernels[:, 1, 1] = 1.0
    kernels[2] = torch.tensor([[0, 0, 0], [1, 0, 0], [0, 0, 0]])  # the left neighbour
    blurred = blur(images, kernels)
    assert torch.equal(blurred[[0, 1, 3]], images[[0, 1, 3]])
    assert torch.equal(blurred[2, :, :, 1:], images[2, :, :, :-1])


def test_quantising_keeps_flat_blocks_and_loses_detail(images: torch.Tensor) -> None:
    flat = torch.full((1, 3, 16, 16), 128.0)
    assert torch.allclose(jpeg(flat, torch.tensor([20.0])), flat)
    errors = [(jpeg(images, torch.full((4,), q)) - images).abs().mean() for q in (90.0, 40.0, 10.0)]
    assert 0 < errors[0] < errors[1] < errors[2]
    # A cosine of the finest horizontal frequency, quantised by 61 at quality 50: 8 times its
    # amplitude of 3, less than half of 61, and so nothing is left.
    wave = 3 * torch.cos(math.pi * (2 * torch.arange(8) + 1) * 7 / 16).expand(1, 3, 8, 8)
    gone = jpeg(128 + wave, torch.tensor([50.0]))
    assert torch.allclose(gone, torch.full_like(gone, 128.0), atol=1e-3)


def test_shrinking_keeps_size_and_mean(images: torch.Tensor) -> None:
    small = down_up(images, 0.5)
    assert small.shape == images.shape
    assert small.std() < images.std()
    assert small.mean().item() == pytest.approx(images.mean().item(), rel=0.05)


def test_shares_are_kept_and_chance_is_reproducible(images: torch.Tensor) -> None:
    assert torch.equal(BatchPhotometric(NOTHING)(images), images)
    noisy = PhotometricRates(0, 0, 0, 0, 0, 0.5, 0)
    first, second = (BatchPhotometric(noisy, seed=3)(images.clone()) for _ in range(2))
    assert torch.equal(first, second)
    changed = (first != images).flatten(1).any(1)
    assert changed.sum() == 2
    negative = BatchPhotometric(PhotometricRates(0, 0, 1, 0, 0, 0, 0))(images)
    assert torch.allclose(negative, 255 - images, atol=1e-3)
    grey = BatchPhotometric(PhotometricRates(0, 1, 0, 0, 0, 0, 0))(images)
    assert torch.allclose(grey[:, 0], grey[:, 2], atol=1e-3)
    everything = BatchPhotometric(PhotometricRates(1, 0, 0, 1, 1, 1, 1))(images)
    assert everything.shape == images.shape
    assert everything.min() >= 0
    assert everything.max() <= 255
