"""Weights of a narrower network for a wider one of the same layers (Net2Net, Chen et al., 2016)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


def widen_state(
    state: Mapping[str, Tensor], model: nn.Module, parts: Mapping[str, int]
) -> tuple[dict[str, Tensor], list[str]]:
    """Tensors in the shapes of a wider network, which computes with them what the narrower one did.

    The old channels come first and read zero times the new ones. Whatever makes new channels keeps
    the model's initial values, so that gradients reach both sides at once or one after the other.
    That holds for convolutions, batch norms, activations and concatenations, not for a mean over
    channels.

    Args:
        state: Tensors of the narrower network.
        model: The wider network, with its initial values.
        parts: How many maps of equal width a weight's input is concatenated of, by name, where that
            is more than one.

    Returns:
        The tensors, those that fit or have no wider counterpart as they were, and the names of
        those that were widened.
    """
    own = model.state_dict()
    turned = {f"{n}.weight" for n, m in model.named_modules() if isinstance(m, nn.ConvTranspose2d)}
    result, names = dict(state), []
    for name, narrow in state.items():
        if name not in own or not _is_wider(own[name], narrow):
            continue
        if name in turned:
            wide = _widened(narrow.transpose(0, 1), own[name].transpose(0, 1), 1).transpose(0, 1)
        else:
            wide = _widened(narrow, own[name], parts.get(name, 1))
        result[name] = wide
        names.append(name)
    return result, names


def _is_wider(wide: Tensor, narrow: Tensor) -> bool:
    """Whether one has more channels than the other, and kernels of its size."""
    if wide.dim() != narrow.dim() or wide.dim() == 0 or wide.shape[2:] != narrow.shape[2:]:
        return False
    pairs = list(zip(wide.shape[:2], narrow.shape[:2], strict=True))
    return wide.shape != narrow.shape and all(a >= b for a, b in pairs)


def _widened(narrow: Tensor, initial: Tensor, parts: int) -> Tensor:
    """(o, i, ...) in the shape (O, I, ...) of ``initial``, or (o,) in the shape (O,)."""
    wide = initial.clone()
    rows = len(narrow)
    if narrow.dim() == 1:
        wide[:rows] = narrow
        return wide
    wide[:rows] = 0
    inputs, outputs = narrow.unflatten(1, (parts, -1)), wide.unflatten(1, (parts, -1))
    outputs[:rows, :, : inputs.shape[2]] = inputs
    return torch.flatten(outputs, 1, 2)
