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
        weight: λ. The default belongs to normalised covariances: with the packaged compact
            recognizer the encoder's gradient is about a fifteenth of the consistency's. The
            published code has 0.01 for covariances that are not normalised, and 384 labelled and
            288 unlabelled crops.
        feature: ``"online_glimpse"``: character vectors of the labelled batch and of the online
            model's strong view, as the original code has it; ``"online_visual"``: visual frames of
            the same two; ``"target_visual"``: visual frames of the labelled batch and of the target
            model's weak view, as the paper's summaries have it: only the labelled side learns.
        normalize_covariance: See :func:`coral_loss`. ``False``, as published: the loss grows with
            the square of the number of characters and falls with that of the channels, so
            ``weight`` belongs to one batch size and one recognizer.
        labelled_threshold: Least product confidence of a labelled word whose glimpses take part.
        unlabelled_threshold: Least product confidence of an unlabelled word that takes part.

    Raises:
        ConfigError: An unknown feature.
    """

    weight: float = 10.0
    feature: str = "online_glimpse"
    normalize_covariance: bool = True
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


def coral_loss(source: Tensor, target: Tensor, normalize: bool = True) -> Tensor:
    """``‖Σ_s - Σ_t‖²_F / (4 C²)`` with covariances Σ (Sun and Saenko, ECCV 2016).

    Zheng et al.'s code has scatter matrices instead, and divides by C² once more. Computed in fp32
    over the vectors of all processes. Where a domain has no vector the loss is zero, with zero
    gradients.

    Args:
        source: (M, C) vectors of this process.
        target: (M', C) vectors of this process.
        normalize: ``False``: as Zheng et al.'s code.
    """
    with torch.autocast(source.device.type, enabled=False):
        (source, _), (target, _) = gather_rows(source.float()), gather_rows(target.float())
        if not len(source) or not len(target):
            return 0.0 * (source.sum() + target.sum())
        difference = covariance(source, normalize) - covariance(target, normalize)
        distance = difference.square().mean() / 4.0
        return distance if normalize else distance / source.shape[1] ** 2
