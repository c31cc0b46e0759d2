"""CORAL against numpy, and at its edges."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spotter.errors import ConfigError
from spotter.methods.semi_supervised.domain_adaptation import (
    DomainAdaptation,
    coral_loss,
    covariance,
)


def reference(source: np.ndarray, target: np.ndarray, normalize: bool) -> float:
    covariances = []
    for rows in (source, target):
        matrix = np.cov(rows.T, bias=False) * (1 if normalize else len(rows) - 1)
        covariances.append(matrix)
    size = source.shape[1]
    squares = np.sum((covariances[0] - covariances[1]) ** 2) / (4 * size**2)
    return float(squares if normalize else squares / size**2)


@pytest.mark.parametrize("normalize", [False, True])
def test_equals_numpy(normalize: bool) -> None:
    generator = np.random.default_rng(0)
    source, target = generator.normal(size=(9, 5)), 2 * generator.normal(size=(13, 5)) + 3
    loss = coral_loss(torch.tensor(source), torch.tensor(target), normalize)
    assert loss.dtype == torch.float32
    assert float(loss) == pytest.approx(reference(source, target, normalize), rel=1e-5)


def test_more_of_the_same_characters_are_no_other_domain() -> None:
    torch.manual_seed(0)
    rows, others = torch.randn(400, 4), 2 * torch.randn(300, 4)
    # Ten times as many characters, with the very same spread.
    few, many = coral_loss(rows, others), coral_loss(rows.repeat(10, 1), others.repeat(10, 1))
    assert float(many) == pytest.approx(float(few), rel=0.02)
    assert float(coral_loss(rows, rows.repeat(10, 1))) < 1e-4 * float(few)
    assert DomainAdaptation().normalize_covariance
    # As published the loss grows with the square of their number.
    raw = coral_loss(rows, others, normalize=False)
    assert float(coral_loss(rows.repeat(10, 1), others.repeat(10, 1), normalize=False)) == (
        pytest.approx(100 * float(raw), rel=1e-3)
    )


def test_equal_batches_and_shifted_ones_are_at_no_distance() -> None:
    rows = torch.randn(7, 4, requires_grad=True)
    assert float(coral_loss(rows, rows.detach())) == 0.0
    assert float(coral_loss(rows, rows.detach() + 5.0).detach()) == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize("normalize", [False, True])
def test_one_sample_is_finite(normalize: bool) -> None:
    one, many = torch.randn(1, 4, requires_grad=True), torch.randn(6, 4)
    loss = coral_loss(one, many, normalize)
    # A single vector has no spread: the distance is that of the other covariance to zero.
    expected = covariance(many, normalize).square().sum() / 64
    expected = expected if normalize else expected / 16
    torch.testing.assert_close(loss, expected)
    loss.backward()
    assert torch.isfinite(one.grad).all()


def test_no_sample_gives_nothing_to_learn() -> None:
    none, many = torch.randn(5, 4, requires_grad=True), torch.randn(6, 4, requires_grad=True)
    loss = coral_loss(none[:0], many)
    assert float(loss) == 0.0
    loss.backward()
    assert torch.equal(none.grad, torch.zeros_like(none))
    assert torch.equal(many.grad, torch.zeros_like(many))


def test_unknown_features_are_refused() -> None:
    with pytest.raises(ConfigError, match="online_glimpse, online_visual, target_visual"):
        DomainAdaptation(feature="frames")
