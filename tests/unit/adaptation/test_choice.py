"""Mixing weights with those of the start, and refusing what has forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from spotter.adaptation.choice import choose, mix_weights, shares_below
from spotter.adaptation.measure import LabelledFigures
from spotter.errors import ConfigError
from spotter.training.weights import load_state, read_header, save_weights


def other(weights: Path, out: Path, add: float) -> Path:
    """The same model with a number added to all of its weights."""
    state = {k: v + add if v.is_floating_point() else v for k, v in load_state(weights).items()}
    save_weights(out, state, read_header(weights))
    return out


def test_shares_of_two_files(weights: Path, tmp_path: Path) -> None:
    adapted = other(weights, tmp_path / "adapted.safetensors", 1.0)
    out = tmp_path / "mine.safetensors"
    mix_weights(weights, adapted, out, 0.25, {"minutes": 3})
    start, mixed = load_state(weights), load_state(out)
    for name, tensor in start.items():
        if tensor.is_floating_point():
            torch.testing.assert_close(mixed[name], tensor + 0.25, atol=2e-3, rtol=0)
    header = read_header(out)
    assert header["name"] == "mine"
    assert header["card"] == {"adapted_from": "small", "adapted_share": 0.25, "minutes": 3}
    save_weights(adapted, {"head": torch.ones(2)}, read_header(weights))
    with pytest.raises(ConfigError, match="another model"):
        mix_weights(weights, adapted, out, 0.5)


@pytest.mark.parametrize(("loss", "taken"), [(0.5, 1.0), (0.3, 0.75), (-0.1, None)])
def test_the_largest_share_that_forgets_little(
    weights: Path, tmp_path: Path, loss: float, taken: float | None
) -> None:
    adapted = other(weights, tmp_path / "adapted.safetensors", 1.0)
    name, first = next(iter(load_state(weights).items()))

    def guard(path: Path) -> LabelledFigures:
        # Of ten words, the more weights moved, the fewer are read.
        moved = float((load_state(path)[name] - first).mean())
        right = 8 - round(4 * moved)
        return LabelledFigures((True,) * right + (False,) * (10 - right), (True,) * 10)

    choice = choose(weights, adapted, tmp_path, 0.8, guard, max_loss=loss)
    assert (choice.taken.share if choice.taken else None) == taken
    assert len(choice.tried) == {1.0: 1, 0.75: 2, None: 4}[taken]


def test_shares_to_try() -> None:
    assert shares_below(1.0) == (1.0, 0.75, 0.5, 0.25)
    assert shares_below(0.6) == (0.6, 0.5, 0.25)
    assert shares_below(0.3) == (0.3, 0.25)
