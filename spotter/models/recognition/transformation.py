"""First stage: rectification of the crop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from spotter.errors import ConfigError
from spotter.models.recognition.layers import conv_bn, initialize_convolutions
from spotter.registry import MODELS


@MODELS.register_module()
class NoTransformation(BaseModule):
    """Passes the images on as they are."""

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) to itself."""
        return images


@MODELS.register_module()
class ThinPlateSpline(BaseModule):
    """Spatial transformer with a thin plate spline (RARE, Shi et al., CVPR 2016).

    A localisation network finds F control points along the word's upper and lower edge; the
    spline that carries them to the edges of the result straightens the word. Suited to inputs
    without padding, which would be warped with the rest. Points, grid and sampling stay in fp32
    under autocast: in bf16 a coordinate is off by up to 0.2 pixels of a 100 pixel word.

    Args:
        output_size: (H', W') of the result, in pixels.
        num_control_points: F, even; half of them for each edge.
        channels: Of the localisation network's four convolutions.
        hidden_channels: Of its first linear layer.
        initial: Control points that the untrained network gives: ``"sloped"``, RARE's two slanted
            lines, or ``"identity"``, the edges of the image.
        in_channels: Channels of the images.
        init_cfg: mmengine's initialisation, if any.

    Raises:
        ConfigError: If F is odd or less than 4, or ``initial`` is unknown.
    """

    kernel: Tensor

    def __init__(
        self,
        output_size: tuple[int, int] = (32, 100),
        num_control_points: int = 20,
        channels: Sequence[int] = (64, 128, 256, 512),
        hidden_channels: int = 256,
        initial: str = "sloped",
        in_channels: int = 3,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if num_control_points < 4 or num_control_points % 2:
            raise ConfigError(
                f"TPS needs an even number of points from 4, not {num_control_points}"
            )
        if initial not in ("sloped", "identity"):
            raise ConfigError(f"TPS: initial must be 'sloped' or 'identity', not {initial!r}")
        self.output_size = tuple(output_size)
        layers: list[nn.Module] = []
        previous = in_channels
        for i, width in enumerate(channels):
            layers.append(conv_bn(previous, width))
            last = i == len(channels) - 1
            layers.append(nn.AdaptiveAvgPool2d(1) if last else nn.MaxPool2d(2))
            previous = width
        self.localization = nn.Sequential(*layers, nn.Flatten())
        self.hidden = nn.Linear(previous, hidden_channels)
        self.points = nn.Linear(hidden_channels, 2 * num_control_points)
        initialize_convolutions(self.localization)
        nn.init.zeros_(self.points.weight)
        edges = control_points(num_control_points)
        start = edges if initial == "identity" else sloped_points(num_control_points)
        self.points.bias.data.copy_(start.flatten())
        self.register_buffer("kernel", tps_kernel(edges, *self.output_size), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Rectified images (N, 3, H', W') of images (N, 3, H, W)."""
        located = self.localization(images)
        with torch.autocast(images.device.type, enabled=False):
            points = self.points(F.relu(self.hidden(located.float())))
            control = points.view(-1, points.shape[1] // 2, 2)
            grid = torch.matmul(self.kernel, control)
            grid = grid.view(-1, *self.output_size, 2)
            rectified = F.grid_sample(
                images.float(), grid, padding_mode="border", align_corners=True
            )
        return rectified.to(images.dtype)


def control_points(count: int) -> Tensor:
    """The spline's fixed points (F, 2): x, y in [-1, 1] on the upper, then on the lower edge."""
    x = torch.linspace(-1.0, 1.0, count // 2, dtype=torch.float64)
    top = torch.stack([x, torch.full_like(x, -1.0)], 1)
    bottom = torch.stack([x, torch.full_like(x, 1.0)], 1)
    return torch.cat([top, bottom])


def sloped_points(count: int) -> Tensor:
    """RARE's initial points (F, 2): the upper line falls from 0 to -1, the lower from 1 to 0."""
    points = control_points(count)
    half = count // 2
    points[:half, 1] = torch.linspace(0.0, -1.0, half, dtype=torch.float64)
    points[half:, 1] = torch.linspace(1.0, 0.0, half, dtype=torch.float64)
    return points


def tps_kernel(fixed: Tensor, height: int, width: int) -> Tensor:
    """The linear map from F control points to the sampling grid.

    With U(r) = r² log r, the coefficients of the spline are Δ⁻¹ [C; 0] (RARE, equation 1), and the
    grid is P̂ Δ⁻¹ [C; 0], so P̂ Δ⁻¹ without its last three columns is all that C is multiplied by.

    Args:
        fixed: (F, 2) float64, the fixed points C'.
        height: Rows of the grid.
        width: Columns of the grid; its corners are -1 and 1 (``align_corners=True``).

    Returns:
        (height · width, F) float32.
    """
    count = len(fixed)
    delta = torch.zeros(count + 3, count + 3, dtype=torch.float64)
    delta[:count, 0] = 1.0
    delta[:count, 1:3] = fixed
    delta[:count, 3:] = _radial(torch.cdist(fixed, fixed))
    delta[count, 3:] = 1.0
    delta[count + 1 :, 3:] = fixed.T
    y, x = torch.meshgrid(
        torch.linspace(-1.0, 1.0, height, dtype=torch.float64),
        torch.linspace(-1.0, 1.0, width, dtype=torch.float64),
        indexing="ij",
    )
    grid = torch.stack([x.flatten(), y.flatten()], 1)
    lifted = torch.cat([torch.ones(len(grid), 1), grid, _radial(torch.cdist(grid, fixed))], 1)
    return (lifted @ torch.linalg.inv(delta))[:, :count].float()


def _radial(distance: Tensor) -> Tensor:
    return distance**2 * distance.masked_fill(distance == 0, 1.0).log()
