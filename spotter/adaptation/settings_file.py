"""The settings that a work folder was begun with."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from spotter.errors import ConfigError


def check_settings(work_dir: Path, values: Mapping[str, Any], free: Collection[str]) -> None:
    """Refuse to go on in a folder that was begun otherwise; note the settings in a new one.

    Args:
        work_dir: The folder; made when missing.
        values: The settings.
        free: Names of those that change nothing in the folder: how much is measured and how it is
            judged.

    Raises:
        ConfigError: The folder was begun with other settings.
    """
    kept = {name: value for name, value in values.items() if name not in free}
    wanted = json.dumps(kept, sort_keys=True, default=str)
    file = work_dir / "settings.json"
    work_dir.mkdir(parents=True, exist_ok=True)
    if file.is_file() and file.read_text(encoding="utf-8") != wanted:
        raise ConfigError(f"{work_dir} was begun with other settings; name another --work-dir")
    file.write_text(wanted, encoding="utf-8")
