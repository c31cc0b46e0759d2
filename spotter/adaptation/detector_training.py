"""The training of a detector's adaptation: the targets in photos are confident pixels of its moving
average.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.model import BaseModel
from torch import Tensor

from spotter.adaptation.training import TrainingSettings, adaptation_config
from spotter.errors import ConfigError
from spotter.methods.target import EMATarget
from spotter.registry import MODELS

_BRANCHES = ["labelled", "weak", "strong"]
_CROP = 640
_DIVISOR = 32

_MOMENTUM = 0.99


@MODELS.register_module()
class DetectorConsistency(BaseModel):
    """A DBNet agrees with its moving average on photos without labels.

    The average (Tarvainen and Valpola, NeurIPS 2017) sees the weak view of a crop at several
    scales. Where the mean of its probability maps is at least ``sure_text`` there is text, where it
    is at most ``sure_background`` there is none, and all other pixels are left out, as Unbiased
    Teacher does with boxes (Liu et al., ICLR 2021). On the strong view, which shows the same
    pixels in other colours and degraded, the detector learns these maps; the threshold map is
    learned from labelled crops only.

    Args:
        detector: Config of the DBNet.
        momentum: Of the average, in [0, 1].
        sure_text: Least probability of a pixel that is text, in (0, 1).
        sure_background: Largest probability of one that is none.
        scales: At which the average sees the crops.
        weight: Of the loss on crops without labels.

    Attributes:
        deployed_from: The average is what is used after the training.

    Raises:
        ConfigError: ``sure_background`` is not below ``sure_text``.
    """

    deployable = "detector"
    deployed_from = "target.module"

    def __init__(
        self,
        detector: Mapping[str, Any],
        momentum: float = _MOMENTUM,
        sure_text: float = 0.7,
        sure_background: float = 0.2,
        scales: Sequence[float] = (1.0, 1.5),
        weight: float = 1.0,
    ) -> None:
        if not 0 < sure_background < sure_text < 1:
            raise ConfigError("0 < sure_background < sure_text < 1 is needed")
        built = MODELS.build(dict(detector))
        super().__init__(built.data_preprocessor)
        self.detector = built
        self.target = EMATarget(built)
        self.momentum = momentum
        self.sure_text = sure_text
        self.sure_background = sure_background
        self.scales = tuple(scales)
        self.weight = weight

    def forward(self, inputs: Any, data_samples: Any = None, mode: str = "tensor") -> Any:
        """Losses of a batch of branches, or the output of the detector for a plain batch.

        Args:
            inputs: For ``"loss"`` a dict with ``labelled``, or with ``weak`` and ``strong``, or
                with all three, each (N, 3, H, W); otherwise (N, 3, H, W).
            data_samples: Samples of the branches; those of ``labelled`` have target maps.
            mode: ``"loss"``, or ``"predict"`` and ``"tensor"`` of the detector.
        """
        if mode != "loss":
            return self.detector(inputs, data_samples, mode)
        # Short at first, as in the authors' code: the average follows a run of any length.
        momentum = min(self.momentum, 1.0 - 1.0 / (1 + int(self.target.updates)))
        self.target.update(self.detector, momentum)
        losses: dict[str, Tensor] = {}
        if "labelled" in inputs:
            losses |= self.detector(inputs["labelled"], data_samples["labelled"], "loss")
        if "weak" in inputs:
            maps = self.teach(inputs["weak"])
            own = self.detector(inputs["strong"], maps, "loss")
            losses["loss_consistency"] = self.weight * own["loss_probability"]
            losses["sure"] = maps["shrink_mask"].mean()
        return losses

    @torch.no_grad()
    def teach(self, images: Tensor) -> dict[str, Tensor]:
        """Maps of the confident pixels of the average, as :class:`DBLoss` takes them, each (N, H,
        W).
        """
        size = images.shape[-2:]
        seen = []
        for scale in self.scales:
            sized = images
            if scale != 1.0:
                sides = [max(1, round(side * scale / _DIVISOR)) * _DIVISOR for side in size]
                sized = F.interpolate(images, sides, mode="bilinear", antialias=scale < 1.0)
            probability = self.target(sized).float()
            seen.append(F.interpolate(probability, size, mode="bilinear")[:, 0])
        mean = torch.stack(seen).mean(0)
        text = (mean >= self.sure_text).float()
        known = text + (mean <= self.sure_background)
        nowhere = torch.zeros_like(text)
        return {
            "shrink_map": text,
            "shrink_mask": known,
            "threshold_map": nowhere,
            "threshold_mask": nowhere,
        }


@dataclass(frozen=True)
class DetectorData:
    """What a detector's adaptation learns from.

    Attributes:
        photos: JSON lines of photos (:class:`spotter.data.readers.CanonicalReader`) without words.
        drawn: Folder of drawn scenes, see :func:`spotter.synthesis.writers.write_scenes`.
        photo_share: Share of the crops that are of photos, in (0, 1).
    """

    photos: Path
    drawn: Path
    photo_share: float = 0.5


def detector_config(
    start: Path,
    header: Mapping[str, Any],
    data: DetectorData,
    work_dir: Path,
    settings: TrainingSettings,
) -> Config:
    """The experiment config of a detector's adaptation.

    Args:
        start: Weights (``.safetensors``) to adapt.
        header: Their header, as they are used.
        data: What to learn from.
        work_dir: Folder of the run.
        settings: How; ``shares`` is of recognizers and not used.
    """
    model = copy.deepcopy(dict(header["config"]))
    if "frozen_blocks" in model["backbone"]:
        model["backbone"].update(frozen_blocks=2, norm_eval=True)
    scenes = {
        "type": "ICDARDetectionReader",
        "annotation_root": str(data.drawn / "gt"),
        "image_root": str(data.drawn / "images"),
    }
    photos = {"type": "CanonicalReader", "annotation_file": str(data.photos)}
    dataset = {
        "type": "ConcatDataset",
        "datasets": [
            _dataset("photos", photos, {"weak": [], "strong": _degraded(0.8, 0.6)}),
            _dataset("drawn", scenes, {"labelled": [*_degraded(0.5, 0.2), {"type": "DBTargets"}]}),
        ],
        "ratios": [data.photo_share, 1.0 - data.photo_share],
    }
    method = {
        "type": "DetectorConsistency",
        "detector": model,
        "momentum": _MOMENTUM if settings.momentum is None else settings.momentum,
        "weight": settings.weight,
    }
    cfg = adaptation_config(start, header, work_dir, settings, method, {"dataset": dataset})
    cfg["custom_hooks"].append({"type": "FixedNormsHook"})
    return Config(cfg)


def _degraded(color: float, degrade: float) -> list[dict[str, Any]]:
    return [
        {"type": "ColorJitter", "probability": color},
        {"type": "RandomDegrade", "probability": degrade},
    ]


def _dataset(
    name: str, reader: dict[str, Any], branches: Mapping[str, Sequence[dict[str, Any]]]
) -> dict[str, Any]:
    crop = {
        "type": "RandomAffineCrop",
        "size": _CROP,
        "scale_range": (0.6, 2.0),
        "rotate": 8.0,
        # Mirrored text does not occur in photos.
        "flip": 0.0,
    }
    views = {key: [*steps, {"type": "PackDetInputs"}] for key, steps in branches.items()}
    pipeline = {
        "type": "MultiBranch",
        "fields": _BRANCHES,
        "shared": [{"type": "LoadImage"}, crop],
        "branches": views,
    }
    return {
        "type": "TextDetDataset",
        "name": name,
        "reader": reader,
        "pipeline": [pipeline],
        "skip_unreadable": True,
    }
