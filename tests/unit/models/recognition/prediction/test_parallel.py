"""The parallel decoder: by hand, and its independence of padding."""

import math

import pytest
import torch

from spotter.charset import Charset
from spotter.errors import ConfigError
from spotter.models.recognition.prediction import ParallelPrediction
from spotter.structures import TextRecSample


@pytest.fixture(params=["unet", "linear"])
def head(request) -> ParallelPrediction:
    torch.manual_seed(0)
    return ParallelPrediction(
        6, Charset("abc"), max_length=4, key_network=request.param, key_channels=4
    ).eval()


def test_decode_by_hand(head: ParallelPrediction) -> None:
    steps = [[0.1, 0.1, 0.2, 0.6], [0.2, 0.5, 0.2, 0.1], [0.8, 0.1, 0.05, 0.05], [0, 1, 0, 0]]
    [reading] = head.decode(torch.tensor([steps]).log())
    assert reading.text == "ca"
    assert reading.score == pytest.approx(0.6 * 0.5 * 0.8)


@pytest.mark.parametrize("height", [1, 2])
def test_padding_changes_nothing(head: ParallelPrediction, height: int) -> None:
    for module in head.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-1, 1)
    features = torch.randn(1, 11 * height, 6)
    padded = torch.cat([features, torch.full((1, 6 * height, 6), 9.0)], 1)
    mask = torch.arange(17 * height)[None, :] < 11 * height
    torch.testing.assert_close(head(padded, mask, height), head(features, None, height))


def test_attention_is_a_distribution_over_the_crop(head: ParallelPrediction) -> None:
    mask = torch.arange(8)[None, :] < 6
    attention = head.glimpses(torch.randn(1, 8, 6), mask)[1]
    assert attention.shape == (1, 5, 8)
    torch.testing.assert_close(attention.sum(-1), torch.ones(1, 5))
    assert not attention[..., 6:].any()


def test_loss_counts_characters_and_the_first_null(head: ParallelPrediction) -> None:
    torch.nn.init.zeros_(head.classifier.weight)
    with torch.no_grad():
        head.classifier.bias.copy_(torch.tensor([0.4, 0.3, 0.2, 0.1]).log())
    samples = [TextRecSample(text="ab"), TextRecSample(), TextRecSample(text="abcab")]
    loss = head.loss(torch.randn(3, 8, 6), samples)["loss_parallel"]
    assert loss.item() == pytest.approx(-math.log(0.3 * 0.2 * 0.4) / 3)


def test_nothing_labelled_still_touches_every_parameter(head: ParallelPrediction) -> None:
    loss = head.loss(torch.randn(1, 8, 6), [TextRecSample()])["loss_parallel"]
    loss.backward()
    assert loss.item() == 0.0
    assert all(p.grad is not None for p in head.parameters())


def test_memorises_words() -> None:
    torch.manual_seed(2)
    words = ["ab", "cabb", "", "c"]
    head = ParallelPrediction(48, Charset("abc"), 4, key_network="linear")
    features = torch.randn(4, 7, 48)
    samples = [TextRecSample(text=word) for word in words]
    optimizer = torch.optim.Adam(head.parameters(), 0.01)
    for _ in range(80):
        optimizer.zero_grad()
        head.loss(features, samples)["loss_parallel"].backward()
        optimizer.step()
    assert [r.text for r in head.decode(head.eval()(features))] == words


def test_unknown_key_network() -> None:
    with pytest.raises(ConfigError, match="key_network"):
        ParallelPrediction(6, Charset("abc"), key_network="mlp")
