"""Domain adaptation: the features of two domains get the same covariance (Deep CORAL)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from spotter.errors import ConfigError
from spotter.methods.gathering import gather_rows

FEATURES = ("online_glimpse", "online_visual", "target_visual")


@dataclass(frozen=True)
class DomainAdaptation:
    """Settings of the alignment of labelled (synthetic) and unlabelled (real) crops.

    Attributes:
        weight: λ.
        feature: ``"online_glimpse"``: character vectors of the labelled batch and of the online
            model's strong view, as the original code has it; ``"online_visual"``: visual frames of
            the same two; ``"target_visual"``: visual frames of the labelled batch and of the target
            model's weak view, as the paper's summaries have it: only the labelled side learns.
        normalize_covariance: Divide the covariances by n - 1, which the original code does not do;
            its loss grows with the number of characters, so ``weight`` must be tuned with it.
        labelled_threshold: Least product confidence of a labelled word whose glimpses take part.
        unlabelled_threshold: Least product confidence of an unlabelled word that takes part.

    Raises:
        ConfigError: An unknown feature.
    """

    weight: float = 0.01
    feature: str = "online_glimpse"
    normalize_covariance: bool = False
    labelled_threshold: float = 0.6
    unlabelled_threshold: float = 0.5

    def __post_init__(self) -> None:
        if self.feature not in FEATURES:
            raise ConfigError(f"domain feature {self.feature!r} is none of {', '.join(FEATURES)}")


def covariance(features: Tensor, normalize: bool = False) -> Tensor:
    """(C, C) ``(X - X̄)ᵀ (X - X̄)`` of features (M, C); zero for one row or none.

    Args:
        features: Vectors of one domain.
        normalize: Divide by M - 1.
    """
    if not len(features):
        return features.new_zeros(features.shape[1], features.shape[1]) + features.sum()
    centred = features - features.mean(0)
    scatter = centred.T @ centred
    return scatter / max(len(features) - 1, 1) if normalize else scatter


def coral_loss(source: Tensor, target: Tensor, normalize: bool = False) -> Tensor:
    """``mean((Σ_s - Σ_t)²) / (4 C²)`` (Sun and Saenko, ECCV 2016; mean as Zheng et al.'s code).

    Computed in fp32 over the vectors of all processes. Where a domain has no vector the loss is
    zero, with zero gradients.

    Args:
        source: (M, C) vectors of this process.
        target: (M', C) likewise.
        normalize: See :func:`covariance`.
    """
    with torch.autocast(source.device.type, enabled=False):
        (source, _), (target, _) = gather_rows(source.float()), gather_rows(target.float())
        if not len(source) or not len(target):
            return 0.0 * (source.sum() + target.sum())
        difference = covariance(source, normalize) - covariance(target, normalize)
        return difference.square().mean() / (4.0 * source.shape[1] ** 2)
