"""Parts of models out of their configs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spotter.errors import ConfigError
from spotter.registry import MODELS


def build_part(config: Mapping[str, Any], **defaults: Any) -> Any:
    """A registered module.

    Args:
        config: Its ``type`` and arguments.
        defaults: Arguments that the model knows; those of ``config`` come before them.

    Raises:
        ConfigError: There is no ``type``.
    """
    if "type" not in config:
        raise ConfigError(f"a part's config needs a 'type': {dict(config)}")
    return MODELS.build({**defaults, **config})
