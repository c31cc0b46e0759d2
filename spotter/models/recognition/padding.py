"""Which columns of a feature map show the crop, and which its padding."""

from __future__ import annotations

import torch
from torch import Tensor


def column_mask(valid_ratios: Tensor, width: int) -> Tensor:
    """(N, width) bool, true for the columns whose left edge lies inside the valid share."""
    edges = torch.arange(width, device=valid_ratios.device) / width
    # A ratio of exactly k/width must give k columns whatever its rounding.
    return edges[None, :] < valid_ratios[:, None].clamp(min=1.0 / width) - 1e-4
