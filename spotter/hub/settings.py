"""Settings of a spotter in a file: ``configs/spotting/small_words.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spotter.errors import ConfigError
from spotter.hub.plain_files import PLAIN_SUFFIXES, read_plain_file
from spotter.hub.presets import LANGUAGE
from spotter.io.names import printable_path
from spotter.runtime.header_schema import SCALE
from spotter.schema import Rule, any_of, check, flag, integer, number, one_of, record, text

_NAME = text(1000, 1)
_SIDE = integer(32, 16_384)
_DEEPEST = 8

SETTING_RULES: dict[str, Rule] = {
    "model": _NAME,
    "detector": _NAME,
    "recognizer": _NAME,
    "runtime": one_of("auto", "onnx", "openvino", "torch"),
    "device": text(40, 1),
    "min_score": number(0.0, 1.0),
    "limit_side": _SIDE,
    "limit_type": one_of("max", "min"),
    "scale": SCALE,
    "tile": _SIDE,
    "det_batch_size": integer(1, 1024),
    "rec_batch_size": integer(1, 4096),
    "lexicon": _NAME,
    "threads": integer(1, 1024),
    "crop_margin": number(-0.45, 4.0),
    "language": any_of(
        "a name, or a table with settings",
        LANGUAGE,
        # A file that builds on another may change a setting of the language alone.
        record({}, others=any_of("a number", integer(0, 10_000), number(0.0, 1e4))),
    ),
    "test_time_augmentation": flag(),
    "calibrated": flag(),
    "detect_orientation": flag(),
}
"""Arguments of :class:`spotter.pipeline.SceneTextSpotter` that a file may set."""

_SETTINGS = record(SETTING_RULES)


def read_settings(path: str | Path) -> dict[str, Any]:
    """Arguments of :class:`spotter.pipeline.SceneTextSpotter` from a ``.toml`` or ``.json`` file.

    ``base = "default.toml"`` takes over the settings of a file in the same folder; tables
    (``language``) are merged key by key, everything else is replaced.

    Args:
        path: The file.

    Raises:
        ConfigError: The file is missing or faulty, or a key is unknown or out of range; one line
            that names it.
    """
    merged = _read_merged(Path(path), 0)
    return check(merged, _SETTINGS, printable_path(path), ConfigError)


def _read_merged(path: Path, depth: int) -> dict[str, Any]:
    name = printable_path(path)
    if depth > _DEEPEST:
        raise ConfigError(f"{name}: settings build on each other more than {_DEEPEST} times")
    own = read_plain_file(path)
    base = own.pop("base", None)
    if base is None:
        return own
    if not isinstance(base, str) or Path(base).name != base or base[:1] == ".":
        raise ConfigError(f"{name}: base must be the name of a file in the same folder")
    if Path(base).suffix not in PLAIN_SUFFIXES:
        raise ConfigError(f"{name}: base must be a .toml or .json file, not {base[:80]!r}")
    return _merge(_read_merged(path.with_name(base), depth + 1), own)


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        before = merged.get(key)
        both = isinstance(value, Mapping) and isinstance(before, Mapping)
        merged[key] = {**before, **value} if both else value  # type: ignore[dict-item]
    return merged
