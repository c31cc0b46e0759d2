"""The thin plate spline's closed forms."""

import pytest
import torch

from spotter.errors import ConfigError
from spotter.models.recognition.transformation import (
    NoTransformation,
    ThinPlateSpline,
    control_points,
    sloped_points,
    tps_kernel,
)


def small_spline(**options) -> ThinPlateSpline:
    return ThinPlateSpline(
        output_size=(16, 24), num_control_points=8, channels=(4, 4), hidden_channels=4, **options
    )


@pytest.fixture
def kernel() -> torch.Tensor:
    return tps_kernel(control_points(20), 32, 100)


def test_spline_reproduces_every_affine_map(kernel: torch.Tensor) -> None:
    matrix = torch.tensor([[0.8, 0.3], [-0.2, 1.1]], dtype=torch.float64)
    shift = torch.tensor([0.1, -0.4], dtype=torch.float64)
    moved = control_points(20) @ matrix.T + shift
    y, x = torch.meshgrid(torch.linspace(-1, 1, 32), torch.linspace(-1, 1, 100), indexing="ij")
    grid = torch.stack([x.flatten(), y.flatten()], 1).double()
    torch.testing.assert_close(kernel.double() @ moved, grid @ matrix.T + shift, atol=1e-5, rtol=0)


def test_spline_passes_through_its_control_points(kernel: torch.Tensor) -> None:
    rows = kernel.view(32, 100, 20)
    corners = torch.stack([rows[0, 0], rows[0, -1], rows[-1, 0], rows[-1, -1]])
    expected = torch.eye(20)[[0, 9, 10, 19]]
    torch.testing.assert_close(corners, expected, atol=1e-5, rtol=0)


def test_sloped_points_are_those_of_rare() -> None:
    points = sloped_points(20)
    assert points[[0, 9, 10, 19]].tolist() == [[-1, 0], [1, -1], [-1, 1], [1, 0]]


@pytest.mark.parametrize("bf16", [False, True])
def test_identity_start_reproduces_the_image(bf16: bool) -> None:
    image = torch.rand(2, 3, 16, 24)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        result = small_spline(initial="identity").eval()(image)
    torch.testing.assert_close(result, image, atol=1e-3, rtol=0)


def test_localization_network_learns() -> None:
    spline = small_spline()
    spline(torch.rand(2, 3, 16, 24)).square().sum().backward()
    assert spline.points.bias.grad is not None
    assert spline.points.bias.grad.abs().max() > 0


@pytest.mark.parametrize("options", [{"num_control_points": 7}, {"initial": "random"}])
def test_bad_options(options: dict) -> None:
    with pytest.raises(ConfigError):
        ThinPlateSpline(**options)


def test_no_transformation_is_the_identity() -> None:
    image = torch.rand(1, 3, 4, 4)
    assert NoTransformation()(image) is image
