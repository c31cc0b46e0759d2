"""Context prediction: where does one patch of a word lie relative to another?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spotter.errors import ConfigError
from spotter.methods.base import (
    Method,
    Samples,
    Views,
    encode_frames,
    encoder_channels,
    freeze_decoder,
)
from spotter.methods.self_supervised.instances import AllToInstance
from spotter.methods.self_supervised.monitor import CollapseMonitor
from spotter.methods.self_supervised.projections import NormedMLP
from spotter.models.recognition.four_stage import valid_ratios_of
from spotter.registry import MODELS

POSITIONS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
"""(rows down, columns right) of the neighbour, by class."""


@MODELS.register_module()
class ContextPrediction(Method):
    """Relative position of two patches (Doersch et al., ICCV 2015), adapted to word crops.

    Geometry. A crop comes at height 56 (branch ``"crop"``, its width fixed by the pipeline). Two
    rows of patches of 24 x 24 pixels with a gap of 8 fill the height; columns lie 32 apart. The
    anchor's column is anywhere that leaves room for the neighbour, which is one of the eight around
    it; where the neighbour is above, the anchor lies in the lower row, where it is below, in the
    upper, and a neighbour in the same row leaves both. Every patch is shifted by up to 3 pixels, so
    that neither the gap nor a continuing stroke gives the answer away. Patches are enlarged to 32 x
    32, the recognizer's height, which shows strokes about twice as large as in reading.

    In a photo there is room around every anchor, in a word there is not: a network that only tells
    upper halves from lower ones knows the rows, guesses the column, and is right in 3 of 8 cases.

    Args:
        recognizer: Config of the recognizer.
        stage: Last stage of the encoder: ``"sequence"`` (stages 1 to 3) or ``"visual"`` (1 and 2).
        patch: Side of a patch in pixels of the crop.
        gap: Between patches.
        jitter: Largest shift, less than half of the gap.
        input_size: Side to which patches are enlarged.
        hidden_channels: Of the classifier.
        color_dropping: Share of the patches of which two colours are replaced by noise, so that
            chromatic aberration is no help.
        init_cfg: mmengine's initialisation, if any.

    Raises:
        ConfigError: Patches could overlap, or (in training) the crops are too small.
    """

    branches = ("crop",)

    def __init__(
        self,
        recognizer: Mapping[str, Any] | nn.Module,
        stage: str = "sequence",
        patch: int = 24,
        gap: int = 8,
        jitter: int = 3,
        input_size: int = 32,
        hidden_channels: int = 512,
        color_dropping: float = 0.5,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(recognizer, init_cfg)
        if 2 * jitter >= gap:
            raise ConfigError(f"ContextPrediction: a jitter of {jitter} closes a gap of {gap}")
        self.stage = stage
        self.patch = patch
        self.gap = gap
        self.jitter = jitter
        self.input_size = input_size
        self.color_dropping = color_dropping
        self.pooling = AllToInstance()
        encoded = encoder_channels(self.recognizer, stage)
        self.classifier = NormedMLP(2 * encoded, hidden_channels, hidden_channels, len(POSITIONS))
        self.monitor = CollapseMonitor()
        freeze_decoder(self.recognizer, stage)

    def loss(self, inputs: Views, data_samples: Samples) -> dict[str, Tensor]:
        """``loss_position``, its ``accuracy`` and signs of collapse."""
        images = inputs["crop"]
        labels = torch.randint(len(POSITIONS), (len(images),), device=images.device)
        corners = self.corners(images, labels, valid_ratios_of(data_samples.get("crop")))
        patches = torch.cat([take_patches(images, place, self.patch) for place in corners])
        patches = drop_colors(patches, self.color_dropping)
        patches = F.interpolate(
            patches, size=(self.input_size, self.input_size), mode="bilinear", antialias=True
        )
        frames, _ = encode_frames(self.recognizer, patches, None, self.stage)
        pooled = self.pooling(frames)[0].squeeze(1)
        anchor, neighbour = pooled.chunk(2)
        logits = self.classifier(torch.cat([anchor, neighbour], dim=1)).float()
        accuracy = (logits.argmax(1) == labels).float().mean()
        return {
            "loss_position": F.cross_entropy(logits, labels),
            "accuracy": accuracy,
            **self.monitor(anchor),
        }

    def corners(
        self, images: Tensor, labels: Tensor, valid_ratios: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Top-left corners (N, 2), as (y, x), of the anchors and of their neighbours.

        Args:
            images: (N, 3, H, W).
            labels: (N,) indices of :data:`POSITIONS`.
            valid_ratios: (N,) share of each width that is not padding.
        """
        count, _, height, width = images.shape
        step, device = self.patch + self.gap, images.device
        needed = self.patch + step + 2 * self.jitter
        if height < self.patch + step or width < needed:
            raise ConfigError(
                f"ContextPrediction needs crops of at least {needed}x{self.patch + step} pixels"
                f" (width x height), not {width}x{height}"
            )
        down, right = torch.tensor(POSITIONS, device=device)[labels].unbind(1)
        row = torch.where(down == 0, torch.randint(2, (count,), device=device), (down < 0).long())
        widths = torch.full((count,), float(width), device=device)
        if valid_ratios is not None:
            widths = (valid_ratios.to(device) * width).clamp(min=needed)
        # Left-most anchor, and the room between it and the right-most one.
        least = self.jitter + step * (right < 0)
        room = widths - self.patch - self.jitter - step * (right > 0) - least
        column = least + (torch.rand(count, device=device) * (room + 1)).long().clamp(min=0)
        last = height - self.patch
        anchors = torch.stack([self._row(row, last), self._shifted(column)], dim=1)
        other = self._shifted(column + right * step)
        neighbours = torch.stack([self._row(row + down, last), other], dim=1)
        limit = torch.stack([torch.full_like(widths, last), widths - self.patch], dim=1).long()
        return anchors.clamp(min=0).minimum(limit), neighbours.clamp(min=0).minimum(limit)

    def _row(self, row: Tensor, last: int) -> Tensor:
        """Top edges: the upper row is shifted down, the lower one up."""
        shift = torch.randint(self.jitter + 1, row.shape, device=row.device)
        return torch.where(row == 0, shift, last - shift)

    def _shifted(self, places: Tensor) -> Tensor:
        span = 2 * self.jitter + 1
        return places + torch.randint(span, places.shape, device=places.device) - self.jitter


def take_patches(images: Tensor, corners: Tensor, side: int) -> Tensor:
    """Patches (N, C, side, side) of images (N, C, H, W), one each.

    Args:
        images: The images.
        corners: (N, 2) top-left corners as (y, x), in whole pixels.
        side: Of a patch.
    """
    steps = torch.arange(side, device=images.device)
    rows = (corners[:, :1] + steps)[:, :, None]
    columns = (corners[:, 1:] + steps)[:, None, :]
    numbers = torch.arange(len(images), device=images.device)[:, None, None]
    return images[numbers, :, rows, columns].permute(0, 3, 1, 2)


def drop_colors(patches: Tensor, share: float) -> Tensor:
    """Replace two channels of some patches (N, 3, h, w) by weak noise about the patch's mean.

    Args:
        patches: The patches.
        share: Of the patches that are changed, in [0, 1].
    """
    count = len(patches)
    kept = F.one_hot(torch.randint(3, (count,), device=patches.device), 3).bool()
    dropped = ~kept & (torch.rand(count, 1, device=patches.device) < share)
    mean = patches.mean((1, 2, 3), keepdim=True)
    noise = mean + 0.01 * patches.std((1, 2, 3), keepdim=True) * torch.randn_like(patches)
    return torch.where(dropped[:, :, None, None], noise, patches)
