"""The even alignment, by hand."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from spotter.charset import Charset
from spotter.errors import ConfigError
from spotter.models.recognition.prediction import CTCPrediction
from spotter.models.recognition.prediction.frame_alignment import UNDECIDED, evenly_spaced_targets
from spotter.structures import TextRecSample
from spotter.training.hooks import FrameAlignmentHook

U = UNDECIDED


def test_two_characters_in_ten_frames() -> None:
    # Centres at (0.03 + 0.94 * 0.25) * 10 = 2.65 and 7.35; a character spans 4.7 frames, of which
    # those more than 0.38 * 4.7 = 1.79 from a centre are blank: frames whose middle is 0.5, 4.5, ..
    assert evenly_spaced_targets([[7, 9]], [10], 10, 0).tolist() == [[0, U, 7, U, 0, 0, U, 9, U, 0]]


def test_padding_is_undecided() -> None:
    row = evenly_spaced_targets([[7, 9]], [10], 14, 0)[0]
    assert row[10:].tolist() == [U] * 4
    assert row[:10].tolist() == evenly_spaced_targets([[7, 9]], [10], 10, 0)[0].tolist()


@pytest.mark.parametrize("word", [[], [1, 2, 3]])
def test_words_that_do_not_fit_are_undecided(word: list[int]) -> None:
    assert (evenly_spaced_targets([word], [5], 5, 0) == U).all()


def test_the_loss_is_zero_for_logits_that_say_the_alignment() -> None:
    stage = CTCPrediction(in_channels=4, charset=Charset("ab"))
    stage.alignment_weight = 3.0
    targets = evenly_spaced_targets([[1, 2]], [12], 12, 0).clamp(min=0)
    logits = torch.nn.functional.one_hot(targets, 3).float() * 100
    stage.forward = lambda *_: logits  # type: ignore[method-assign]
    losses = stage.loss(torch.zeros(1, 12, 4), [TextRecSample(text="ab")])
    assert losses["loss_alignment"].item() == pytest.approx(0.0, abs=1e-6)
    stage.forward = lambda *_: torch.zeros(1, 12, 3)  # type: ignore[method-assign]
    uniform = stage.loss(torch.zeros(1, 12, 4), [TextRecSample(text="ab")])
    assert uniform["loss_alignment"].item() == pytest.approx(3 * torch.tensor(3.0).log().item())


def test_without_weight_there_is_no_such_loss() -> None:
    stage = CTCPrediction(in_channels=4, charset=Charset("ab"))
    assert set(stage.loss(torch.zeros(1, 12, 4), [TextRecSample(text="ab")])) == {"loss_ctc"}


def test_the_hook_fades_the_weight_out() -> None:
    stage = CTCPrediction(in_channels=4, charset=Charset("ab"))
    hook = FrameAlignmentHook(weight=2.0, iterations=10)
    runner = SimpleNamespace(model=stage, iter=0)
    hook.before_train(runner)
    seen = []
    for runner.iter in (0, 5, 10, 11):
        hook.before_train_iter(runner, runner.iter)
        seen.append(stage.alignment_weight)
    assert seen == [2.0, 1.0, 0.0, 0.0]
    with pytest.raises(ConfigError):
        hook.before_train(SimpleNamespace(model=torch.nn.Linear(1, 1)))
