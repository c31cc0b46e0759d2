"""What the header of a weights file may say: types, ranges and sizes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spotter.decoding.calibration import WORD_KINDS
from spotter.errors import WeightsError
from spotter.schema import (
    Rule,
    any_of,
    check,
    flag,
    integer,
    list_of,
    number,
    one_of,
    optional,
    plain_data,
    record,
    text,
)

FORMAT = 1
"""Version of the header; a reader refuses a newer one."""

TASKS = ("detection", "recognition", "language")

MAX_CHARACTERS = 30_000
"""Of a character set; all of Chinese, Japanese and Korean have fewer in use."""

SCALE = number(0.01, 100.0)
"""Factor by which a detector may see photos enlarged."""

_CHANNEL = number(-1e4, 1e4)
_DEVIATION = number(1e-6, 1e6)


def _per_channel(rule: Rule, what: str) -> Rule:
    return any_of(f"{what} or three of them", rule, list_of(rule, 3, 3))


_NORMALIZATION: dict[str, Rule] = {
    "mean": _per_channel(_CHANNEL, "a finite number"),
    "std": _per_channel(_DEVIATION, "a number above 0"),
}

# Inputs, which decide how much memory a photo takes, are bounded by what any network is made for.
PREPROCESSING: dict[str, Rule] = {
    "detection": record(
        {
            **_NORMALIZATION,
            "limit_side": integer(32, 16_384),
            "limit_type": one_of("max", "min"),
            "size_divisor": integer(1, 1024),
            "scale": SCALE,
        }
    ),
    "recognition": record(
        {
            **_NORMALIZATION,
            "height": integer(1, 2048),
            "mode": one_of("fixed", "keep_ratio", "buckets"),
            "width": integer(1, 16_384),
            "widths": list_of(integer(1, 16_384), 1, 256),
            "stretch": optional(number(0.0, 100.0, above=True)),
        }
    ),
    "language": plain_data(),
}
"""By task."""

_SHARE = number(0.0, 1.0)

POSTPROCESSING = record(
    {
        "type": one_of("DBPostprocessor"),
        "binary_threshold": _SHARE,
        "min_score": _SHARE,
        "unclip_ratio": number(0.0, 20.0),
        "min_side": number(0.0, 1000.0),
        "max_candidates": integer(1, 1_000_000),
        "shape": one_of("quad", "polygon", "auto"),
        "max_fill": _SHARE,
        "epsilon": _SHARE,
        "split_threshold": optional(_SHARE),
        "min_part_area": number(0.0, 1e6),
    }
)
"""Settings of a detector's post-processor."""


_BARE_NAME = text(200, 1)


def _language(value: Any, where: str) -> str:
    """A name without a folder: the header of an untrusted file may only name files beside it."""
    name = _BARE_NAME(value, where)
    if name != Path(name).name or name.startswith("."):
        raise ValueError(f"{where} must be a name without a folder")
    return str(name)


_CURVE = {"temperature": number(0.0, 1000.0, above=True), "bias": number(-1e3, 1e3)}
CALIBRATION = record({**_CURVE, "kinds": record({kind: record(_CURVE) for kind in WORD_KINDS})})
"""Temperature and bias of scores, perhaps by kind of word."""

RECOMMENDED: dict[str, Rule] = {
    "detection": record({"min_score": _SHARE, "calibration": record({"detection": CALIBRATION})}),
    "recognition": record(
        {
            "min_score": _SHARE,
            "language": optional(_language),
            "calibration": record({"recognition": CALIBRATION, "found": CALIBRATION}),
        }
    ),
    "language": record({}),
}
"""By task, what the makers of a network recommend where it stands in for that of a preset: the keys
of a preset. ``language`` is the name of a shipped language model or of a file beside the weights,
or null for none."""


def _model_config(value: Any, where: str) -> Any:
    if not isinstance(value, Mapping) or "type" not in value:
        raise ValueError("no model config in the header")
    # Upper bound for widths and depths of layers.
    return plain_data(depth=20, values=5_000, longest=MAX_CHARACTERS)(value, where)


def _charset(value: Any, where: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("charset must be a string or null")
    if not 1 <= len(value) <= MAX_CHARACTERS or len(set(value)) != len(value):
        raise ValueError(f"charset must be 1..{MAX_CHARACTERS} different characters")
    if any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 for c in value):
        raise ValueError("charset has a control character")
    return value


def check_header(header: Any, origin: str) -> None:
    """Refuse a header of another program, or one with values that no network needs.

    Raises:
        WeightsError: Wrong format, task, or a field that is missing, of another type or out of its
            range; one line that begins with ``origin`` and names the field.
    """
    if not isinstance(header, dict) or type(header.get("format")) is not int:
        raise WeightsError(f"{origin}: not a spotter weights header")
    if header["format"] > FORMAT:
        raise WeightsError(
            f"{origin}: header format {header['format']} is newer than this version reads"
            f" ({FORMAT}); update spotter"
        )
    task = header.get("task")
    if not isinstance(task, str) or task not in TASKS:
        raise WeightsError(f"{origin}: task {str(task)[:40]!r} is none of {', '.join(TASKS)}")
    post = POSTPROCESSING if task == "detection" else plain_data()
    rule = record(
        {
            "format": integer(1, FORMAT),
            "task": one_of(*TASKS),
            "name": text(200),
            "config": _model_config,
            "charset": _charset,
            "preprocessing": PREPROCESSING[task],
            "postprocessing": post,
            "recommended": RECOMMENDED[task],
            # For information only (scores, dates); nothing is built from it.
            "card": record({}, others=plain_data(depth=30, values=50_000, largest=1e18)),
        },
        required=("config",),
        others=any_of("plain data", flag(), plain_data(values=1000)),
    )
    check(header, rule, origin, WeightsError)


def check_servable(header: Mapping[str, Any], origin: str) -> None:
    """Refuse the header of a network that lacks what inference needs to know.

    Args:
        header: Passed by :func:`check_header`.
        origin: What messages begin with.

    Raises:
        WeightsError: A key of the preprocessing is missing, or a recognizer has no charset or no
            stage of prediction; one line that names it.
    """
    anything: Rule = lambda value, where: value  # noqa: E731
    needed = {
        "detection": ("mean", "std", "limit_side", "limit_type"),
        "recognition": ("mode",),
    }.get(header["task"], ())
    rules: dict[str, Rule] = {"preprocessing": record({}, needed, anything)}
    if header["task"] == "recognition":
        stage = record({"type": text(100, 1)}, ("type",), anything)
        model = record({"prediction": stage}, (), anything)
        rules["charset"] = text(MAX_CHARACTERS, 1)
        rules["config"] = record({"prediction": stage, "vision": model}, (), anything)
    else:
        post = record({}, (), anything)
        rules["config"] = record({"postprocessor": post}, (), anything)
    check(header, record(rules, tuple(rules), anything), origin, WeightsError)


def check_classes(header: Mapping[str, Any], classes: Any, origin: str) -> None:
    """Refuse a recognizer with more or fewer outputs than its characters need.

    Args:
        header: Passed by :func:`check_header`.
        classes: Size of the last axis of the output; anything but a number is not known.
        origin: What messages begin with.

    Raises:
        WeightsError: They are not one more (the blank, or the end) than the charset has.
    """
    charset = header.get("charset")
    if header["task"] != "recognition" or charset is None or not isinstance(classes, int):
        return
    if classes != len(charset) + 1:
        raise WeightsError(
            f"{origin}: {classes} classes do not fit a charset of {len(charset)} characters"
        )
