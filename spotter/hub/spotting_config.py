"""Spotting configs under their former names, see :mod:`spotter.hub.settings`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spotter.hub.settings import SETTING_RULES, read_settings


def load_spotting_config(path: str | Path) -> dict[str, Any]:
    """See :func:`spotter.hub.settings.read_settings`."""
    return read_settings(path)


def setting_names() -> list[str]:
    """What a spotting config may set."""
    return list(SETTING_RULES)


def merge_settings(
    settings: Mapping[str, Any], chosen: Mapping[str, Any], defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """``settings`` of a file, replaced by what a command line has ``chosen``.

    Args:
        settings: Of the file.
        chosen: Values of the command line, whether given or not.
        defaults: Its default values other than ``None``: nobody has asked for those.
    """
    given = {k: v for k, v in chosen.items() if v is not None and v != defaults.get(k)}
    return {**chosen, **settings, **given}
