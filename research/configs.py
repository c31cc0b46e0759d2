"""Configs of the checkout by their path below ``configs/``."""

from __future__ import annotations

from pathlib import Path

import spotter
from spotter.errors import ConfigError


def packaged_config(name: str) -> Path:
    """A config by its path below ``configs/``, from the checkout or the installed package.

    Raises:
        ConfigError: There is none of that name.
    """
    package = Path(spotter.__file__).parent
    for folder in (package.parent / "configs", package / "configs"):
        if (folder / name).is_file():
            return folder / name
    raise ConfigError(f"{name}: no such config in the package")
