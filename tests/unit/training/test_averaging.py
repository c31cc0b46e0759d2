"""Weights averaged over files."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from spotter.errors import ConfigError
from spotter.training.averaging import average_files, parse_part
from spotter.training.header import make_header
from spotter.training.weights import load_state, read_header, save_weights
from tests.unit.training.toy import ToyRegressor


def written(folder: Path, name: str, value: float, channels: int = 4, score: float = 0.5) -> Path:
    model = ToyRegressor(channels)
    for weight in model.parameters():
        torch.nn.init.constant_(weight, value)
    config = {"type": "ToyRegressor", "channels": channels}
    card = {"data": name, "score": score, "metrics": {"accuracy": score}}
    path = folder / f"{name}.safetensors"
    save_weights(path, model, make_header("detection", "toy", config, card=card))
    return path


def test_the_mean_has_the_first_ones_header_without_its_scores(tmp_path: Path) -> None:
    first, second = written(tmp_path, "first", 1.0), written(tmp_path, "second", 5.0)
    out = tmp_path / "mean.safetensors"
    shares = average_files([(first, 1.0), (second, 3.0)], out)
    assert shares == [(first, 0.25), (second, 0.75)]
    mean, part = load_state(out), load_state(first)
    assert mean.keys() == part.keys()
    for name, weight in ToyRegressor(4).named_parameters():
        torch.testing.assert_close(mean[name].float(), torch.full_like(weight, 4.0))
    # Counters are not averaged.
    assert not mean["norm.num_batches_tracked"].is_floating_point()
    header = read_header(out)
    assert header["card"] == {"data": "first", "averaged": "0.25 first, 0.75 second"}
    assert {**header, "card": {}} == {**read_header(first), "card": {}}


def test_a_checkpoint_counts_with_its_weights_to_use(tmp_path: Path) -> None:
    first, second = written(tmp_path, "first", 1.0), written(tmp_path, "second", 3.0)
    state = {**load_state(second), "loss.weight": torch.ones(2)}
    worse = {name: torch.zeros_like(weight) for name, weight in state.items()}
    checkpoint = tmp_path / "iter_9.pth"
    torch.save({"state_dict": state, "training_state_dict": worse, "meta": {"iter": 9}}, checkpoint)
    out, expected = tmp_path / "mean.safetensors", tmp_path / "expected.safetensors"
    average_files([(first, 0.5), (checkpoint, 0.5)], out)
    average_files([(first, 0.5), (second, 0.5)], expected)
    torch.testing.assert_close(load_state(out), load_state(expected))
    assert read_header(out)["card"]["averaged"] == "0.5 first, 0.5 iter_9"


def test_other_models_and_lonely_files_are_refused(tmp_path: Path) -> None:
    first = written(tmp_path, "first", 1.0)
    wide = written(tmp_path, "wide", 1.0, channels=8)
    out = tmp_path / "mean.safetensors"
    with pytest.raises(ConfigError, match=r"wide\.safetensors: weights of another model than"):
        average_files([(first, 1.0), (wide, 1.0)], out)
    with pytest.raises(ConfigError, match="at least two files"):
        average_files([(first, 1.0)], out)
    assert not out.exists()


def test_parts_are_files_with_or_without_a_share() -> None:
    assert parse_part("a/b.safetensors") == (Path("a/b.safetensors"), 1.0)
    assert parse_part("a/b.safetensors:0.3") == (Path("a/b.safetensors"), 0.3)
    assert parse_part("C:/b.safetensors") == (Path("C:/b.safetensors"), 1.0)
    for wrong in ("a:0", "a:-1", "a:nan", "a:inf"):
        with pytest.raises(ConfigError, match="a share is a positive number"):
            parse_part(wrong)
