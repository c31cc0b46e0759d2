"""Differentiable binarization: head and loss (Liao et al., AAAI 2020, sections 3.1 to 3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from spotter.errors import ConfigError
from spotter.registry import MODELS
from spotter.structures import TextDetSample

_TARGETS = ("shrink_map", "shrink_mask", "threshold_map", "threshold_mask")


def _conv_bn_relu(layer: nn.Module, channels: int) -> list[nn.Module]:
    return [layer, nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]


class _Branch(nn.Sequential):
    """From the pyramid at stride 4 to one map of logits at full resolution."""

    def __init__(self, c_in: int, hidden: int, upsample: str) -> None:
        layers = _conv_bn_relu(nn.Conv2d(c_in, hidden, 3, padding=1, bias=False), hidden)
        if upsample == "deconv":
            layers += _conv_bn_relu(nn.ConvTranspose2d(hidden, hidden, 2, 2, bias=False), hidden)
            layers.append(nn.ConvTranspose2d(hidden, 1, 2, 2))
        elif upsample == "pixel_shuffle":
            layers += [nn.Conv2d(hidden, 16, 1), nn.PixelShuffle(4)]
        else:
            raise ConfigError(f'upsample must be "deconv" or "pixel_shuffle", not "{upsample}"')
        super().__init__(*layers)


@MODELS.register_module()
class DBLoss(nn.Module):
    """``bce(P) * w_bce + dice(B) * w_dice + l1(T) * w_l1`` (5, 1 and 10 in the authors' code).

    Args:
        weights: Of binary cross-entropy on the probability map, dice on the approximate binary
            map, and L1 on the threshold map.
        negative_ratio: Hard negatives per positive pixel in the cross-entropy.
        k: Steepness of ``B = sigmoid(k * (P - T))``.
    """

    def __init__(
        self,
        weights: tuple[float, float, float] = (5.0, 1.0, 10.0),
        negative_ratio: float = 3.0,
        k: float = 50.0,
        eps: float = 1e-6,
    ) -> None:
        super().__init__()
        self.weights = tuple(weights)
        self.negative_ratio = negative_ratio
        self.k = k
        self.eps = eps

    def forward(
        self, probability_logits: Tensor, threshold_logits: Tensor, targets: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """Losses of a batch.

        Args:
            probability_logits: (N, H, W), before the sigmoid.
            threshold_logits: (N, H, W), before the sigmoid.
            targets: ``shrink_map``, ``shrink_mask``, ``threshold_map`` and ``threshold_mask``, each
                (N, H, W) float.

        Returns:
            ``loss_probability``, ``loss_binary`` and ``loss_threshold``, weighted scalars.
        """
        gt, mask = targets["shrink_map"], targets["shrink_mask"]
        logits, probability = probability_logits.float(), probability_logits.float().sigmoid()
        threshold = threshold_logits.float().sigmoid()
        binary = torch.sigmoid(self.k * (probability - threshold))
        w_bce, w_dice, w_l1 = self.weights
        return {
            "loss_probability": w_bce * self.balanced_bce(logits, gt, mask),
            "loss_binary": w_dice * self.dice(binary, gt, mask),
            "loss_threshold": w_l1
            * self.masked_l1(threshold, targets["threshold_map"], targets["threshold_mask"]),
        }

    def balanced_bce(self, logits: Tensor, gt: Tensor, mask: Tensor) -> Tensor:
        """Cross-entropy over the valid positives and the hardest valid negatives."""
        loss = F.binary_cross_entropy_with_logits(logits, gt, reduction="none")
        positive = gt * mask
        positives = positive.sum()
        if loss.is_cuda:
            negative = torch.where(mask - positive > 0.5, loss, loss.new_zeros(()))
            count = torch.minimum(
                (mask - positive > 0.5).sum(), (self.negative_ratio * positives).long()
            )
            hardest = sum_of_largest(negative, count)
            return ((loss * positive).sum() + hardest) / (positives + count + self.eps)
        negative_loss = loss[(mask - positive) > 0.5]
        wanted = min(negative_loss.numel(), int(self.negative_ratio * positives.item()))
        hardest = self._sum_of_largest(negative_loss, wanted)
        return ((loss * positive).sum() + hardest) / (positives + wanted + self.eps)

    @staticmethod
    def _sum_of_largest(values: Tensor, count: int) -> Tensor:
        """Sum of the ``count`` largest; a selection in linear time instead of a sort."""
        if count <= 0:
            return values.sum() * 0
        if count >= values.numel():
            return values.sum()
        flat = values.detach()
        position = flat.numel() - count
        bound = torch.tensor(np.partition(flat.cpu().numpy(), position)[position]).to(flat)
        chosen = flat >= bound
        return (values * chosen).sum() - bound * (chosen.sum() - count)

    def dice(self, binary: Tensor, gt: Tensor, mask: Tensor) -> Tensor:
        """``1 - 2 |B G| / (|B| + |G|)`` over valid pixels."""
        overlap = (binary * gt * mask).sum()
        return 1 - 2 * overlap / ((binary * mask).sum() + (gt * mask).sum() + self.eps)

    def masked_l1(self, threshold: Tensor, gt: Tensor, mask: Tensor) -> Tensor:
        """Mean distance inside the dilated polygons."""
        return ((threshold - gt).abs() * mask).sum() / (mask.sum() + self.eps)


def sum_of_largest(values: Tensor, count: Tensor) -> Tensor:
    """Sum of the ``count`` largest of non-negative values, without synchronising with the device.

    Args:
        values: Any shape.
        count: A whole number on the device.
    """
    flat = values.flatten()
    ordered = flat.detach().sort(descending=True).values
    place = (count - 1).clamp(0, len(ordered) - 1)
    bound = ordered.gather(0, place[None])[0]
    chosen = (flat >= bound) & (count > 0)
    # Values that equal the bound may be too many; the surplus is subtracted.
    excess = torch.where(count > 0, chosen.sum() - count, 0)
    return (flat * chosen).sum() - bound * excess


@MODELS.register_module()
class DBHead(BaseModule):
    """Probability and threshold maps at the resolution of the input.

    Args:
        in_channels: Channels of the pyramid.
        hidden: Channels after the 3x3 convolution; the paper takes ``in_channels // 4``.
        upsample: ``"deconv"``, the paper's two transposed convolutions, or ``"pixel_shuffle"``: all
            work stays at stride 4 and one 1x1 convolution gives the 16 pixels of each cell.
        loss: Config of the loss.
    """

    def __init__(
        self,
        in_channels: int,
        hidden: int | None = None,
        upsample: str = "deconv",
        loss: Mapping[str, Any] | None = None,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        hidden = hidden or in_channels // 4
        self.probability = _Branch(in_channels, hidden, upsample)
        self.threshold = _Branch(in_channels, hidden, upsample)
        self.loss_module = MODELS.build(loss or {"type": "DBLoss"})

    def init_weights(self) -> None:
        """Kaiming-normal convolutions, batch norms 1 and 1e-4; text starts out rare."""
        super().init_weights()
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.kaiming_normal_(module.weight)
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.ones_(module.weight)
                nn.init.constant_(module.bias, 1e-4)

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H / 4, W / 4) -> probability map (N, 1, H, W) in [0, 1]."""
        return self.probability(features).sigmoid()

    def loss(
        self, features: Tensor, data_samples: list[TextDetSample] | Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """Losses against the maps in ``data_samples[i].targets``, or given as a whole batch."""
        targets = stack_targets(data_samples, features.device)
        return self.loss_module(
            self.probability(features).squeeze(1), self.threshold(features).squeeze(1), targets
        )


def stack_targets(
    data_samples: list[TextDetSample] | Mapping[str, Tensor], device: torch.device
) -> dict[str, Tensor]:
    """The four target maps of a batch as float32 tensors (N, H, W) on ``device``.

    Args:
        data_samples: Samples with their maps, or the maps of the whole batch by name.
        device: Where the tensors go.
    """
    if isinstance(data_samples, Mapping):
        return {name: data_samples[name].to(device).float() for name in _TARGETS}
    return {
        name: torch.from_numpy(np.stack([sample.targets[name] for sample in data_samples]))
        .to(device)
        .float()
        for name in _TARGETS
    }
