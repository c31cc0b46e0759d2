"""Pipelines of transforms from config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.dataset import Compose

from spotter.registry import TRANSFORMS


def build_pipeline(steps: Sequence[Any]) -> Compose:
    """Transforms, or their configs, as one callable that stops where a transform returns None."""
    built = [TRANSFORMS.build(step) if isinstance(step, Mapping) else step for step in steps]
    return Compose(built)
