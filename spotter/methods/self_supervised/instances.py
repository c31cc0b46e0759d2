"""Instance mapping: which parts of a word's frames are contrasted (SeqCLR, section 3.4).

Each mapping takes frames (N, T, C) and a mask (N, T), and gives instances (N, S, C) with a mask
(N, S). Padded frames enter no instance.
"""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor, nn

from spotter.errors import ConfigError
from spotter.registry import MODELS


class InstanceMapping(nn.Module):
    """From frames to instances."""

    @abstractmethod
    def forward(self, frames: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Instances (N, S, C) and which of them exist, (N, S) bool.

        Args:
            frames: (N, T, C).
            mask: (N, T) bool, true up to the end of each crop and false for the padding behind it;
                ``None``: no padding.
        """


@MODELS.register_module()
class AllToInstance(InstanceMapping):
    """One instance per word: the mean of its frames."""

    def forward(self, frames: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(N, T, C) to (N, 1, C)."""
        return _adaptive_windows(frames, mask, 1)


@MODELS.register_module()
class WindowToInstance(InstanceMapping):
    """Means over windows of neighbouring frames.

    Args:
        windows: T': this many windows share the frames of each word, whatever its length, as
            ``AdaptiveAvgPool1d`` divides them. Not to be given with ``width``.
        width: Frames per window instead: long words have more windows, and a last, incomplete
            window is left out unless it is the only one.

    Raises:
        ConfigError: Both or neither are given, or a number below 1.
    """

    def __init__(self, windows: int | None = None, width: int | None = None) -> None:
        super().__init__()
        if (windows is None) == (width is None) or (windows or width or 0) < 1:
            raise ConfigError("WindowToInstance needs windows=... or width=..., a number from 1")
        self.windows = windows
        self.width = width

    def forward(self, frames: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(N, T, C) to (N, T', C)."""
        if self.windows is not None:
            return _adaptive_windows(frames, mask, self.windows)
        assert self.width is not None
        count = max(frames.shape[1] // self.width, 1)
        lengths = _lengths(frames, mask)
        starts = torch.arange(count, device=frames.device) * self.width
        ends = torch.minimum((starts + self.width)[None], lengths[:, None])
        exists = (starts + self.width)[None] <= lengths[:, None]
        exists[:, 0] = True
        return _window_means(frames, starts[None].expand_as(ends), ends), exists


@MODELS.register_module()
class FrameToInstance(InstanceMapping):
    """Every frame is an instance."""

    def forward(self, frames: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(N, T, C) to itself."""
        return frames, frames.new_ones(frames.shape[:2], dtype=torch.bool) if mask is None else mask


def paired_instances(
    mapping: InstanceMapping, frames: tuple[Tensor, Tensor], masks: tuple[Tensor | None, ...]
) -> tuple[Tensor, Tensor]:
    """Instances of two views, (M, C) each; row i of one and row i of the other show the same.

    Instances that exist in one view only are left out.
    """
    (first, in_first), (second, in_second) = (
        mapping(view, mask) for view, mask in zip(frames, masks, strict=True)
    )
    count = min(first.shape[1], second.shape[1])
    exists = in_first[:, :count] & in_second[:, :count]
    return first[:, :count][exists], second[:, :count][exists]


def instances_of_both(
    mapping: InstanceMapping, frames: Tensor, mask: Tensor | None
) -> tuple[Tensor, Tensor]:
    """:func:`paired_instances` of frames (2 N, T, C) and mask (2 N, T) of the two views joined."""
    half = len(frames) // 2
    masks = (None, None) if mask is None else (mask[:half], mask[half:])
    return paired_instances(mapping, (frames[:half], frames[half:]), masks)


def _lengths(frames: Tensor, mask: Tensor | None) -> Tensor:
    if mask is None:
        return torch.full((len(frames),), frames.shape[1], device=frames.device)
    return mask.sum(1).clamp(min=1)


def _adaptive_windows(frames: Tensor, mask: Tensor | None, count: int) -> tuple[Tensor, Tensor]:
    lengths = _lengths(frames, mask)[:, None]
    number = torch.arange(count, device=frames.device)[None]
    starts = number * lengths // count
    ends = -(-(number + 1) * lengths // count)
    exists = starts.new_ones(starts.shape, dtype=torch.bool)
    return _window_means(frames, starts, ends), exists


def _window_means(frames: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
    """Means (N, S, C) of frames (N, T, C) from ``starts`` to before ``ends``, both (N, S)."""
    place = torch.arange(frames.shape[1], device=frames.device)
    inside = (place >= starts[..., None]) & (place < ends[..., None])
    weights = inside.to(frames.dtype) / (ends - starts).clamp(min=1)[..., None].to(frames.dtype)
    return weights @ frames
