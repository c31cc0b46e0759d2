"""Signs of collapse: features that no longer differ, or that use few of their dimensions."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


@torch.no_grad()
def feature_std(features: Tensor) -> Tensor:
    """Standard deviation of l2-normalised features (M, C) over the rows, averaged over C.

    About ``1 / sqrt(C)`` for features in all directions, 0 for collapsed ones (SimSiam, section 4).
    """
    return F.normalize(features.float(), dim=1).std(0, correction=0).mean()


@torch.no_grad()
def effective_rank(features: Tensor) -> Tensor:
    """``exp`` of the entropy of the normalised singular values of centred features (M, C).

    Between 1 (all on one line) and ``min(M - 1, C)`` (Roy and Vetterli, EUSIPCO 2007); 0 if the
    rows are all the same.
    """
    features = F.normalize(features.float(), dim=1)
    centred = features - features.mean(0)
    # The eigenvalues of a C x C matrix cost far less than a decomposition of all rows.
    values = torch.linalg.eigvalsh((centred.T @ centred).double()).clamp(min=0.0).sqrt()
    total = values.sum()
    if total < 1e-6 * len(features) ** 0.5:
        return torch.zeros((), device=features.device)
    shares = values / total
    return torch.special.entr(shares).sum().exp().float()


class CollapseMonitor:
    """Both figures for the log, computed every few iterations.

    Args:
        interval: Iterations between two measurements; in between the last one is given again.
    """

    def __init__(self, interval: int = 20) -> None:
        self.interval = interval
        self._calls = 0
        self._last: dict[str, Tensor] = {}

    def __call__(self, features: Tensor) -> dict[str, Tensor]:
        """``feature_std`` and ``effective_rank`` of features (M, C)."""
        if self._calls % self.interval == 0:
            features = features.detach()
            with torch.autocast(features.device.type, enabled=False):
                self._last = {
                    "feature_std": feature_std(features),
                    "effective_rank": effective_rank(features),
                }
        self._calls += 1
        return dict(self._last)
