"""The learning curve of a released model, and what more hours can be expected to buy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spotter.evaluation.report import markdown_table


@dataclass(frozen=True)
class CurvePoint:
    """Where a model stood after a session.

    Attributes:
        hours: Of training so far.
        score: On validation, in [0, 1].
        shipped: Whether the weights became the shipped ones.
    """

    hours: float
    score: float
    shipped: bool


def learning_curve(sessions: Sequence[Mapping[str, Any]]) -> list[CurvePoint]:
    """Points of a log's sessions.

    Args:
        sessions: Lines of the log. A ``tuned_score``, measured later with thresholds made for the
            session's weights, counts instead of the ``score`` if all have one: thresholds made for
            other weights would hide what was learnt. Sessions that were validated by another metric
            than the last one give hours, but no point.
    """
    metric = sessions[-1].get("metric", "") if sessions else ""
    shown = [session for session in sessions if session.get("metric", "") == metric]
    key = "tuned_score" if all("tuned_score" in session for session in shown) else "score"
    points: list[CurvePoint] = []
    hours = 0.0
    for session in sessions:
        hours += session["minutes"] / 60
        if session.get("metric", "") == metric:
            points.append(CurvePoint(hours, float(session[key]), bool(session["shipped"])))
    return points


def forecast(points: Sequence[CurvePoint], hours: float) -> float | None:
    """The score to be expected after ``hours`` more, if errors go on falling as they did.

    The share of errors is fitted by a · hours^b, least squares of the logarithms (power laws:
    Hestness et al., 2017), and the fit is moved through the best point.

    Returns:
        The score; ``None`` where fewer than two points differ in hours or errors do not fall.
    """
    usable = [p for p in points if p.hours > 0 and p.score < 1]
    if len({p.hours for p in usable}) < 2:
        return None
    x = [math.log(p.hours) for p in usable]
    y = [math.log(1 - p.score) for p in usable]
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    slope = sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True))
    slope /= sum((a - middle_x) ** 2 for a in x)
    if slope >= 0:
        return None
    best = max(usable, key=lambda p: p.score)
    last = max(p.hours for p in usable)
    return 1 - (1 - best.score) * ((last + hours) / last) ** slope


def curve_section(sessions: Sequence[Mapping[str, Any]], metric: str, more: float = 10.0) -> str:
    """The learning curve as Markdown; empty without sessions.

    Args:
        sessions: Lines of the log.
        metric: What the scores are.
        more: Hours to look ahead.
    """
    points = learning_curve(sessions)
    if not points:
        return ""
    rows = [[f"{p.hours:.1f}", f"{p.score:.3f}", "yes" if p.shipped else "no"] for p in points]
    text = markdown_table(["hours", metric, "shipped"], rows, left=0)
    expected = forecast(points, more)
    if expected is None:
        return text + "\nThese points allow no forecast.\n"
    return text + (
        f"\nIf errors go on falling with the hours as they did between these {len(points)} points,"
        f" {more:g} more hours on such a machine give about {expected:.2f}. Nobody has trained"
        " that long yet.\n"
    )
