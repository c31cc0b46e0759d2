"""From stage 1 to stage 2: the files of a recipe's run fill recognizers and other recipes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from spotter.errors import WeightsError
from spotter.registry import MODELS
from spotter.training.header import header_from_config
from spotter.training.weights import load_into, save_weights
from tests.unit.methods.tiny import build, tiny_recognizer

WINDOW = {"type": "WindowToInstance", "windows": 5}
ENCODER = ["transformation.", "feature_extraction.", "sequence_modeling."]


def pretrained() -> torch.nn.Module:
    recipe = build(
        type="SeqCLR", mapping=WINDOW, projection={"type": "FrameMLP", "out_channels": 6}
    )
    with torch.no_grad():
        for value in recipe.state_dict().values():
            value.fill_(3)
    return recipe


@pytest.fixture(params=["safetensors", "checkpoint"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """What a run of stage 1 leaves: the bare recognizer, or the recipe's checkpoint."""
    recipe = pretrained()
    if request.param == "checkpoint":
        torch.save({"state_dict": recipe.state_dict()}, tmp_path / "iter_5.pth")
        return tmp_path / "iter_5.pth"
    cfg = {"model": tiny_recognizer(), "task": "recognition"}
    header = header_from_config(cfg, recipe.recognizer, "tiny")
    save_weights(tmp_path / "last.safetensors", recipe.recognizer, header)
    return tmp_path / "last.safetensors"


@pytest.mark.parametrize("wrapped", [True, False])
def test_the_encoder_is_taken_and_the_decoder_is_fresh(file: Path, wrapped: bool) -> None:
    model = build(type="DecoderEvaluation") if wrapped else MODELS.build(tiny_recognizer())
    recognizer = model.recognizer if wrapped else model
    fresh = {k: v.clone() for k, v in recognizer.state_dict().items()}
    report = load_into(model, file, ENCODER)
    encoder = [name for name in fresh if name.startswith(tuple(ENCODER))]
    assert sorted(report.used) == sorted(encoder)
    assert report.missing == []
    assert any(name.startswith("prediction.") for name in report.unused)
    for name, value in recognizer.state_dict().items():
        if name in encoder:
            assert torch.all(value == 3)
        else:
            assert torch.equal(value, fresh[name])


def test_heads_are_reported_as_not_used(tmp_path: Path) -> None:
    torch.save(pretrained().state_dict(), tmp_path / "recipe.pth")
    report = load_into(MODELS.build(tiny_recognizer()), tmp_path / "recipe.pth")
    assert report.missing == []
    assert sorted(report.unused) == [
        f"projection.layers.{i}.{kind}" for i in (0, 2) for kind in ("bias", "weight")
    ]


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    torch.save({"other.weight": torch.ones(2)}, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match="none of its 1 tensors"):
        load_into(build(type="DecoderEvaluation"), tmp_path / "other.pth")
