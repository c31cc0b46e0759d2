"""The losses against their closed forms and against sums written out."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from spotter.methods.self_supervised.contrastive import info_nce, negative_cosine, nt_xent

WORDS, WINDOWS = 3, 5


@pytest.mark.parametrize("temperature", [0.05, 0.1, 1.0])
def test_collapsed_features(temperature: float) -> None:
    z = torch.ones(WORDS * WINDOWS, 8)
    loss = nt_xent(z, 3.0 * z, temperature)
    assert float(loss) == pytest.approx(math.log(2 * WORDS * WINDOWS - 1), abs=1e-5)


@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_identical_views_with_orthogonal_instances(temperature: float) -> None:
    count = WORDS * WINDOWS
    z = torch.eye(count)
    expected = math.log1p((2 * count - 2) * math.exp(-1 / temperature))
    assert float(nt_xent(z, z, temperature)) == pytest.approx(expected, abs=1e-6)


def test_the_sum_written_out() -> None:
    generator = torch.Generator().manual_seed(0)
    first, second = torch.randn(2, 4, 6, generator=generator, dtype=torch.float64)
    z = F.normalize(torch.cat([first, second]), dim=1)
    losses = []
    for i in range(8):
        terms = [math.exp(float(z[i] @ z[k]) / 0.1) for k in range(8) if k != i]
        losses.append(-math.log(math.exp(float(z[i] @ z[(i + 4) % 8]) / 0.1) / sum(terms)))
    assert float(nt_xent(first, second, 0.1)) == pytest.approx(sum(losses) / 8, rel=1e-5)


def test_float32_whatever_the_network_computes_in() -> None:
    z = 1e3 * torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", torch.bfloat16):
        loss = nt_xent(z, z.flip(1), 0.01)
    assert loss.dtype == torch.float32
    assert float(loss) == pytest.approx(float(nt_xent(z, z.flip(1), 0.01)), rel=1e-6)
    assert math.isfinite(float(nt_xent(z.bfloat16(), z.bfloat16(), 0.001)))


def test_queue_loss_by_hand() -> None:
    query = torch.tensor([[2.0, 0.0]])
    key = torch.tensor([[0.0, 5.0]], requires_grad=True)
    negatives = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    loss = info_nce(query.requires_grad_(), key, negatives, 0.5)
    # Similarities 0 (own key), 1 and -1.
    assert float(loss) == pytest.approx(math.log(1 + math.exp(2) + math.exp(-2)), rel=1e-6)
    loss.backward()
    assert key.grad is None
    assert query.grad is not None


def test_negative_cosine_stops_at_the_target() -> None:
    prediction = torch.tensor([[1.0, 0.0], [0.0, 2.0]], requires_grad=True)
    target = torch.tensor([[3.0, 0.0], [1.0, 0.0]], requires_grad=True)
    loss = negative_cosine(prediction, target)
    assert float(loss) == pytest.approx(-0.5)
    loss.backward()
    assert target.grad is None
    assert prediction.grad is not None
    assert prediction.grad[1].abs().sum() > 0
