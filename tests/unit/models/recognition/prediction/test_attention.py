"""The attention decoder: by hand, and free against teacher-forced decoding."""

import math

import pytest
import torch

from spotter.charset import Charset
from spotter.models.recognition.prediction import AttentionPrediction
from spotter.models.token_maps import AttentionTokenMap
from spotter.structures import TextRecSample


@pytest.fixture
def head() -> AttentionPrediction:
    torch.manual_seed(0)
    return AttentionPrediction(
        6, Charset("abc"), max_length=4, hidden_channels=8, embedding_channels=5
    ).eval()


def test_decode_by_hand(head: AttentionPrediction) -> None:
    steps = [[0.1, 0.1, 0.2, 0.6], [0.2, 0.5, 0.2, 0.1], [0.8, 0.1, 0.05, 0.05], [0, 1, 0, 0]]
    [reading] = head.decode(torch.tensor([steps]).log())
    assert reading.text == "ca"
    assert reading.character_scores == pytest.approx([0.6, 0.5])
    assert reading.score == pytest.approx(0.6 * 0.5 * 0.8)


def test_word_without_an_end(head: AttentionPrediction) -> None:
    logits = torch.tensor([[[0.1, 0.7, 0.1, 0.1]] * 5]).log()
    [reading] = head.decode(logits)
    assert reading.text == "aaaaa"
    assert reading.score == pytest.approx(0.7**5)


def test_loss_of_a_uniform_classifier(head: AttentionPrediction) -> None:
    torch.nn.init.zeros_(head.classifier.weight)
    torch.nn.init.zeros_(head.classifier.bias)
    samples = [TextRecSample(text="ab"), TextRecSample(text="c"), TextRecSample(text="abcab")]
    loss = head.loss(torch.randn(3, 7, 6), samples)["loss_attention"]
    assert loss.item() == pytest.approx(math.log(4))


def test_words_too_long_or_unlabelled_add_nothing(head: AttentionPrediction) -> None:
    features = torch.randn(3, 7, 6)
    samples = [TextRecSample(text="abcab"), TextRecSample(), TextRecSample(text="b")]
    alone = head.loss(features[2:], samples[2:])["loss_attention"]
    together = head.loss(features, samples)["loss_attention"]
    torch.testing.assert_close(together, alone)
    nothing = head.loss(features[:2], samples[:2])["loss_attention"]
    nothing.backward()
    assert nothing.item() == 0.0
    assert all(p.grad is not None for p in head.parameters())


def test_teacher_forcing_on_its_own_words_repeats_free_decoding(head: AttentionPrediction) -> None:
    features = torch.randn(5, 7, 6) * 3
    tokens, logits = head.decode_free(features)
    forced = head.forward_train(features, head.teacher_tokens(tokens))
    spoken = tokens != head.token_map.pad
    torch.testing.assert_close(forced.logits[spoken], logits[spoken])
    assert forced.glimpses.shape == (5, 5, 6)
    assert forced.hidden.shape == (5, 5, 8)
    torch.testing.assert_close(head.classify(forced.hidden), forced.logits)


def test_teacher_tokens_by_hand(head: AttentionPrediction) -> None:
    eos, bos, pad = 0, 4, 5
    tokens = torch.tensor([[1, 2, eos, pad], [1, 2, 3, 1]])
    assert head.teacher_tokens(tokens).tolist() == [[bos, 1, 2, eos, pad], [bos, 1, 2, 3, eos]]


def test_projection_sits_between_states_and_classifier(head: AttentionPrediction) -> None:
    features = torch.randn(1, 7, 6)
    tokens = AttentionTokenMap(head.charset).encode(["ab"])[0]
    result = head.forward_train(features, tokens, projection=torch.zeros_like)
    expected = head.classifier.bias.expand(1, 3, 4)
    torch.testing.assert_close(result.logits, expected)
    assert result.hidden.abs().max() > 0


def test_early_stop_and_batch_change_nothing(head: AttentionPrediction) -> None:
    with torch.no_grad():
        head.classifier.bias[0] = 0.3  # some words end early
    features = torch.randn(6, 7, 6) * 4
    tokens, logits = head.decode_free(features)
    for i in range(6):
        alone = head.decode_free(features[i : i + 1])
        assert alone[0].tolist() == tokens[i : i + 1].tolist()
        torch.testing.assert_close(alone[1], logits[i : i + 1])
    full = head.decode_free(features, early_stop=False)
    assert full[0].tolist() == tokens.tolist()
    torch.testing.assert_close(full[1], logits)


def test_padding_changes_nothing(head: AttentionPrediction) -> None:
    features = torch.randn(1, 5, 6)
    padded = torch.cat([features, torch.full((1, 3, 6), 9.0)], 1)
    mask = torch.arange(8)[None, :] < 5
    torch.testing.assert_close(head(padded, mask), head(features))


def test_memorises_words() -> None:
    torch.manual_seed(0)
    words = ["ab", "cabb", "", "c"]
    head = AttentionPrediction(6, Charset("abc"), 4, hidden_channels=24, embedding_channels=8)
    features = torch.randn(4, 7, 6)
    samples = [TextRecSample(text=word) for word in words]
    optimizer = torch.optim.Adam(head.parameters(), 0.03)
    for _ in range(30):
        optimizer.zero_grad()
        head.loss(features, samples)["loss_attention"].backward()
        optimizer.step()
    readings = head.decode(head.eval()(features))
    assert [r.text for r in readings] == words
    assert all(r.score > 0.5 for r in readings)


def test_remap_charset_carries_embedding_and_classifier(head: AttentionPrediction) -> None:
    new = AttentionPrediction(
        6, Charset("dcba"), max_length=4, hidden_channels=8, embedding_channels=5
    ).eval()
    state, new_characters = new.remap_charset(head.state_dict(), head.charset)
    new.load_state_dict(state)
    assert new_characters == ["d"]
    features = torch.randn(2, 7, 6)
    old_logits = head.forward_train(features, head.token_map.encode(["ab", "c"])[0]).logits
    new_logits = new.forward_train(features, new.token_map.encode(["ab", "c"])[0]).logits
    torch.testing.assert_close(new_logits[..., [0, 4, 3, 2]], old_logits)
