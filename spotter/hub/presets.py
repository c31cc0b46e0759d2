"""Presets: a detector, a recognizer, a language model and the settings tuned for them.

A file of presets is plain data, JSON or TOML, and need not be trusted: every key has a type and a
range, and nothing in it is run, imported or downloaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spotter.decoding.calibration import ScoreCalibration
from spotter.errors import ConfigError
from spotter.hub.plain_files import read_plain_file
from spotter.io.names import printable_path
from spotter.runtime.header_schema import CALIBRATION, POSTPROCESSING, SCALE
from spotter.schema import (
    Rule,
    any_of,
    check,
    flag,
    integer,
    list_of,
    number,
    optional,
    record,
    text,
)

_MOST_PRESETS = 1000

_NAME = text(1000, 1)
_SHARE = number(0.0, 1.0)

LANGUAGE = any_of(
    "a name, or an object with a text as model and numbers as settings",
    _NAME,
    record({"model": _NAME}, ("model",), any_of("a number", integer(0, 10_000), number(0.0, 1e4))),
)
"""A language model: its name or file, or a mapping with it as ``model`` and settings of its use."""

_VIEW = record(
    {
        "margin": number(-0.45, 2.0),
        "lengthen": number(-0.45, 4.0),
        "stretch": number(0.0, 10.0, above=True),
        "tilt": number(-180.0, 180.0),
        "contrast": flag(),
        "negative": flag(),
        "coarser": number(1.0, 32.0),
    }
)

PRESET_RULES: dict[str, Rule] = {
    "detector": _NAME,
    "recognizer": _NAME,
    "min_score": _SHARE,
    "crop_margin": number(-0.45, 4.0),
    "language": optional(LANGUAGE),
    "test_time_augmentation": optional(
        record(
            {
                "below": number(0.0, 1.0),
                "views": list_of(_VIEW, 1, 64),
                "top_k": optional(integer(1, 64)),
            },
            ("below", "views"),
        )
    ),
    "thorough": optional(flag()),
    "coarse_pass": optional(flag()),
    "lengthen_words": optional(flag()),
    "finer_passes": optional(integer(0, 16)),
    "scale": optional(SCALE),
    "postprocessing": POSTPROCESSING,
    "calibration": record(
        {"detection": CALIBRATION, "recognition": CALIBRATION, "found": CALIBRATION}
    ),
}
"""What a preset may say, by key."""

_PRESET = record(PRESET_RULES, ("detector", "recognizer"))


@dataclass(frozen=True)
class Preset:
    """One preset as its file describes it; every value is checked.

    Attributes:
        name: Its name, or its file's.
        detector: Name of a shipped detector, or a file.
        recognizer: Name of a shipped recognizer, or a file.
        min_score: Least score of a word, in 0..1.
        crop_margin: Share of a word's height by which its crop reaches beyond the detection.
        language: Name or file of a language model, or a mapping with it as ``model`` and settings.
        test_time_augmentation: ``below``, ``views`` and perhaps ``top_k``.
        thorough: Search every photo at three scales, see
            :class:`spotter.pipeline.detector.TextDetector`.
        coarse_pass: Outline large words at a coarser scale, too, see
            :class:`spotter.pipeline.detector.TextDetector`; ``None``: yes.
        lengthen_words: Read longer outlines of words whose ends may be missing, too, see
            :mod:`spotter.pipeline.lengthening`; ``None``: yes.
        finer_passes: How often small text of a photo is looked for at a finer scale, at most;
            ``None``: :data:`spotter.pipeline.multi_scale.MAX_PASSES`.
        scale: Factor by which the detector sees photos enlarged; ``None``: that of its weights.
        postprocessing: Of the detector's post-processor, instead of those of its weights.
        calibration: By ``detection``, ``recognition`` and ``found``; a part may be missing.
    """

    name: str
    detector: str
    recognizer: str
    min_score: float = 0.0
    crop_margin: float = 0.0
    language: Mapping[str, Any] | str | None = None
    test_time_augmentation: Mapping[str, Any] | None = None
    thorough: bool = False
    coarse_pass: bool | None = None
    lengthen_words: bool | None = None
    finer_passes: int | None = None
    scale: float | None = None
    postprocessing: Mapping[str, Any] = field(default_factory=dict)
    calibration: Mapping[str, ScoreCalibration] = field(default_factory=dict)


def parse_preset(settings: Any, name: str, origin: str) -> Preset:
    """A preset of plain data.

    Args:
        settings: A mapping by :data:`PRESET_RULES`.
        name: What the preset is called.
        origin: What messages begin with.

    Raises:
        ConfigError: A key is missing or unknown, or its value is of another type or out of range;
            one line that names the key.
    """
    checked = check(settings, _PRESET, origin, ConfigError)
    calibration = {
        part: ScoreCalibration.from_settings(values, origin)
        for part, values in checked.pop("calibration", {}).items()
    }
    return Preset(name, calibration=calibration, **checked)


def read_preset(path: str | Path) -> Preset:
    """The preset of a file that holds one.

    Raises:
        ConfigError: See :func:`parse_preset`, or the file is missing or no JSON or TOML.
    """
    return parse_preset(read_plain_file(path), Path(path).stem, printable_path(path))


def read_presets(path: str | Path) -> dict[str, Any]:
    """The presets of a file that holds several, by name, each to be parsed when it is asked for.

    A faulty preset, or one of a later version, does not affect the others.

    Raises:
        ConfigError: The file is missing or no JSON or TOML, or not a mapping of names.
    """
    rule = record({}, others=lambda value, where: value)
    content = check(read_plain_file(path), rule, printable_path(path), ConfigError)
    if len(content) > _MOST_PRESETS:
        raise ConfigError(f"{printable_path(path)}: more than {_MOST_PRESETS} presets")
    return content
