"""CTC by hand."""

import math

import pytest
import torch

from spotter.charset import Charset
from spotter.label_alphabet import LabelAlphabet
from spotter.models.recognition.prediction import CTCPrediction
from spotter.structures import TextRecSample


@pytest.fixture
def head() -> CTCPrediction:
    return CTCPrediction(2, Charset("ab"))


@pytest.fixture
def uniform(head: CTCPrediction) -> CTCPrediction:
    for parameter in head.parameters():
        torch.nn.init.zeros_(parameter)
    return head


def test_decode_by_hand(head: CTCPrediction) -> None:
    frames = [[0.1, 0.6, 0.3], [0.05, 0.9, 0.05], [0.8, 0.1, 0.1], [0.2, 0.1, 0.7]]
    [reading] = head.decode(torch.tensor([frames]).log())
    assert reading.text == "ab"
    assert reading.character_scores == pytest.approx([0.9, 0.7])
    assert reading.score == pytest.approx(0.63)


def test_decode_needs_a_blank_between_equal_characters(head: CTCPrediction) -> None:
    path = torch.tensor([[1, 0, 1, 1], [1, 1, 1, 2]])
    logits = torch.nn.functional.one_hot(path, 3).float() * 50
    assert [r.text for r in head.decode(logits)] == ["aa", "ab"]


def test_decode_leaves_padding_out(head: CTCPrediction) -> None:
    logits = torch.nn.functional.one_hot(torch.tensor([[1, 0, 2, 2]]), 3).float() * 50
    mask = torch.tensor([[True, True, False, False]])
    assert head.decode(logits, mask)[0].text == "a"


def test_nothing_read_scores_zero(head: CTCPrediction) -> None:
    [reading] = head.decode(torch.tensor([[[9.0, 0.0, 0.0]]]))
    assert (reading.text, reading.character_scores, reading.score) == ("", [], 0.0)


def test_loss_by_hand(uniform: CTCPrediction) -> None:
    # Three of the nine equally likely paths of two frames spell "a": aa, a-, -a.
    loss = uniform.loss(torch.zeros(1, 2, 2), [TextRecSample(text="a")])["loss_ctc"]
    assert loss.item() == pytest.approx(math.log(3))


def test_an_empty_label_wants_a_blank_in_every_frame(uniform: CTCPrediction) -> None:
    # Eight frames count as two characters.
    features = torch.zeros(1, 8, 2, requires_grad=True)
    loss = uniform.loss(features, [TextRecSample(text="")])["loss_ctc"]
    assert loss.item() == pytest.approx(8 * math.log(3) / 2)
    loss.backward()
    gradient = uniform.classifier.bias.grad
    assert gradient[0] < 0 < min(gradient[1:])


def test_loss_is_per_character_and_averaged_over_words(uniform: CTCPrediction) -> None:
    # One path of two frames spells "ab": -log(1/9) / 2 characters.
    samples = [TextRecSample(text="a"), TextRecSample(text="ab")]
    loss = uniform.loss(torch.zeros(2, 2, 2), samples)["loss_ctc"]
    assert loss.item() == pytest.approx((math.log(3) + math.log(9) / 2) / 2)


def test_loss_leaves_padding_out(uniform: CTCPrediction) -> None:
    mask = torch.tensor([[True, True, False, False]])
    loss = uniform.loss(torch.zeros(1, 4, 2), [TextRecSample(text="a")], mask)["loss_ctc"]
    assert loss.item() == pytest.approx(math.log(3))


def test_unlabelled_words_add_nothing(uniform: CTCPrediction) -> None:
    samples = [TextRecSample(text=None), TextRecSample(text="a")]
    loss = uniform.loss(torch.zeros(2, 2, 2), samples)["loss_ctc"]
    assert loss.item() == pytest.approx(math.log(3))
    nothing = uniform.loss(torch.ones(1, 2, 2), [TextRecSample()])["loss_ctc"]
    nothing.backward()
    assert nothing.item() == 0.0
    assert uniform.classifier.weight.grad is not None


def test_word_that_needs_more_frames_adds_nothing(uniform: CTCPrediction) -> None:
    loss = uniform.loss(torch.zeros(1, 2, 2), [TextRecSample(text="aa")])["loss_ctc"]
    assert loss.item() == 0.0


def test_remap_charset_keeps_shared_rows(head: CTCPrediction) -> None:
    new = CTCPrediction(2, Charset("bxa"))
    fresh = new.classifier.weight.detach().clone()
    state, new_characters = new.remap_charset(head.state_dict(), head.charset)
    assert new_characters == ["x"]
    rows = head.classifier.weight.detach()
    expected = torch.stack([rows[0], rows[2], fresh[2], rows[1]])
    torch.testing.assert_close(state["classifier.weight"], expected)


def test_a_label_that_leaves_out_a_character_is_free_of_it(uniform: CTCPrediction) -> None:
    # Labels tell of "a" alone, the charset of "ab": of the nine paths of two frames, aa, a-, -a,
    # ab and ba say "a".
    partial = TextRecSample(text="a", label_alphabet=LabelAlphabet("a", case=False))
    full = TextRecSample(text="a", label_alphabet=LabelAlphabet("ab", case=False))
    plain = TextRecSample(text="ab")
    features = torch.zeros(3, 2, 2)
    loss = uniform.loss(features[:1], [partial])["loss_ctc"]
    assert loss.item() == pytest.approx(math.log(9 / 5))
    assert uniform.loss(features[:1], [full])["loss_ctc"].item() == pytest.approx(math.log(3))
    mixed = uniform.loss(features, [plain, partial, full])["loss_ctc"]
    expected = (math.log(9) / 2 + math.log(9 / 5) + math.log(3)) / 3
    assert mixed.item() == pytest.approx(expected)


def test_only_whole_labels_teach_other_stages(uniform: CTCPrediction) -> None:
    partial = TextRecSample(text="a", label_alphabet=LabelAlphabet("a", case=False))
    assert uniform.labelled([partial, TextRecSample(text="ab")]) == ([1], ["ab"])
