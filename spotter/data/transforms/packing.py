"""The end of every pipeline: a tensor and the data sample that goes with it."""

from __future__ import annotations

import numpy as np
import torch

from spotter.data.transforms.base import BaseTransform
from spotter.registry import TRANSFORMS
from spotter.structures import TextDetSample, TextInstance, TextRecSample


def image_to_tensor(image: np.ndarray) -> torch.Tensor:
    """(H, W, 3) uint8 array to a contiguous (3, H, W) uint8 tensor."""
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))


@TRANSFORMS.register_module()
class PackDetInputs(BaseTransform):
    """``{"inputs": (3, H, W) uint8 BGR, "data_samples": TextDetSample}`` from a pipeline's results.

    Keys used: ``img``, and where present ``instances``, ``targets``, ``img_path``, ``img_shape``
    (valid region), ``ori_shape`` and ``scale_factor``.
    """

    def transform(self, results: dict) -> dict:
        image = results["img"]
        instances = [
            TextInstance(
                polygon=np.asarray(item["polygon"], np.float32),
                text=item.get("text"),
                ignore=bool(item["ignore"]),
            )
            for item in results.get("instances", [])
        ]
        sample = TextDetSample(
            instances=instances,
            targets=results.get("targets", {}),
            img_path=results.get("img_path"),
            original_shape=tuple(results.get("ori_shape", image.shape[:2])),
            input_shape=tuple(results.get("img_shape", image.shape[:2])),
            scale=tuple(results.get("scale_factor", (1.0, 1.0))),
        )
        return {"inputs": image_to_tensor(image), "data_samples": sample}


@TRANSFORMS.register_module()
class PackRecInputs(BaseTransform):
    """``{"inputs": (3, H, W) uint8 BGR, "data_samples": TextRecSample}`` from a pipeline's results.

    Keys used: ``img``, and where present ``text``, ``valid_ratio``, ``img_path``, ``source``,
    ``hidden_text`` and ``label_alphabet``.
    """

    def transform(self, results: dict) -> dict:
        sample = TextRecSample(
            text=results.get("text"),
            valid_ratio=float(results.get("valid_ratio", 1.0)),
            img_path=results.get("img_path"),
            source=results.get("source", ""),
            hidden_text=results.get("hidden_text"),
            label_alphabet=results.get("label_alphabet"),
        )
        return {"inputs": image_to_tensor(results["img"]), "data_samples": sample}
