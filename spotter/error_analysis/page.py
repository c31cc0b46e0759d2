"""The error browser: one page with scores, charts, confusions, and a card for every case."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spotter.error_analysis.breakdown import breakdowns
from spotter.error_analysis.cases import KINDS, Kind, WordCase
from spotter.error_analysis.charts import chart
from spotter.error_analysis.pictures import Pictures, case_picture
from spotter.error_analysis.web_page import escape, page
from spotter.evaluation.confusion import align

_FOLDER = Path(__file__).parent
_MOST_CONFUSIONS = 40
_NOTHING = "·"

KIND_NAMES: dict[Kind, str] = {
    "missed": "missed",
    "wrong": "misread",
    "merged": "merged",
    "split": "split",
    "false_alarm": "false alarm",
    "correct": "correct",
}
_ORDERS = {
    "place up": "as they come",
    "confidence down": "most confident first",
    "confidence up": "least confident first",
    "height down": "highest words first",
    "height up": "lowest words first",
    "edits down": "most wrong characters first",
    "edits up": "fewest wrong characters first",
}


@dataclass(frozen=True)
class ErrorReport:
    """What the page shows.

    Attributes:
        title: Heading.
        scores: Groups of figures, ``{"end to end": {"precision": 0.8}}``; shares become percent.
        cases: All cases, correct ones, too.
        kinds: Kinds that there may be.
        about: A line below the heading: which predictions, which ground truth, how compared.
    """

    title: str
    scores: Mapping[str, Mapping[str, float]]
    cases: Sequence[WordCase]
    kinds: Sequence[Kind] = KINDS
    about: str = ""


def errors_page(
    report: ErrorReport,
    images: Pictures | None = None,
    max_per_kind: int = 300,
    advance: Callable[[int], None] = lambda done: None,
) -> str:
    """The page as one self-contained document.

    Args:
        report: What to show.
        images: Gives the pictures; ``None``: cards without.
        max_per_kind: Cards of each kind; the most confident readings and the highest missed words
            are kept. Counts and charts are of all cases.
        advance: Called with 1 after each card.
    """
    counts = Counter(case.kind for case in report.cases)
    kept = keep_most_telling(report.cases, max_per_kind)
    body = [
        f"<h1>{escape(report.title)}</h1>",
        f'<p class="soft">{escape(report.about)}</p>',
        _scores(report.scores),
        "<h2>Where it goes wrong</h2>",
        _legend(counts),
        _charts(report.cases),
        _confusions(report.cases),
        "<h2>Cases</h2>",
        _bar(counts, report.kinds),
        _omitted(counts, Counter(case.kind for case in kept)),
    ]
    if images is not None and any(case.predicted for case in kept):
        keys = (("true", "ground truth"), ("predicted", "prediction"))
        spans = "".join(f'<span class="key {kind}">{name}</span>' for kind, name in keys)
        body.append(f'<p class="small">{spans}</p>')
    body.append('<div class="cases">')
    for place, case in enumerate(kept):
        body.append(_card(case, place, images))
        advance(1)
    body.append('</div>\n<p class="empty-list" hidden>No case of this kind.</p>')
    style = (_FOLDER / "page.css").read_text(encoding="utf-8")
    script = (_FOLDER / "page.js").read_text(encoding="utf-8")
    return page(report.title, "\n".join(body), style, script)


def keep_most_telling(cases: Sequence[WordCase], limit: int) -> list[WordCase]:
    """At most ``limit`` cases of each kind, in their own order.

    Of readings the most confident are kept, of missed words the highest.
    """
    kept: set[int] = set()
    for kind in KINDS:
        numbers = [number for number, case in enumerate(cases) if case.kind == kind]
        numbers.sort(key=lambda number: -_weight(cases[number]))
        kept.update(numbers[:limit])
    return [case for number, case in enumerate(cases) if number in kept]


def _weight(case: WordCase) -> float:
    if case.confidence is not None:
        return case.confidence
    return 0.0 if case.size is None else float(case.size[1])


def _scores(groups: Mapping[str, Mapping[str, float]]) -> str:
    cards = []
    for title, figures in groups.items():
        entries = "".join(
            f"<div><dt>{escape(name)}</dt><dd>{_figure(value)}</dd></div>"
            for name, value in figures.items()
        )
        cards.append(f'<div class="card"><h3>{escape(title)}</h3><dl>{entries}</dl></div>')
    return f'<div class="scores">{"".join(cards)}</div>'


def _figure(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{100 * value:.1f}%"


def _legend(counts: Mapping[Kind, int]) -> str:
    entries = "".join(
        f'<span class="{kind}"><i class="dot"></i>{KIND_NAMES[kind]}</span>'
        for kind in KINDS
        if counts.get(kind)
    )
    return f'<p class="legend small">{entries}</p>'


def _charts(cases: Sequence[WordCase]) -> str:
    cards = []
    for breakdown in breakdowns(cases):
        about = "of readings; line: mean confidence" if breakdown.title == "confidence" else ""
        cards.append(
            f'<div class="card"><h3>By {escape(breakdown.title)} '
            f'<span class="soft small">{about}</span></h3>{chart(breakdown)}</div>'
        )
    return f'<div class="charts">{"".join(cards)}</div>'


def _confusions(cases: Sequence[WordCase]) -> str:
    counts: Counter[str] = Counter(pair for case in cases for pair in _pairs(case))
    if not counts:
        return ""
    buttons = "".join(
        f'<button type="button" data-pair="{escape(pair)}" aria-pressed="false">'
        f'<span class="text">{escape(pair)}</span> <b>{count}</b></button>'
        for pair, count in counts.most_common(_MOST_CONFUSIONS)
    )
    return (
        '<h2>Confused characters <span class="soft small">true → read, · for none; click to see '
        f'the words</span></h2>\n<div class="confusions">{buttons}</div>'
    )


def _bar(counts: Mapping[Kind, int], kinds: Sequence[Kind]) -> str:
    errors = sum(count for kind, count in counts.items() if kind != "correct")
    choices: list[tuple[str, str, int]] = [("errors", "all errors", errors)]
    choices += [(kind, KIND_NAMES[kind], counts.get(kind, 0)) for kind in kinds]
    buttons = "".join(
        f'<button type="button" class="{kind}" data-kind="{kind}" aria-pressed="false">'
        f'<i class="dot"></i>{name}<b>{count:,}</b></button>'
        for kind, name, count in choices
    )
    options = "".join(f'<option value="{key}">{name}</option>' for key, name in _ORDERS.items())
    return (
        f'<div class="bar" role="toolbar" aria-label="filter">{buttons}'
        f'<label>sort <select id="order">{options}</select></label>'
        '<output class="soft" id="shown"></output></div>'
    )


def _omitted(counts: Mapping[Kind, int], kept: Mapping[Kind, int]) -> str:
    less = [
        f"{kept.get(kind, 0):,} of {counts[kind]:,} {KIND_NAMES[kind]}"
        for kind in KINDS
        if kept.get(kind, 0) < counts.get(kind, 0)
    ]
    return f'<p class="small soft">Cards are shown for {", ".join(less)}.</p>' if less else ""


def _card(case: WordCase, place: int, images: Pictures | None) -> str:
    image = None if images is None else images.read(case.image)
    view = "" if image is None else f'<div class="view">{case_picture(case, image)}</div>'
    confidence = "" if case.confidence is None else f"{100 * case.confidence:.0f}% sure"
    height = "" if case.size is None else case.size[1]
    data = {
        "kind": case.kind,
        "place": place,
        "confidence": "" if case.confidence is None else f"{case.confidence:.4f}",
        "height": height,
        "edits": "" if case.edits is None else case.edits,
        "pairs": json.dumps(sorted(set(_pairs(case))), ensure_ascii=False),
    }
    attributes = " ".join(f'data-{key}="{escape(value)}"' for key, value in data.items())
    return (
        f'<article class="case card {case.kind}" {attributes}>\n{view}<div class="about">'
        f'<div class="head"><strong>{KIND_NAMES[case.kind]}</strong><span>{confidence}</span></div>'
        f'<div class="words">{"".join(_words(case))}</div>'
        f'<div class="soft small">{escape(" · ".join(_remarks(case)))}</div>'
        "</div>\n</article>"
    )


def _words(case: WordCase) -> Iterator[str]:
    if case.is_true_word:
        true = "<i>unlabelled</i>" if case.true is None else escape(case.true)
        yield f'<span class="soft small">true</span><span class="text">{true}</span>'
    if case.read is not None:
        yield f'<span class="soft small">read</span><span class="text">{_marked(case)}</span>'


def _marked(case: WordCase) -> str:
    """The reading with its wrong characters marked; a missing one is a gap."""
    if case.kind not in ("wrong", "merged") or case.true is None:
        return escape(case.read)
    parts, rest = [], iter(case.read or "")
    for true, read in align(_folded(case.true), _folded(case.read or "")):
        shown = escape(next(rest)) if read else _NOTHING
        parts.append(shown if true == read else f"<mark>{shown}</mark>")
    return "".join(parts)


def _folded(text: str) -> str:
    """Text without case, character by character: "ß" has no capital of one character."""
    return "".join(
        character.upper() if len(character.upper()) == 1 else character for character in text
    )


def _pairs(case: WordCase) -> list[str]:
    """Confused characters as the page names them."""
    return [f"{true or _NOTHING} → {read or _NOTHING}" for true, read in case.confusions()]


def _remarks(case: WordCase) -> Iterator[str]:
    if case.note:
        yield case.note
    yield case.image
    if case.size is not None:
        yield f"{case.size[0]} × {case.size[1]} px"
    if case.angle is not None and round(case.angle):
        yield f"{case.angle:.0f}°"
