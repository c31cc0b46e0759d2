"""Breakdowns as columns in inline SVG."""

from __future__ import annotations

from collections.abc import Iterator

from spotter.error_analysis.breakdown import Bin, Breakdown
from spotter.error_analysis.cases import Kind
from spotter.error_analysis.web_page import escape

_COLUMN = 34
_GAP = 8
_HEIGHT = 130
_TOP = 20
_BOTTOM = 38

# From the bottom up: what went well, what was at least found, what was not.
_ORDER: tuple[Kind, ...] = ("correct", "wrong", "merged", "split", "missed", "false_alarm")


def chart(breakdown: Breakdown) -> str:
    """One column per range: shares of the kinds, the share of correct cases above, counts below.

    In a chart of confidence a line across the column marks its mean confidence: where the correct
    share ends above it the scores are too low, below it too high.
    """
    width = len(breakdown.bins) * (_COLUMN + _GAP) + _GAP
    height = _TOP + _HEIGHT + _BOTTOM
    columns = "".join(
        _column(each, _GAP + number * (_COLUMN + _GAP))
        for number, each in enumerate(breakdown.bins)
    )
    return (
        f'<svg class="chart" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="by {escape(breakdown.title)}">{columns}</svg>'
    )


def _column(each: Bin, left: int) -> str:
    middle = left + _COLUMN / 2
    parts = [f'<rect class="empty" x="{left}" y="{_TOP}" width="{_COLUMN}" height="{_HEIGHT}"/>']
    if each.total:
        parts += _stack(each, left)
        parts.append(_text(middle, _TOP - 6, f"{100 * each.accuracy:.0f}%", "share"))
    if each.confidence is not None:
        y = _TOP + _HEIGHT * (1 - each.confidence)
        ends = f'x1="{left - 3}" x2="{left + _COLUMN + 3}" y1="{y:.1f}" y2="{y:.1f}"'
        parts.append(f'<line class="mean" {ends}/>')
    parts.append(_text(middle, _TOP + _HEIGHT + 16, each.label, "range"))
    parts.append(_text(middle, _TOP + _HEIGHT + 31, str(each.total), "count"))
    return "".join(parts)


def _stack(each: Bin, left: int) -> Iterator[str]:
    bottom = float(_TOP + _HEIGHT)
    for kind in _ORDER:
        count = each.kinds[kind]
        if not count:
            continue
        size = _HEIGHT * count / each.total
        bottom -= size
        place = f'x="{left}" y="{bottom:.2f}" width="{_COLUMN}" height="{size:.2f}"'
        title = f"<title>{escape(each.label)}: {count} {kind.replace('_', ' ')}</title>"
        yield f'<rect class="{kind}" {place}>{title}</rect>'


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(text)}</text>'
