"""What is asked for, what is hidden, and that words are learned."""

from __future__ import annotations

import math

import pytest
import torch

from spotter.errors import ConfigError
from spotter.methods import MaskedLanguageModeling
from spotter.structures import LanguageSample

SMALL = {"charset": "36", "max_length": 6, "channels": 16, "num_layers": 1, "heads": 2}


def build(kind: str = "ClozeLanguageModel", **options: object) -> MaskedLanguageModeling:
    torch.manual_seed(0)
    return MaskedLanguageModeling({"type": kind, **SMALL, "dropout": 0.0}, **options)


def samples(*texts: str) -> list[LanguageSample]:
    return [LanguageSample(text) for text in texts]


def test_cloze_loss_by_hand() -> None:
    model = build()
    loss = model(["cab", "a"], samples("cab", "b"), "loss")["loss_language"]
    logs = model(["cab", "a"]).log_softmax(-1)
    terms = [logs[0, t, k] for t, k in enumerate([13, 11, 12, 0])] + [logs[1, 0, 12], logs[1, 1, 0]]
    assert loss.item() == pytest.approx(-sum(term.item() for term in terms) / 6, rel=1e-5)


@pytest.mark.parametrize("kind", ["ClozeLanguageModel", "MaskedLanguageModel"])
def test_learns_which_characters_go_together(kind: str) -> None:
    model = build(kind, mask_share=0.3, noise_rate=0.5)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    words = ["abab", "cdcd", "efef"] * 8
    for _ in range(60 if kind == "ClozeLanguageModel" else 150):
        loss = model(words, samples(*words), "loss")["loss_language"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    [sample] = model([], [LanguageSample("cdcd", misspelt="cdcb")], "predict")
    assert sample.right == [True] * 5
    assert math.exp(sum(sample.log_probabilities) / 5) > 0.8
    assert sample.restored[3]
    assert sample.corrected == "cdcd"


def test_masks_hide_a_share_of_each_word() -> None:
    model = build("MaskedLanguageModel", mask_share=0.25)
    words, lengths = model.language.encode(["abcdef"] * 3000 + ["a"] * 100)
    shown, hidden = model._hide(words, lengths)
    assert not hidden[3000:, 2:].any()
    assert hidden.any(1).all()
    # One place at the least: 0.25 of 7 and the chance that it would have been none.
    wanted = 0.25 + 0.75**7 / 7
    assert hidden[:3000].float().mean().item() == pytest.approx(wanted, abs=0.01)
    assert torch.equal(shown[~hidden], words[~hidden])
    chosen, true = shown[hidden].argmax(-1), words[hidden].argmax(-1)
    masked = (chosen == model.language.token_map.mask).float().mean().item()
    kept = (chosen == true).float().mean().item()
    assert masked == pytest.approx(0.8, abs=0.02)
    assert kept == pytest.approx(0.1 + 0.1 / 37, abs=0.015)


def test_correction_weighs_the_likely_against_the_written() -> None:
    model = build(noise_rate=0.1)
    written, lengths = model.language.token_map.encode(["ab"], 7)
    logs = torch.full((1, 7, 37), math.log(1e-6))
    # 0.9 P(a) < 0.1 / 35 P(x) if x is more than 315 times as likely.
    logs[0, 0, 11], logs[0, 0, 34] = math.log(0.002), math.log(0.002 * 300)
    logs[0, 1, 12], logs[0, 1, 34] = math.log(0.002), math.log(0.002 * 330)
    assert model.correct(logs, written, lengths) == ["ax"]


def test_too_long_a_misspelling_is_cut() -> None:
    model = build()
    assert torch.isfinite(model(["abcdefg"], samples("abcdef"), "loss")["loss_language"])


def test_bad_settings() -> None:
    with pytest.raises(ConfigError, match="mask_share"):
        build(mask_share=0.0)
    with pytest.raises(ConfigError, match="mode"):
        build()(["a"], None, "loss")
