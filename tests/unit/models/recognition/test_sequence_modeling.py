"""Sequence stages: padding does not enter, whatever it holds."""

import pytest
import torch

from spotter.models.recognition.sequence_modeling import BiLSTM, NoSequence, TransformerEncoder


@pytest.fixture(params=["bilstm", "transformer"])
def stage(request) -> torch.nn.Module:
    torch.manual_seed(0)
    if request.param == "bilstm":
        return BiLSTM(6, hidden_channels=4).eval()
    return TransformerEncoder(6, channels=4, heads=2, num_layers=2).eval()


def test_frames_do_not_depend_on_padding(stage: torch.nn.Module) -> None:
    frames = torch.randn(2, 5, 6)
    padded = torch.full((2, 9, 6), 30.0)
    padded[0, :5] = frames[0]
    padded[1, :3] = frames[1, :3]
    mask = torch.arange(9)[None, :] < torch.tensor([[5], [3]])
    result = stage(padded, mask)
    assert result.shape == (2, 9, stage.out_channels)
    torch.testing.assert_close(result[0, :5], stage(frames[:1])[0])
    torch.testing.assert_close(result[1, :3], stage(frames[1:, :3])[0])


def test_context_reaches_both_ways(stage: torch.nn.Module) -> None:
    frames = torch.randn(1, 5, 6)
    changed = frames.clone()
    changed[0, 2] += 1.0
    difference = (stage(changed) - stage(frames)).abs().amax(-1)[0]
    assert (difference > 0).all()


def test_no_sequence_is_the_identity() -> None:
    frames = torch.randn(1, 2, 3)
    stage = NoSequence(3)
    assert stage(frames) is frames
    assert stage.out_channels == 3
