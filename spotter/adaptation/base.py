"""What the adaptations of recognizers and of detectors have in common."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from spotter.adaptation.choice import Choice, Score, choose, mix_weights, shares_below
from spotter.adaptation.training import TrainingSettings
from spotter.errors import ConfigError, SpotterError
from spotter.export.onnx import export_onnx


@dataclass(frozen=True, kw_only=True)
class BaseSettings:
    """How weights are adapted.

    Attributes:
        start: Weights (``.safetensors``) to start from.
        training: How they are trained.
        held_back: Share of the photos that is not learned from, in [0, 1).
        measured: Most words or photos held back that are measured.
        drawn: Drawn words or scenes to learn from.
        fonts: To draw with; ``None``: the system's.
        max_loss: How much of the score on the guard set may be lost, in [0, 1].
        max_share: Largest share of the adapted weights that is tried, in (0, 1].
        threads: Threads per operator when reading or finding.

    Raises:
        ConfigError: A share outside its range.
    """

    start: Path
    training: TrainingSettings = field(default_factory=TrainingSettings)
    held_back: float = 0.1
    measured: int = 100
    drawn: int = 4000
    fonts: tuple[str, ...] | None = None
    max_loss: float = 0.01
    max_share: float = 0.5
    threads: int | None = None

    def __post_init__(self) -> None:
        if not (0 <= self.held_back < 1 and 0 < self.max_share <= 1):
            raise ConfigError("held_back must be in [0, 1), the share of adapted weights in (0, 1]")


class BaseFigures(Protocol):
    """What is measured of weights."""

    @property
    def guard(self) -> Score:
        """On the guard set."""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values."""

    def worse_than(self, before: Any) -> str:
        """Why the words or photos that are no guard set speak against these weights, or empty."""


F = TypeVar("F", bound=BaseFigures)
F_co = TypeVar("F_co", bound=BaseFigures, covariant=True)


class Bench(Protocol[F_co]):
    """Measures weights on the same words or photos each time."""

    def measure_guard(self, weights: Path) -> Any:
        """Figures on the guard set."""

    def measure(self, weights: Path, guard: Any = None) -> F_co:
        """All figures; those of the guard set may be known."""


@dataclass(frozen=True)
class Report(Generic[F]):
    """What an adaptation did.

    Attributes:
        before: Figures of the start.
        after: Of the weights that were taken, or of the first candidate if none was.
        choice: The candidates.
        counts: How many words or photos there were, were learned from, and had a label.
        weights: The file that was written; ``None``: the start is kept.
        reason: Why it is kept.
    """

    before: F
    after: F
    choice: Choice[Any]
    counts: Mapping[str, int]
    weights: Path | None
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {
            **self.counts,
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "tried": [{"share": c.share, "guard": c.guard.score} for c in self.choice.tried],
            "weights": None if self.weights is None else self.weights.name,
            "reason": self.reason,
        }


def adapt(
    out: Path,
    work_dir: Path,
    settings: BaseSettings,
    bench: Bench[F],
    train: Callable[[], Path],
    counts: Mapping[str, int],
    data: str,
) -> Report[F]:
    """Train, measure before and after, and write the weights if they became better.

    Args:
        out: Weights to write (``.safetensors``); the ONNX file is written beside it.
        work_dir: Folder of the candidates and of ``report.json``.
        settings: How.
        bench: Measures weights.
        train: Makes the adapted weights.
        counts: See :class:`Report`.
        data: What was learned from, for the model card.

    Raises:
        SpotterError: The weights cannot be trained or exported.
    """
    before = bench.measure(settings.start)
    adapted = train()
    choice = choose(
        settings.start,
        adapted,
        work_dir,
        before.guard.score,
        bench.measure_guard,
        settings.max_loss,
        shares_below(settings.max_share),
    )
    chosen = choice.taken or choice.tried[0]
    after = bench.measure(chosen.path, chosen.guard)
    reason = after.worse_than(before)
    if choice.taken is None:
        reason = (
            f"its score on the guard set is {100 * after.guard.score:.1f} instead of"
            f" {100 * before.guard.score:.1f}, and at most {100 * settings.max_loss:g} points may"
            " be lost"
        )
    report = Report(before, after, choice, counts, None if reason else out, reason)
    if not reason:
        card = {
            "data": data,
            "minutes": settings.training.minutes,
            "metrics": after.to_dict(),
            "metrics_before": before.to_dict(),
        }
        _write(out, settings.start, adapted, chosen.share, card)
    text = json.dumps(report.to_dict(), indent=1, ensure_ascii=False)
    (work_dir / "report.json").write_text(text + "\n", encoding="utf-8")
    return report


def _write(out: Path, start: Path, adapted: Path, share: float, card: Mapping[str, Any]) -> None:
    mix_weights(start, adapted, out, share, card)
    try:
        export_onnx(out)
    except SpotterError:
        out.unlink(missing_ok=True)
        raise
