"""Pseudo-labels, Mean Teacher, FixMatch, and the log that all of them keep."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from mmengine.logging import MessageHub

from spotter.errors import ConfigError
from spotter.methods.semi_supervised.base import LabelAudit, evaluating
from spotter.methods.semi_supervised.confidence import word_confidence
from spotter.methods.semi_supervised.readings import encode
from tests.unit.methods.semi import (
    PREDICTIONS,
    batch,
    build_recipe,
    crops,
    gradients,
    labels,
    outspoken,
    total,
)

KINDS = ["PseudoLabel", "MeanTeacher", "FixMatch", "CharacterConsistency"]


def recipe_of(kind: str, prediction: str = "attention", **options: Any) -> Any:
    recipe = build_recipe(kind, prediction, **options)
    outspoken(recipe.recognizer)
    return recipe


def readings(recipe: Any, inputs: dict) -> Any:
    """What the teacher says, and the student's answer."""
    with torch.no_grad(), evaluating(recipe.teacher):
        reading = recipe.alignment.read(
            recipe.teacher, encode(recipe.teacher, inputs["weak"], None)
        )
    with torch.no_grad():
        strong = encode(recipe.recognizer, inputs["strong"], None)
        return reading, recipe.alignment.answer(recipe.recognizer, strong, reading)


@pytest.mark.parametrize("prediction", PREDICTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_recipe_trains_every_decoder(kind: str, prediction: str) -> None:
    recipe = recipe_of(kind, prediction, threshold=0.1)
    inputs, samples = batch(unlabelled=8)
    optimizer = torch.optim.SGD([p for p in recipe.parameters() if p.requires_grad], 1e-4)
    for _ in range(2):
        losses = recipe(inputs, samples, mode="loss")
        assert all(torch.isfinite(value) for value in losses.values())
        assert sum("loss" in name for name in losses) == 2
        optimizer.zero_grad()
        total(losses).backward()
        optimizer.step()
    online = {name for name, p in recipe.named_parameters() if p.requires_grad}
    assert gradients(recipe).keys() == online
    assert 0.0 < float(losses["kept"]) <= 1.0
    assert [s.predicted_text is not None for s in recipe.eval()(crops(2), mode="predict")]


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_gate_gives_zero_and_touches_everything(kind: str) -> None:
    for prediction in PREDICTIONS:
        recipe = recipe_of(kind, prediction, threshold=1.0)
        with torch.no_grad():
            recipe.recognizer.prediction.classifier.bias[0] += 1000.0
        losses = recipe(*batch(), mode="loss")
        assert float(losses["kept"]) == 0.0
        own = [n for n in losses if n in ("loss_pseudo", "loss_agreement", "loss_consistency")]
        assert float(losses[own[0]].detach()) == 0.0
        total(losses).backward()
        online = {name for name, p in recipe.named_parameters() if p.requires_grad}
        assert gradients(recipe).keys() == online


@pytest.mark.parametrize("kind", KINDS)
def test_batches_without_labels_train_on_the_rest(kind: str) -> None:
    recipe = recipe_of(kind, threshold=0.0)
    inputs, samples = batch((None, None), unlabelled=6)
    losses = recipe(inputs, samples, mode="loss")
    assert float(losses["loss_attention"].detach()) == 0.0
    assert float(total(losses).detach()) > 0.0


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_mean_teacher_by_hand(prediction: str) -> None:
    recipe = recipe_of("MeanTeacher", prediction, momentum=0.9, weight=3.0)
    inputs, samples = batch(unlabelled=6)
    losses = recipe(inputs, samples, mode="loss")
    reading, answer = readings(recipe, inputs)
    differences = [
        float((answer.logits[n, t].softmax(0) - reading.probabilities[n, t]).square().mean())
        for n in range(6)
        for t in range(reading.valid.shape[1])
        if reading.valid[n, t] and not reading.empty[n]
    ]
    # Decoders have one step for each character or end, CTC has frames of blanks besides.
    characters = int((reading.counted & ~reading.empty[:, None]).sum())
    assert characters == len(differences) or prediction == "ctc"
    expected = 3.0 * sum(differences) / characters
    assert float(losses["loss_agreement"]) == pytest.approx(expected, rel=1e-4)
    # 1 - 1 / (t + 1), up to the momentum.
    assert [recipe.momentum_at(t) for t in (0, 1, 3, 100)] == [0.0, 0.5, 0.75, 0.9]


def test_fixmatch_by_words_averages_over_all_crops() -> None:
    recipe = recipe_of("FixMatch", threshold=0.3, confidence="product")
    inputs, samples = batch(unlabelled=12)
    losses = recipe(inputs, samples, mode="loss")
    assert recipe.target is None
    reading, answer = readings(recipe, inputs)
    score = word_confidence(reading.scores, reading.counted)
    terms = []
    for n in range(12):
        if score[n] >= 0.3 and not reading.empty[n]:
            steps = int(reading.valid[n].sum())
            logs = answer.logits[n, :steps].log_softmax(-1)
            terms.append(-float(logs.gather(1, reading.tokens[n, :steps, None]).mean()))
    assert 0 < len(terms) < 12
    assert float(losses["loss_pseudo"]) == pytest.approx(sum(terms) / 12, rel=1e-4)


def test_fixmatch_always_has_something_to_learn() -> None:
    score = torch.tensor([0.2, 0.9, 0.4, 0.1, 0.3])
    legible = torch.tensor([True, False, True, True, True])
    published = recipe_of("FixMatch", threshold=0.95)
    assert published.choose(score, legible).tolist() == [False] * 5
    # Two fifths of the batch: the surest two of those that were read at all.
    kept = recipe_of("FixMatch", threshold=0.95, least_kept=0.4).choose(score, legible)
    assert kept.tolist() == [False, False, True, False, True]
    # More than that are sure anyway.
    easy = recipe_of("FixMatch", threshold=0.15, least_kept=0.4).choose(score, legible)
    assert easy.tolist() == [True, False, True, False, True]
    silent = recipe_of("FixMatch", least_kept=1.0).choose(score, torch.zeros(5).bool())
    assert silent.tolist() == [False] * 5


def test_published_weights_act() -> None:
    """A teacher that differs in every character is felt beside the supervised loss."""
    inputs, samples = batch(unlabelled=6)
    mean_teacher = recipe_of("MeanTeacher", ramp_up=0)
    assert mean_teacher.weight == 100.0
    losses = mean_teacher(inputs, samples, mode="loss")
    assert float(losses["loss_agreement"].detach()) > 0.1 * float(losses["loss_attention"].detach())
    # A word of twelve characters of 0.97 each: their product is 0.69.
    scores = torch.full((1, 12), 0.97)
    fixmatch = recipe_of("FixMatch")
    score = word_confidence(scores, scores > 0, fixmatch.confidence)
    assert fixmatch.choose(score, torch.tensor([True])).tolist() == [True]


def test_a_ramp_may_be_a_share_of_the_run() -> None:
    recipe = recipe_of("MeanTeacher", weight=3.0, ramp_up=0.5)
    # Outside of a run it is over.
    assert recipe.current_weight() == 3.0
    MessageHub.get_current_instance().update_info("max_iters", 20)
    recipe.updates = 5
    assert recipe.current_weight() == pytest.approx(3.0 * math.exp(-5 * 0.5**2))
    recipe.updates = 10
    assert recipe.current_weight() == 3.0
    with pytest.raises(ConfigError, match="at most 1"):
        recipe_of("MeanTeacher", ramp_up=1.5)


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_fixmatch_by_characters_takes_the_sure_steps(prediction: str) -> None:
    recipe = recipe_of("FixMatch", prediction, gate="character", threshold=0.9)
    inputs, samples = batch(unlabelled=12)
    losses = recipe(inputs, samples, mode="loss")
    reading, answer = readings(recipe, inputs)
    terms, steps, characters = [], 0, 0
    for n, t in reading.valid.nonzero().tolist():
        if reading.empty[n]:
            continue
        steps += 1
        characters += bool(reading.counted[n, t])
        if float(reading.probabilities[n, t].max()) >= 0.9:
            terms.append(-float(answer.logits[n, t].log_softmax(0)[reading.tokens[n, t]]))
    assert 0 < len(terms) < steps
    assert float(losses["loss_pseudo"]) == pytest.approx(sum(terms) / characters, rel=1e-4)
    assert float(losses["kept_steps"]) == pytest.approx(len(terms) / steps)


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_pseudo_labels_are_trained_on_as_labels(prediction: str) -> None:
    recipe = recipe_of("PseudoLabel", prediction)
    inputs, samples = batch(unlabelled=30)
    losses = recipe(inputs, samples, mode="loss")
    reading, _ = readings(recipe, inputs)
    texts = recipe.alignment.texts(recipe.recognizer, reading)
    ended = (reading.valid.sum(1) > torch.tensor([len(text) for text in texts])).tolist()
    rows = [n for n, text in enumerate(texts) if text and ended[n]]
    assert rows
    inputs["weak"], inputs["strong"] = inputs["weak"][rows], inputs["strong"][rows]
    losses = recipe(inputs, samples, mode="loss")
    each = []
    for n, row in enumerate(rows):
        one = inputs["strong"][n : n + 1]
        [loss] = recipe.recognizer(one, labels(texts[row]), mode="loss").values()
        each.append(float(loss.detach()))
    assert float(losses["loss_pseudo"]) == pytest.approx(sum(each) / len(each), rel=1e-4)


def test_pseudo_label_teacher_is_frozen_between_rounds() -> None:
    recipe = recipe_of("PseudoLabel", refresh=3)
    weight = recipe.recognizer.prediction.classifier.weight
    mean = recipe.recognizer.get_buffer("feature_extraction.stem.0.1.running_mean")
    copies = []
    for step in range(7):
        with torch.no_grad():
            weight.fill_(float(step))
            mean.fill_(10.0 + step)
        recipe(*batch(), mode="loss")
        teacher = recipe.target.module
        statistics = teacher.get_buffer("feature_extraction.stem.0.1.running_mean")
        copies.append((float(teacher.prediction.classifier.weight[0, 0]), float(statistics[0])))
    assert copies == 3 * [(0.0, 10.0)] + 3 * [(3.0, 13.0)] + [(6.0, 16.0)]


def test_known_truths_are_compared_and_never_trained_on() -> None:
    inputs, samples = batch(unlabelled=6)
    recipe = recipe_of("CharacterConsistency", threshold=0.0)
    plain = recipe(inputs, samples, mode="loss")
    assert "pseudo_accuracy" not in plain
    reading, _ = readings(recipe, inputs)
    texts = recipe.alignment.texts(recipe.recognizer, reading)
    truths = [texts[0].upper(), "0123", None, texts[3], None, "0123"]
    legible = [bool(text) for text in texts]
    for sample, truth in zip(samples["weak"], truths, strict=True):
        sample.hidden_text = truth
    checked = recipe_of("CharacterConsistency", threshold=0.0)
    losses = checked(inputs, samples, mode="loss")
    known = [n for n in (0, 1, 3, 5) if legible[n]]
    right = [n for n in (0, 3) if legible[n]]
    assert float(losses["pseudo_accuracy"]) == pytest.approx(len(right) / len(known))
    for name, value in plain.items():
        torch.testing.assert_close(losses[name], value)


def test_audit_forgets_old_batches() -> None:
    audit = LabelAudit(batches=2)
    assert audit.accuracy() is None
    audit.add(["a", "b"], ["x", "b"], [True, False])
    assert audit.accuracy() == 0.0
    audit.add(["a", "b", "c"], ["a", None, "c"], [True, True, True])
    assert audit.accuracy() == pytest.approx(2 / 3)
    audit.add(["a"], ["b"], [True])
    assert audit.accuracy() == pytest.approx(2 / 3)
    audit.add(["a"], ["a"], [False])
    assert audit.accuracy() == 0.0


def test_evaluating_gives_every_module_its_mode_back() -> None:
    recipe = recipe_of("FixMatch")
    before = [module.training for module in recipe.modules()]
    assert len(set(before)) == 2
    with evaluating(recipe):
        assert not any(module.training for module in recipe.modules())
    assert [module.training for module in recipe.modules()] == before


def test_the_count_of_updates_is_part_of_the_state() -> None:
    recipe = recipe_of("CharacterConsistency", ramp_up=10)
    for _ in range(3):
        recipe(*batch(), mode="loss")
    other = recipe_of("CharacterConsistency", ramp_up=10, seed=1)
    other.load_state_dict(recipe.state_dict())
    assert other.updates == 3
    assert all(isinstance(value, torch.Tensor) for value in recipe.state_dict().values())
    first, second = (r(*batch(), mode="loss") for r in (recipe, other))
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


def test_bad_settings_are_named() -> None:
    with pytest.raises(ConfigError, match="refresh"):
        recipe_of("PseudoLabel", refresh=0)
    with pytest.raises(ConfigError, match="gate 'word' is none of sequence, character"):
        recipe_of("FixMatch", gate="word")
    with pytest.raises(ConfigError, match="threshold"):
        recipe_of("MeanTeacher", threshold=1.2)
