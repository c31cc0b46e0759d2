"""The transformer decoder: causal, independent of the batch, the same step by step and at once."""

from __future__ import annotations

import pytest
import torch

from spotter.charset import Charset
from spotter.errors import ConfigError
from spotter.models.recognition import TransformerPrediction
from spotter.structures import TextRecSample

CHARSET = Charset("abc")


@pytest.fixture
def decoder() -> TransformerPrediction:
    torch.manual_seed(0)
    return TransformerPrediction(8, CHARSET, 5, channels=16, num_layers=2, heads=2).eval()


def test_step_by_step_is_as_at_once(decoder: TransformerPrediction) -> None:
    frames = torch.randn(4, 7, 8)
    tokens, logits = decoder.decode_free(frames, early_stop=False)
    fed = decoder.teacher_tokens(tokens)
    at_once = decoder.teacher_logits(frames, fed, None)
    for row, said in enumerate(tokens):
        ended = (said == decoder.token_map.eos).nonzero()
        steps = int(ended[0, 0]) + 1 if len(ended) else len(said)
        assert torch.allclose(logits[row, :steps], at_once[row, :steps], atol=1e-5)
        assert not logits[row, steps:].any()
    early, same = decoder.decode_free(frames)
    assert torch.equal(early, tokens)
    assert torch.equal(same, logits)


def test_a_step_knows_nothing_of_later_characters(decoder: TransformerPrediction) -> None:
    frames = torch.randn(1, 7, 8).expand(2, -1, -1)
    tokens, _ = decoder.token_map.encode(["abca", "abbc"])
    one, other = decoder.teacher_logits(frames, tokens, None)
    assert torch.allclose(one[:3], other[:3], atol=1e-6)
    assert not torch.allclose(one[3], other[3], atol=1e-3)


def test_padding_is_not_seen(decoder: TransformerPrediction) -> None:
    frames = torch.randn(1, 9, 8)
    mask = torch.arange(9)[None] < 6
    tokens, _ = decoder.token_map.encode(["abc"])
    padded = decoder.teacher_logits(frames, tokens, mask)
    assert torch.allclose(padded, decoder.teacher_logits(frames[:, :6], tokens, None), atol=1e-5)


def test_probabilities_of_all_words_sum_to_one() -> None:
    torch.manual_seed(1)
    decoder = TransformerPrediction(4, Charset("ab"), 3, channels=8, heads=2).eval()
    words = ["", "a", "b", "aa", "ab", "ba", "bb"]
    tokens, lengths = decoder.token_map.encode(words)
    frames = torch.randn(1, 5, 4).expand(len(words), -1, -1)
    whole = decoder.log_probability(frames, tokens).exp()
    # All words of two characters go on or end: without their end they are a distribution.
    logs = decoder.teacher_logits(frames, tokens, None).log_softmax(-1)
    ends = logs[torch.arange(len(words)), lengths - 1, decoder.token_map.eos].exp()
    open_ended = torch.where(lengths == 3, whole / ends, whole)
    assert open_ended.sum().item() == pytest.approx(1.0, abs=1e-5)


def test_it_learns_to_read(decoder: TransformerPrediction) -> None:
    torch.manual_seed(2)
    decoder.train()
    texts = ["ab", "ca", "b", "ccab"]
    frames = torch.randn(4, 7, 8)
    samples = [TextRecSample(text=text) for text in texts]
    optimizer = torch.optim.Adam(decoder.parameters(), 3e-3)
    for _ in range(150):
        optimizer.zero_grad()
        decoder.loss(frames, samples)["loss_attention"].backward()
        optimizer.step()
    decoder.eval()
    assert [each.text for each in decoder.decode(decoder(frames))] == texts


def test_heads_must_divide() -> None:
    with pytest.raises(ConfigError, match="do not divide"):
        TransformerPrediction(8, CHARSET, channels=10, heads=4)
