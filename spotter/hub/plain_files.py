"""JSON and TOML files: settings that cannot run anything."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from spotter.errors import ConfigError
from spotter.io.bounded import MEBI, failures_as, parse_json, read_file
from spotter.io.names import printable_path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PLAIN_SUFFIXES = (".toml", ".json")
"""Of the files that :func:`read_plain_file` reads."""

# A name of ever so many parts, a.b.c, costs the reader of TOML the square of their number.
_LONG_CHAIN = re.compile(r"""(?<![\w-])(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){33}""")


def read_plain_file(path: str | Path, max_bytes: int = 4 * MEBI) -> dict[str, Any]:
    """The mapping that a ``.toml`` or ``.json`` file holds.

    Raises:
        ConfigError: The file is missing, too large, of another kind, or not a mapping; one line.
    """
    name = printable_path(path)
    suffix = Path(path).suffix.lower()
    if suffix not in PLAIN_SUFFIXES:
        raise ConfigError(
            f"{name}: settings are read from .toml or .json files; {suffix or 'others'} may be"
            " programs, and are not run"
        )
    data = read_file(path, ConfigError, max_bytes)
    with failures_as(ConfigError, name, "is not UTF-8 text"):
        content = data.decode("utf-8-sig")
    if suffix == ".json":
        parsed = parse_json(content, name, ConfigError)
    else:
        with failures_as(ConfigError, name, "is not TOML"):
            if _LONG_CHAIN.search(content):
                raise ValueError("a name of more than 32 parts")
            parsed = tomllib.loads(content)
    if not isinstance(parsed, dict):
        raise ConfigError(f"{name}: must hold an object of named values")
    return parsed
