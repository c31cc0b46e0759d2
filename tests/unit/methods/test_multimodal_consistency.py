"""Who teaches whom, with which words, and without gradients into the teacher."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from spotter.errors import ConfigError
from spotter.methods import MultimodalConsistency
from spotter.methods.multimodal.multimodal_consistency import TEACHERS, distance
from spotter.models.recognition.vision_language import MODALITIES, VisionLanguageOutput
from spotter.registry import MODELS
from spotter.structures import TextRecSample
from tests.unit.models.recognition.test_vision_language import config, images

Batch = tuple[dict[str, Tensor], dict[str, list[TextRecSample]]]


def build(**options: Any) -> MultimodalConsistency:
    torch.manual_seed(0)
    rounds = options.pop("rounds", 2)
    recognizer = config(rounds=rounds)
    recipe = {"type": "MultimodalConsistency", "recognizer": recognizer, **options}
    model = MODELS.build(recipe)
    with torch.no_grad():
        for part in (model.recognizer.prediction, model.recognizer.fusion):
            part.classifier.bias[0] = -3.0
        model.recognizer.language.classifier.bias[0] = -3.0
    return model


def batch(*texts: str | None, same: bool = False) -> Batch:
    weak = images(len(texts))
    strong = weak if same else weak + 0.5 * torch.randn(weak.shape)
    samples = [TextRecSample(text) for text in texts]
    return {"weak": weak, "strong": strong}, {"weak": samples, "strong": list(samples)}


@pytest.mark.parametrize("rounds", [1, 2])
def test_equal_outputs_agree(rounds: int) -> None:
    model = build(hard=False, rounds=rounds).eval()
    losses = model(*batch("cab", None, "a1", same=True), mode="loss")
    for modality in MODALITIES:
        # A later round may differ from the last, which is the teacher.
        wanted = 0.0 if rounds == 1 or modality == "vision" else None
        value = losses[f"loss_consistency_{modality}"].item()
        assert value == pytest.approx(0.0, abs=1e-6) if wanted == 0.0 else value >= 0.0
        supervised = [losses[f"loss_{modality}_{view}"].item() for view in ("weak", "strong")]
        assert supervised[0] == pytest.approx(supervised[1])
        assert supervised[0] > 0


def test_distance_by_hand() -> None:
    student, teacher = torch.tensor([[[0.0, 1.0]]]), torch.tensor([[[2.0, 0.0]]])
    own = student.softmax(-1)[0, 0]
    wanted = teacher.softmax(-1)[0, 0]
    torch.testing.assert_close(distance(student, teacher, True)[0, 0], -own[0].log())
    kl = (wanted * (wanted / own).log()).sum()
    torch.testing.assert_close(distance(student, teacher, False)[0, 0], kl)
    assert distance(teacher, teacher, False).abs().max() < 1e-6


def sharp(*tokens: int, strength: float = 9.0) -> Tensor:
    """(1, 4, 37) logits that say these tokens, then ends."""
    logits = torch.zeros(1, 4, 37)
    for place in range(4):
        logits[0, place, tokens[place] if place < len(tokens) else 0] = strength
    return logits


@pytest.mark.parametrize("teacher", TEACHERS)
def test_each_modality_learns_from_its_teacher(teacher: str) -> None:
    model = build(teacher=teacher)
    # Not too sharp: the loss of what is all but certain is lost in float32's rounding.
    one, two, three = (sharp(token, strength=4.0) for token in (11, 12, 13))
    says = {"vision": one, "language": two, "fusion": three}
    taught = VisionLanguageOutput(
        says["vision"], [sharp(30), says["language"]], [sharp(31), says["fusion"]]
    )
    student = VisionLanguageOutput(one, [one], [one])
    low = -one.log_softmax(-1)[0, 0, 11].item()
    high = -one.log_softmax(-1)[0, 0, 12].item()
    for modality in MODALITIES:
        value, share = model.agreement(student, taught, modality, torch.ones(1, dtype=torch.bool))
        names = {"self": [modality], "all": MODALITIES}.get(teacher, [teacher])
        # One character and its end; the student says what vision says.
        wanted = [(low + (low if name == "vision" else high)) / 2 for name in names]
        assert value.item() == pytest.approx(sum(wanted) / len(wanted), rel=1e-5)
        assert share.item() == 1.0


def test_the_rounds_are_added_up_as_published() -> None:
    one, two = sharp(11, strength=4.0), sharp(12, strength=4.0)
    taught = VisionLanguageOutput(one, [one], [one])
    student = VisionLanguageOutput(one, [one, two, two], [two, one, one])
    chosen = torch.ones(1, dtype=torch.bool)
    # Of the character and its end only the former may be said wrongly.
    end = -one.log_softmax(-1)[0, 1, 0].item()
    right, wrong = (-logits.log_softmax(-1)[0, 0, 11].item() for logits in (one, two))
    sums = {"vision": (1, 0), "language": (1, 2), "fusion": (2, 1)}
    for modality, (good, bad) in sums.items():
        wanted = (good * (right + end) + bad * (wrong + end)) / 2
        value, _ = build().agreement(student, taught, modality, chosen)
        assert value.item() == pytest.approx(wanted, rel=1e-5)
        mean, _ = build(sum_rounds=False).agreement(student, taught, modality, chosen)
        assert mean.item() == pytest.approx(wanted / (good + bad), rel=1e-5)


def test_only_sure_words_teach() -> None:
    model = build(threshold=0.5)
    logits = torch.cat([sharp(11), sharp(12, strength=1.0), sharp(13)])
    student = VisionLanguageOutput(torch.zeros(3, 4, 37), [], [])
    taught = VisionLanguageOutput(logits, [], [])
    everyone = torch.ones(3, dtype=torch.bool)
    _, share = model.agreement(student, taught, "vision", everyone)
    assert share.item() == pytest.approx(2 / 3)
    # What an unsure teacher would have said is not learned.
    answer = torch.zeros(3, 4, 37, requires_grad=True)
    value, _ = model.agreement(taught._replace(vision=answer), taught, "vision", everyone)
    value.backward()
    assert answer.grad is not None
    assert answer.grad.abs().sum((1, 2)).gt(0).tolist() == [True, False, True]
    # Nor what stands behind the end.
    assert not answer.grad[:, 2:].any()


def test_no_word_is_sure() -> None:
    model = build(threshold=1.0)
    losses = model(*batch(None, None), mode="loss")
    assert losses["kept"].item() == 0.0
    total = sum(value for name, value in losses.items() if "loss" in name)
    assert total.item() == 0.0
    total.backward()


def test_the_teacher_gets_no_gradient() -> None:
    model = build(teacher="fusion")
    inputs, samples = batch(None, None, None)
    inputs["weak"].requires_grad_(True)
    inputs["strong"].requires_grad_(True)
    losses = model(inputs, samples, mode="loss")
    sum(value for name, value in losses.items() if "consistency" in name).backward()
    assert inputs["weak"].grad is None or not inputs["weak"].grad.any()
    assert inputs["strong"].grad.any()


def test_labelled_crops_may_be_left_out() -> None:
    inputs, samples = batch("cab", None, same=False)
    some = build(unlabelled_only=True, hard=False).eval()
    everyone = build(hard=False).eval()
    alone = {name: view[1:] for name, view in inputs.items()}
    name = "loss_consistency_vision"
    first = some(inputs, samples, mode="loss")[name].item()
    only = everyone(alone, {k: v[1:] for k, v in samples.items()}, mode="loss")[name].item()
    assert first == pytest.approx(only, rel=1e-2)
    assert everyone(inputs, samples, mode="loss")[name].item() != pytest.approx(first, rel=0.05)


def test_an_averaged_teacher_lags_behind() -> None:
    model = build(momentum=0.9).train()
    model(*batch("cab", None), mode="loss")
    weight = model.recognizer.fusion.gate.weight
    before = weight.detach().clone()
    with torch.no_grad():
        weight.add_(1.0)
    model(*batch("cab", None), mode="loss")
    torch.testing.assert_close(model.target.module.fusion.gate.weight, before + 0.1)


def test_without_agreement_it_is_supervised() -> None:
    losses = build(weight=0.0)(*batch("cab", None), mode="loss")
    assert {name for name in losses if "consistency" in name} == set()
    assert len(losses) == 6


def test_bad_settings() -> None:
    with pytest.raises(ConfigError, match="teacher is one of"):
        build(teacher="nobody")
    with pytest.raises(ConfigError, match="threshold"):
        build(threshold=1.5)
    with pytest.raises(ConfigError, match="needs a VisionLanguageRecognizer"):
        MultimodalConsistency(config()["vision"])
