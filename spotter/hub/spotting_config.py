"""Spotting configs: the settings of a spotter in a file."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spotter.errors import ConfigError


def load_spotting_config(path: str | Path) -> dict[str, Any]:
    """Keyword arguments of :class:`spotter.pipeline.SceneTextSpotter` from a file.

    Args:
        path: A Python config that assigns them at its top level and may build on others by
            ``_base_``, such as those below ``configs/spotting``.

    Raises:
        ConfigError: The file is missing or faulty, or names something that is no setting.
    """
    from mmengine.config import Config

    if not Path(path).is_file():
        raise ConfigError(f"{path}: no such config file")
    try:
        settings = Config.fromfile(str(path)).to_dict()
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise ConfigError(f"{path}: {type(error).__name__}: {reason}") from None
    known = setting_names()
    unknown = [name for name in settings if name not in known]
    if unknown:
        raise ConfigError(
            f"{path}: {', '.join(unknown)} is no setting of a spotter; there are {', '.join(known)}"
        )
    return settings


def setting_names() -> list[str]:
    """What a spotting config may set."""
    from spotter.pipeline.spotter import SceneTextSpotter

    return list(inspect.signature(SceneTextSpotter).parameters)


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
