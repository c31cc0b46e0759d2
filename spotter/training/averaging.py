"""Weights of one model averaged over files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from spotter.errors import ConfigError
from spotter.training.weights import load_pth_state, load_state, read_header, save_weights

_SCORES = ("score", "metrics")


def parse_part(text: str) -> tuple[Path, float]:
    """A file and its share from ``FILE`` or ``FILE:SHARE``.

    Raises:
        ConfigError: The share is no positive number.
    """
    name, mark, number = text.rpartition(":")
    if not mark:
        return Path(text), 1.0
    try:
        share = float(number)
    except ValueError:
        return Path(text), 1.0  # a colon within the path
    if not 0 < share < float("inf"):
        raise ConfigError(f"{text}: a share is a positive number")
    return Path(name), share


def average_files(parts: Sequence[tuple[Path, float]], out: Path) -> list[tuple[Path, float]]:
    """Write the mean of weights files of one model.

    Args:
        parts: Files and their shares, which need not sum to 1. The first is a ``.safetensors``, the
            others may also be a run's checkpoints (``.pth``), of which the weights to use count
            (averaged ones of a run with EMA) and what only training needs does not.
        out: The file to write, with the first part's header but for its scores, in half precision.

    Returns:
        The files with the shares that sum to 1.

    Raises:
        ConfigError: Fewer than two files, or files of different models.
        WeightsError: A file cannot be read.
    """
    if len(parts) < 2:
        raise ConfigError("an average needs at least two files")
    total = sum(share for _, share in parts)
    shares = [(file, share / total) for file, share in parts]
    header = read_header(shares[0][0])
    mean = load_state(shares[0][0])
    for name, weight in mean.items():
        if weight.is_floating_point():
            mean[name] = weight.float() * shares[0][1]
    for file, share in shares[1:]:
        if file.suffix == ".pth":
            state = {k: weight for k, weight in load_pth_state(file).items() if k in mean}
        else:
            state = load_state(file)
        shapes = {name: weight.shape for name, weight in state.items()}
        if shapes != {name: weight.shape for name, weight in mean.items()}:
            raise ConfigError(f"{file}: weights of another model than {shares[0][0]}")
        for name, weight in state.items():
            if weight.is_floating_point():
                mean[name] += weight.float() * share
    card = {key: value for key, value in (header.get("card") or {}).items() if key not in _SCORES}
    card["averaged"] = ", ".join(f"{share:.3g} {file.stem}" for file, share in shares)
    save_weights(out, mean, {**header, "card": card}, half=True)
    return shares
