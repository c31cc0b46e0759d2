"""Signs of collapse on features whose figures are known."""

from __future__ import annotations

import pytest
import torch

from spotter.methods.self_supervised.monitor import CollapseMonitor, effective_rank, feature_std


def test_collapsed_features() -> None:
    z = torch.ones(10, 4)
    assert float(feature_std(z)) == pytest.approx(0.0, abs=1e-6)
    assert float(effective_rank(z)) == 0.0


def test_all_directions() -> None:
    z = torch.cat([torch.eye(4), -torch.eye(4)])
    # Each column holds 1, -1 and six zeros: sqrt(2 / 8) = 1 / sqrt(4).
    assert float(feature_std(z)) == pytest.approx(0.5)
    assert float(effective_rank(z)) == pytest.approx(4.0, rel=1e-5)


def test_one_line_and_a_plane() -> None:
    line = torch.tensor([[1.0, 0, 0], [-1.0, 0, 0]])
    assert float(effective_rank(line)) == pytest.approx(1.0, rel=1e-5)
    plane = torch.tensor([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]])
    assert float(effective_rank(plane)) == pytest.approx(2.0, rel=1e-5)


def test_measures_every_few_iterations() -> None:
    monitor = CollapseMonitor(interval=2)
    spread, collapsed = torch.cat([torch.eye(3), -torch.eye(3)]), torch.ones(6, 3)
    first = monitor(spread)
    assert monitor(collapsed) == first
    assert float(monitor(collapsed)["feature_std"]) == pytest.approx(0.0, abs=1e-6)
    assert not any("loss" in name for name in first)
