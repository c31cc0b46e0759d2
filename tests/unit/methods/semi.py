"""Small recognizers and batches for tests of semi-supervised recipes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from spotter.registry import MODELS
from spotter.structures import TextRecSample

PREDICTIONS = {
    "attention": {"type": "AttentionPrediction", "hidden_channels": 16, "embedding_channels": 8},
    "ctc": {"type": "CTCPrediction"},
    "parallel": {"type": "ParallelPrediction", "key_channels": 8, "key_network": "linear"},
    "transformer": {"type": "TransformerPrediction", "channels": 16, "heads": 2, "dropout": 0.0},
}


def recognizer_config(prediction: str = "attention", **options: Any) -> dict[str, Any]:
    """A recognizer of ten digits and six letters, words of up to four characters."""
    return {
        "type": "FourStageRecognizer",
        "transformation": {"type": "NoTransformation"},
        "feature_extraction": {
            "type": "CompactMixer",
            "channels": (8, 8, 16),
            "depths": (1, 1, 1),
        },
        "sequence_modeling": {"type": "NoSequence"},
        "prediction": PREDICTIONS[prediction],
        "charset": {"characters": "0123456789abcdef"},
        "max_length": 4,
        **options,
    }


def build_recognizer(prediction: str = "attention", **options: Any) -> Any:
    torch.manual_seed(0)
    return MODELS.build(recognizer_config(prediction, **options))


END_BIAS = {"attention": 4.0, "ctc": 8.0, "parallel": 3.0, "transformer": 3.0}


def outspoken(recognizer: Any) -> Any:
    """Large weights in the prediction stage: words of several lengths, with varied confidence."""
    generator = torch.Generator().manual_seed(3)
    prediction = recognizer.prediction
    kind = type(prediction).__name__.removesuffix("Prediction").lower()
    with torch.no_grad():
        if kind == "transformer":
            # Its layers are normalised: what it looks at decides, not how large its weights are.
            (layer,) = prediction.layers
            for module, factor in ((layer.query, 40), (layer.key_value, 10), (layer.frame_out, 10)):
                module.weight.mul_(factor)
            prediction.classifier.weight.normal_(std=2.0, generator=generator)
        else:
            for parameter in prediction.parameters():
                parameter.normal_(std=3.0, generator=generator)
        recognizer.prediction.classifier.bias[0] += END_BIAS[kind]
    return recognizer


def build_recipe(kind: str, prediction: str = "attention", seed: int = 0, **options: Any) -> Any:
    """A recipe in training mode, with batch norms that do not look at the batch."""
    torch.manual_seed(seed)
    recipe = MODELS.build(
        {"type": kind, "recognizer": recognizer_config(prediction), **options}
    ).train()
    return still_norms(recipe)


def still_norms(model: nn.Module) -> nn.Module:
    """Batch norms in evaluation mode: what one crop gives does not depend on the others."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    return model


def crops(count: int, seed: int = 1) -> Tensor:
    return torch.randn(count, 3, 32, 48, generator=torch.Generator().manual_seed(seed))


def labels(*texts: str | None) -> list[TextRecSample]:
    return [TextRecSample(text=text) for text in texts]


def batch(
    texts: Sequence[str | None] = ("ab", "c1", "9d"), unlabelled: int = 4, seed: int = 1
) -> tuple[dict[str, Tensor], dict[str, list[TextRecSample]]]:
    """Inputs and data samples of the three branches."""
    inputs = {
        "labelled": crops(len(texts), seed),
        "weak": crops(unlabelled, seed + 1),
        "strong": crops(unlabelled, seed + 1) + 0.3 * crops(unlabelled, seed + 2),
    }
    samples = {
        "labelled": labels(*texts),
        "weak": labels(*[None] * unlabelled),
        "strong": labels(*[None] * unlabelled),
    }
    return inputs, samples


def total(losses: dict[str, Tensor]) -> Tensor:
    """Sum of what is trained."""
    return torch.stack([value for name, value in losses.items() if "loss" in name]).sum()


def gradients(model: nn.Module) -> dict[str, Tensor]:
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
