"""A frozen encoder is really frozen: weights and running statistics, through training."""

from __future__ import annotations

import pytest
import torch

from spotter.errors import ConfigError
from spotter.methods.self_supervised.decoder_evaluation import ENCODER
from tests.unit.methods.tiny import build, gradients, samples, tiny_recognizer, two_views


@pytest.mark.parametrize("prediction", ["CTCPrediction", "AttentionPrediction"])
def test_training_changes_the_decoder_alone(prediction: str) -> None:
    recipe = build(type="DecoderEvaluation", recognizer=tiny_recognizer(prediction=prediction))
    before = {k: v.clone() for k, v in recipe.state_dict().items()}
    parameters = [p for p in recipe.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=0.1, weight_decay=0.1)
    images = two_views()["view0"] * 4 + 1
    for _ in range(3):
        recipe.train()
        losses = recipe(images, samples("ab", "c", "d1", "e"), "loss")
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
    changed = {k for k, v in recipe.state_dict().items() if not torch.equal(v, before[k])}
    assert changed
    assert all(name.startswith("recognizer.prediction.") for name in changed)


def test_modes() -> None:
    recipe = build(type="DecoderEvaluation", frozen=["transformation", "feature_extraction"])
    recipe.train()
    recognizer = recipe.recognizer
    assert not any(m.training for m in recognizer.feature_extraction.modules())
    assert recognizer.sequence_modeling.training
    assert recognizer.prediction.training
    assert all(p.requires_grad for p in recognizer.sequence_modeling.parameters())


def test_unknown_stages_are_refused() -> None:
    with pytest.raises(ConfigError, match="fourth"):
        build(type="DecoderEvaluation", frozen=["fourth"])


def test_a_frozen_stage_without_weights_is_refused() -> None:
    recipe = build(type="DecoderEvaluation")
    recipe.check_loaded(["prediction.classifier.weight"])
    with pytest.raises(ConfigError, match="no feature_extraction, which is frozen"):
        recipe.check_loaded(["prediction.classifier.weight", "feature_extraction.stem.weight"])


@pytest.mark.parametrize("stages", [2, 3])
def test_remembered_frames_give_the_same_losses_and_are_encoded_once(stages: int) -> None:
    frozen = ENCODER[:stages]
    plain = build(type="DecoderEvaluation", frozen=frozen)
    remembering = build(type="DecoderEvaluation", frozen=frozen, remember_frames=True)
    remembering.load_state_dict(plain.state_dict())
    images, words = two_views()["view0"], samples("ab", "c", "d1", "e")
    for number, word in enumerate(words):
        word.img_path = f"word_{number}.png"
    expected = plain.train()(images, words, "loss")["loss_ctc"]
    remembering.train()
    first = remembering(images, words, "loss")["loss_ctc"]
    order = [2, 0, 3, 1]
    # Other pixels under the same names: they are not looked at again.
    again = remembering(torch.zeros_like(images), [words[i] for i in order], "loss")["loss_ctc"]
    assert float(first) == pytest.approx(float(expected), rel=1e-5)
    assert float(again) == pytest.approx(float(expected), rel=1e-5)
    assert len(remembering.frames) == 4
    assert remembering.state_dict().keys() == plain.state_dict().keys()
    again.backward()
    asked = [name for name, p in remembering.named_parameters() if p.requires_grad]
    assert gradients(remembering) == asked
    assert any("sequence_modeling" in name for name in asked) == (stages == 2)


def test_frames_that_cannot_be_remembered() -> None:
    with pytest.raises(ConfigError, match="frozen"):
        build(type="DecoderEvaluation", frozen=["feature_extraction"], remember_frames=True)
    recipe = build(type="DecoderEvaluation", remember_frames=True)
    with pytest.raises(ConfigError, match="path"):
        recipe(two_views()["view0"], samples(*"abcd"), "loss")
