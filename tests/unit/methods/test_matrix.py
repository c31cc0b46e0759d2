"""Every method trains every recognizer for a step, or says in one line which one fits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from spotter import methods
from spotter.errors import ConfigError
from spotter.registry import MODELS
from spotter.structures import TextRecSample
from spotter.training.launch import load_config
from tests.unit.methods.semi import PREDICTIONS, crops, labels, recognizer_config, total

ATTENTION, TRANSFORMER = PREDICTIONS["attention"], PREDICTIONS["transformer"]
VISION_LANGUAGE = "vision and language"
RECOGNIZERS: dict[str, dict[str, Any]] = {
    **{name: recognizer_config(name) for name in PREDICTIONS},
    "guided ctc": recognizer_config("ctc", auxiliary=ATTENTION),
    "rescored ctc": recognizer_config("ctc", rescorer=TRANSFORMER),
    VISION_LANGUAGE: {
        "type": "VisionLanguageRecognizer",
        "vision": recognizer_config("parallel"),
        "language": {
            "type": "ClozeLanguageModel",
            "channels": 8,
            "num_layers": 1,
            "heads": 2,
        },
        "rounds": 2,
    },
}
WINDOWS = {"type": "WindowToInstance", "windows": 5}
METHODS: dict[str, dict[str, Any]] = {
    "SeqCLR": {"mapping": WINDOWS, "supervised_weight": 1.0},
    "SimCLR": {"out_channels": 4},
    "MoCo": {"mapping": WINDOWS, "queue_size": 8},
    "SimSiam": {"channels": 8, "predictor_channels": 4},
    "BYOL": {"channels": 8, "out_channels": 4},
    "ContextPrediction": {"hidden_channels": 8},
    "DecoderEvaluation": {},
    "PseudoLabel": {},
    "MeanTeacher": {},
    "FixMatch": {"least_kept": 0.5},
    "CharacterConsistency": {
        "threshold": 0.0,
        "domain": {"labelled_threshold": 0.0, "unlabelled_threshold": 0.0},
    },
    "MultimodalConsistency": {},
}


NARROW = {"channels": 8, "out_channels": 4, "predictor_channels": 4, "queue_size": 8}


CONFIGS = {
    path.stem: load_config(path).model.to_dict()
    for path in sorted((Path(__file__).parents[3] / "configs/recipes").glob("*.py"))
}


def recipes() -> dict[str, dict[str, Any]]:
    """What each recipe sets of its method, made narrow; recipes that agree in it count once."""
    found: dict[str, dict[str, Any]] = {}
    for name, model in CONFIGS.items():
        options = {key: value for key, value in model.items() if key != "recognizer"}
        options |= {key: size for key, size in NARROW.items() if key in options}
        if model["type"] in METHODS and options not in found.values():
            found[name] = options
    return found


RECIPES = recipes()


def build(options: Mapping[str, Any], recognizer: str) -> Any:
    torch.manual_seed(0)
    return MODELS.build({**options, "recognizer": RECOGNIZERS[recognizer]}).train()


def batch(method: Any) -> tuple[Any, Any]:
    """Inputs and data samples as a method wants them; labels wherever they may be."""
    if not method.branches:
        return crops(3), labels("ab", "c1", "9d")
    inputs: dict[str, Tensor] = {}
    samples: dict[str, list[TextRecSample]] = {}
    for number, name in enumerate(method.branches):
        inputs[name] = crops(3, seed=number)
        samples[name] = labels("ab", "c1", None)
    if method.branches == ("crop",):
        inputs["crop"] = torch.randn(3, 3, 56, 168)
    return inputs, samples


def train_a_step(options: Mapping[str, Any], recognizer: str) -> None:
    """Train, or be refused in one line that says what fits."""
    if options["type"] == "MultimodalConsistency" and recognizer != VISION_LANGUAGE:
        with pytest.raises(ConfigError, match="needs a VisionLanguageRecognizer"):
            build(options, recognizer)
        return
    model = build(options, recognizer)
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    before = {name: p.detach().clone() for name, p in trained.items()}
    optimizer = torch.optim.SGD(trained.values(), lr=0.1)
    losses = model(*batch(model), "loss")
    assert all(torch.isfinite(value).all() for value in losses.values())
    total(losses).backward()
    # Distributed training waits for the gradient of every parameter that is trained.
    assert [name for name, p in trained.items() if p.grad is None] == []
    optimizer.step()
    assert any(not torch.equal(before[name], p) for name, p in trained.items())
    [sample] = model.eval()(crops(1), None, "predict")
    assert sample.predicted_text is not None


@pytest.mark.parametrize("recognizer", RECOGNIZERS)
@pytest.mark.parametrize("method", METHODS)
def test_every_method_trains_every_recognizer(method: str, recognizer: str) -> None:
    train_a_step({"type": method, **METHODS[method]}, recognizer)


@pytest.mark.parametrize("recognizer", RECOGNIZERS)
@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_trains_every_recognizer(recipe: str, recognizer: str) -> None:
    train_a_step(RECIPES[recipe], recognizer)


def test_the_matrix_has_every_method() -> None:
    public = [getattr(methods, name) for name in methods.__all__]
    kinds = [kind for kind in public if isinstance(kind, type) and issubclass(kind, methods.Method)]
    wanted = {kind.__name__ for kind in kinds if not kind.__abstractmethods__}
    assert wanted == set(METHODS)


def test_every_recipe_is_of_a_method_in_the_matrix() -> None:
    kinds = {model["type"] for model in CONFIGS.values()}
    # Supervised recognizers and language models are tested with their own configs.
    assert kinds - {"FourStageRecognizer", "MaskedLanguageModeling"} == set(METHODS)


@pytest.mark.parametrize("method", METHODS)
def test_what_is_no_recognizer_is_refused_in_one_line(method: str) -> None:
    config = {"type": method, "recognizer": torch.nn.Linear(2, 2), **METHODS[method]}
    with pytest.raises(ConfigError, match="Linear is none") as caught:
        MODELS.build(config)
    assert "\n" not in str(caught.value)
