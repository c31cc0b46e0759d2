"""A recognizer and views small enough for tests of the recipes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from spotter.registry import MODELS
from spotter.structures import TextRecSample

CHANNELS = 8


def tiny_recognizer(sequence: str = "BiLSTM", prediction: str = "CTCPrediction") -> dict[str, Any]:
    """Config of a recognizer of 32x64 crops with 16 frames of 8 channels."""
    third = {"type": "BiLSTM", "hidden_channels": CHANNELS, "num_layers": 1}
    return {
        "type": "FourStageRecognizer",
        "data_preprocessor": {"type": "RecDataPreprocessor"},
        "transformation": None,
        "feature_extraction": {
            "type": "CompactMixer",
            "channels": (4, CHANNELS),
            "depths": (1, 1),
            "mixers": ("conv", "conv"),
        },
        "sequence_modeling": third if sequence == "BiLSTM" else {"type": "NoSequence"},
        "prediction": {"type": prediction},
        "charset": "36",
    }


def build(**config: Any) -> Any:
    """A recipe around the tiny recognizer, under a fixed seed."""
    torch.manual_seed(0)
    return MODELS.build({"recognizer": tiny_recognizer(), **config})


def two_views(count: int = 4, width: int = 64, seed: int = 1) -> dict[str, Tensor]:
    """Random crops in two slightly different views."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(count, 3, 32, width, generator=generator)
    other = images + 0.1 * torch.randn(images.shape, generator=generator)
    return {"view0": images, "view1": other}


def samples(*texts: str | None, ratios: list[float] | None = None) -> list[TextRecSample]:
    """Samples with these texts and valid ratios."""
    shares = ratios or [1.0] * len(texts)
    return [TextRecSample(text=t, valid_ratio=r) for t, r in zip(texts, shares, strict=True)]


def total(losses: dict[str, Tensor]) -> Tensor:
    """What is minimised: mmengine's sum of the entries with ``loss`` in their names."""
    return sum((v for k, v in losses.items() if "loss" in k), torch.zeros(()))


def gradients(module: nn.Module) -> list[str]:
    """Names of the parameters that have a gradient other than zero."""
    return [n for n, p in module.named_parameters() if p.grad is not None and p.grad.abs().sum()]
