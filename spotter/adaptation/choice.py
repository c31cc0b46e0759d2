"""Whether adapted weights replace those that the training started from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from spotter.errors import ConfigError
from spotter.training.weights import load_state, read_header, save_weights

SHARES = (1.0, 0.75, 0.5, 0.25)
"""Shares of the adapted weights that are tried, the rest being those of the start."""


class Score(Protocol):
    """What was measured of weights on the guard set."""

    @property
    def score(self) -> float:
        """The figure that decides, in [0, 1]; greater is better."""


G = TypeVar("G", bound=Score)


@dataclass(frozen=True)
class Candidate(Generic[G]):
    """Adapted weights mixed with those of the start (Wortsman et al., CVPR 2022).

    Attributes:
        path: Weights file.
        share: Of the adapted weights, in (0, 1].
        guard: Its figures on the guard set.
    """

    path: Path
    share: float
    guard: G


@dataclass
class Choice(Generic[G]):
    """Which candidate is taken.

    Attributes:
        tried: Candidates in the order in which they were tried.
        taken: The one that keeps what the start could read; ``None``: none does.
    """

    tried: list[Candidate[G]] = field(default_factory=list)
    taken: Candidate[G] | None = None


def shares_below(largest: float) -> tuple[float, ...]:
    """The largest share to try, and the :data:`SHARES` below it."""
    return (largest, *(share for share in SHARES if share < largest))


def choose(
    start: Path,
    adapted: Path,
    folder: Path,
    guard_before: float,
    measure_guard: Callable[[Path], G],
    max_loss: float = 0.01,
    shares: Sequence[float] = SHARES,
) -> Choice[G]:
    """Take the largest share of the adapted weights that loses little on the guard set.

    Args:
        start: Weights of the start.
        adapted: Weights at the end of the training.
        folder: Where candidates are written.
        guard_before: Score of the start on the guard set.
        measure_guard: Figures of a weights file on it.
        max_loss: How much less a candidate may score, in [0, 1].
        shares: To try, from the largest on.
    """
    choice: Choice[G] = Choice()
    for share in shares:
        path = folder / f"candidate_{round(100 * share)}.safetensors"
        mix_weights(start, adapted, path, share)
        candidate = Candidate(path, share, measure_guard(path))
        choice.tried.append(candidate)
        if candidate.guard.score >= guard_before - max_loss:
            choice.taken = candidate
            break
    return choice


def mix_weights(
    start: Path, adapted: Path, out: Path, share: float, card: Mapping[str, Any] | None = None
) -> None:
    """Write ``share`` of the adapted weights and the rest of the start's, in half precision.

    Args:
        start: Weights of the start, whose header the file gets.
        adapted: Weights of the same model.
        out: File to write.
        share: In [0, 1].
        card: Entries of the model card, added to the name of the start.

    Raises:
        ConfigError: Weights of different models.
    """
    old, new = load_state(start), load_state(adapted)
    unlike = [name for name in new if name not in old or old[name].shape != new[name].shape]
    if unlike or len(new) < len(old):
        raise ConfigError(f"{adapted}: weights of another model than {start}")
    mixed = {
        name: old[name].lerp(tensor, share) if tensor.is_floating_point() else tensor
        for name, tensor in new.items()
    }
    header = read_header(start)
    about = {"adapted_from": header["name"], "adapted_share": share, **(card or {})}
    save_weights(out, mixed, {**header, "name": out.stem, "card": about}, half=True)
