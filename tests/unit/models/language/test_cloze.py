"""No character is seen from its own place, and no padding from anywhere."""

from __future__ import annotations

import pytest
import torch

from spotter.charset import Charset
from spotter.errors import ConfigError
from spotter.models.language import ClozeLanguageModel, MaskedLanguageModel
from spotter.models.language.base import places, word_lengths

KINDS = [ClozeLanguageModel, MaskedLanguageModel]
SMALL = {"charset": "36", "max_length": 7, "channels": 16, "num_layers": 3, "heads": 2}


def build(kind: type, **options: object) -> ClozeLanguageModel:
    torch.manual_seed(0)
    model = kind(**{**SMALL, **options}).eval()
    for parameter in model.parameters():
        # Away from zeros that would hide a leak.
        torch.nn.init.normal_(parameter, std=0.5)
    return model


@pytest.mark.parametrize("kind", KINDS)
def test_a_character_does_not_speak_for_itself(kind: type) -> None:
    model = build(kind)
    words, lengths = model.encode(["banana", "cab"], 8)
    before = model(words, lengths).logits
    for place in range(6):
        changed = words.clone()
        changed[:, place] = torch.rand(2, words.shape[2])
        after = model(changed, lengths).logits
        torch.testing.assert_close(after[:, place], before[:, place], rtol=0, atol=1e-6)
        others = [p for p in range(4) if p != place]
        if place < 4:
            assert (after[:, others] - before[:, others]).abs().amax(-1).min() > 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_behind_the_end_is_not_seen(kind: type) -> None:
    model = build(kind)
    words, lengths = model.encode(["cab", "banana"], 8)
    assert lengths.tolist() == [4, 7]
    before = model(words, lengths).logits
    changed = words.clone()
    changed[0, 4:] = torch.rand(4, words.shape[2])
    after = model(changed, lengths).logits
    torch.testing.assert_close(after[0, :4], before[0, :4], rtol=0, atol=1e-6)
    # Nor does one word see another.
    alone = model(words[:1], lengths[:1]).logits
    torch.testing.assert_close(alone[0, :4], before[0, :4], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_word_of_nothing_but_its_end(kind: type) -> None:
    model = build(kind)
    words, lengths = model.encode([""])
    assert torch.isfinite(model(words, lengths).logits).all()


def test_places_are_told_apart() -> None:
    model = build(ClozeLanguageModel)
    words, lengths = model.encode(["aaaa"])
    logits = model(words, lengths).logits[0]
    assert (logits[1] - logits[2]).abs().max() > 1e-3


def test_masked_places_say_what_the_forward_pass_says() -> None:
    model = build(MaskedLanguageModel)
    words, lengths = model.encode(["banana"])
    masked = words.clone()
    masked[0, 2] = 0.0
    masked[0, 2, model.token_map.mask] = 1.0
    one = model.predict_masked(masked, lengths).logits[0, 2]
    torch.testing.assert_close(model(words, lengths).logits[0, 2], one, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_distributions_are_embedded_as_mixtures(kind: type) -> None:
    model = build(kind)
    words, lengths = model.encode(["cab", "cob"])
    mixed = 0.5 * (words[0] + words[1])
    torch.testing.assert_close(
        model.embed(mixed[None])[0], model.embed(words).mean(0), rtol=1e-4, atol=1e-5
    )
    # The mask's class may be left out.
    plain = words[:, :, : model.token_map.num_classes]
    torch.testing.assert_close(model(plain, lengths).logits, model(words, lengths).logits)


def test_word_lengths_by_hand() -> None:
    logits = torch.zeros(4, 3, 3)
    logits[0, 0, 1] = logits[0, 1, 2] = logits[0, 2, 0] = 1.0
    logits[1, 0, 0] = logits[1, 1, 1] = 1.0
    logits[2, :, 1] = 1.0
    logits[3, 0, 2] = logits[3, 2, 1] = logits[3, 1, 0] = 1.0
    assert word_lengths(logits).tolist() == [3, 1, 3, 2]
    assert places(torch.tensor([1, 3]), 3).tolist() == [[True, False, False], [True] * 3]


def test_another_charset_keeps_what_is_shared() -> None:
    old, new = build(ClozeLanguageModel, charset="36"), build(ClozeLanguageModel, charset="62")
    state, fresh = new.remap_charset(old.state_dict(), Charset.load("36"))
    assert "".join(fresh) == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    new.load_state_dict(state)
    words, lengths = new.encode(["cab"])
    ours, theirs = new(words, lengths), old(*old.encode(["cab"]))
    torch.testing.assert_close(ours.features, theirs.features)
    torch.testing.assert_close(ours.logits[..., :37], theirs.logits)


def test_heads_must_divide_the_channels() -> None:
    with pytest.raises(ConfigError, match="heads"):
        ClozeLanguageModel(channels=10, heads=3)
