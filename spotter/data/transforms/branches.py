"""One image, several named views: the pipeline of methods with more than one branch."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from spotter.data.pipeline import build_pipeline
from spotter.data.transforms.base import BaseTransform
from spotter.errors import ConfigError
from spotter.registry import TRANSFORMS


@TRANSFORMS.register_module()
class MultiBranch(BaseTransform):
    """Branch an image into named views, each with its own pipeline.

    The convention of mmdet's semi-supervised training: labelled and unlabelled sources name
    different branches of the same ``fields``, and a branch that a source does not have is ``None``,
    which the data preprocessor leaves out.

    Args:
        fields: Names of all branches of a batch, in order, such as ``("labelled", "weak",
            "strong")``.
        branches: For each branch of this source, its transforms or their configs; the last packs.
        shared: Transforms that run once, before the image is branched, such as loading.

    Raises:
        ConfigError: A branch is not among the fields, or there is none.
    """

    def __init__(
        self,
        fields: Sequence[str],
        branches: Mapping[str, Sequence[Any]],
        shared: Sequence[Any] = (),
    ) -> None:
        unknown = [name for name in branches if name not in fields]
        if unknown or not branches:
            raise ConfigError(f"MultiBranch: {unknown or 'no branch'} not among {list(fields)}")
        self.fields = tuple(fields)
        self.shared = build_pipeline(shared)
        self.branches = {name: build_pipeline(steps) for name, steps in branches.items()}

    def transform(self, results: dict) -> dict | None:
        """``{"inputs": {field: tensor | None}, "data_samples": {field: sample | None}}``.

        ``None`` if any step refuses the image.
        """
        shared = self.shared(results)
        if shared is None:
            return None
        packed: dict[str, dict[str, Any]] = {
            "inputs": dict.fromkeys(self.fields),
            "data_samples": dict.fromkeys(self.fields),
        }
        for name, pipeline in self.branches.items():
            view = pipeline(copy.deepcopy(shared))
            if view is None:
                return None
            for key, values in packed.items():
                values[name] = view[key]
        return packed
