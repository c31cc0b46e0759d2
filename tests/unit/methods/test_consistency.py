"""Character-level consistency: its loss by hand, and what must never flow."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch

from spotter.errors import ConfigError
from spotter.methods.semi_supervised.confidence import word_confidence
from spotter.methods.semi_supervised.consistency import build_projection, divergence
from spotter.methods.semi_supervised.domain_adaptation import coral_loss
from spotter.methods.semi_supervised.readings import Reading, encode
from tests.unit.methods.semi import (
    PREDICTIONS,
    batch,
    build_recipe,
    crops,
    gradients,
    outspoken,
    total,
)

DOMAIN = {"weight": 0.01, "labelled_threshold": 0.0, "unlabelled_threshold": 0.0}


def consistency(prediction: str = "attention", **options: Any) -> Any:
    recipe = build_recipe("CharacterConsistency", prediction, **options)
    outspoken(recipe.recognizer)
    return recipe


def reading_of(logits: torch.Tensor, valid: torch.Tensor) -> Reading:
    tokens = logits.argmax(-1).masked_fill(~valid, 99)
    return Reading(logits, tokens, valid, logits.softmax(-1).amax(-1), valid, ~valid.any(1))


def test_divergence_is_zero_for_equal_logits_at_temperature_one() -> None:
    logits = 3 * torch.randn(4, 5, 7)
    reading = reading_of(logits, torch.ones(4, 5, dtype=torch.bool))
    torch.testing.assert_close(
        divergence(logits, reading, 1.0, hard=False), torch.zeros(4, 5), atol=1e-6, rtol=0
    )
    # Adding a constant to all classes says the same.
    assert float(divergence(logits + 2.0, reading, 1.0, hard=False).abs().max()) < 1e-5
    assert float(divergence(logits, reading, 0.4, hard=False).min()) > 0


def test_divergence_by_hand() -> None:
    # p = softmax([ln 2, 0] / 0.5) = (4/5, 1/5); q = softmax([0, 0]) = (1/2, 1/2).
    target = torch.tensor([[[np.log(2.0), 0.0]]], dtype=torch.float32)
    reading = reading_of(target, torch.ones(1, 1, dtype=torch.bool))
    own = torch.zeros(1, 1, 2, requires_grad=True)
    soft = divergence(own, reading, 0.5, hard=False)
    assert float(soft) == pytest.approx(0.8 * np.log(1.6) + 0.2 * np.log(0.4), rel=1e-5)
    # d KL / dz = q - p.
    soft.sum().backward()
    np.testing.assert_allclose(own.grad.flatten(), [-0.3, 0.3], atol=1e-6)
    assert float(divergence(own, reading, 0.5, hard=True)) == pytest.approx(np.log(2.0))


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_loss_is_the_published_formula(prediction: str) -> None:
    recipe = consistency(prediction, threshold=0.3, weight=2.0)
    inputs, samples = batch(unlabelled=12)
    losses = recipe(inputs, samples, mode="loss")
    with torch.no_grad():
        alignment, target = recipe.alignment, recipe.target.module
        reading = alignment.read(target, encode(target, inputs["weak"], None))
        strong = encode(recipe.recognizer, inputs["strong"], None)
        answer = alignment.answer(recipe.recognizer, strong, reading, recipe.projection)
        score = word_confidence(reading.scores, reading.counted)
        kept = [n for n in range(12) if score[n] >= 0.3 and not reading.empty[n]]
        terms = []
        for n in kept:
            for t in range(reading.valid.shape[1]):
                if reading.valid[n, t]:
                    p = (reading.logits[n, t] / 0.4).double().softmax(0)
                    q = answer.logits[n, t].double().softmax(0)
                    terms.append(float((p * (p / q).log()).nan_to_num().sum()))
    assert 0 < len(kept) < 12
    characters = sum(int(reading.counted[n].sum()) for n in kept)
    expected = 2.0 * len(kept) / 12 * sum(terms) / characters
    assert float(losses["loss_consistency"]) == pytest.approx(expected, rel=1e-4)
    assert float(losses["kept"]) == pytest.approx(len(kept) / 12)
    assert float(losses["confidence"]) == pytest.approx(float(score.mean()))


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_no_gradient_reaches_the_target(prediction: str) -> None:
    recipe = consistency(prediction, threshold=0.0, domain={**DOMAIN, "feature": "target_visual"})
    before = {name: value.clone() for name, value in recipe.target.module.state_dict().items()}
    losses = recipe(*batch(), mode="loss")
    total(losses).backward()
    assert all(p.grad is None for p in recipe.target.parameters())
    assert not any(p.requires_grad for p in recipe.target.parameters())
    after = recipe.target.module.state_dict()
    # The first update copies the online model, whose prediction stage was changed meanwhile.
    online = recipe.recognizer.state_dict()
    for name, value in before.items():
        assert torch.equal(after[name], online[name])
        if not name.startswith("prediction."):
            assert torch.equal(after[name], value)
    untouched = {
        name
        for name, p in recipe.named_parameters()
        if p.requires_grad and (p.grad is None or not p.grad.any())
    }
    # A bias before the softmax over frames moves all of them alike.
    assert untouched <= {"recognizer.prediction.key.bias"}


def test_the_target_is_an_exact_average_and_never_in_training_mode() -> None:
    recipe = consistency(momentum=0.9)
    inputs, samples = batch()
    recipe(inputs, samples, mode="loss")
    parameters = dict(recipe.recognizer.named_parameters())
    name = next(iter(parameters))
    first = parameters[name].detach().clone()
    with torch.no_grad():
        parameters[name].add_(1.0)
    for buffer in recipe.recognizer.buffers():
        if buffer.is_floating_point() and buffer.numel() > 3:
            buffer.add_(0.5)
    recipe(inputs, samples, mode="loss")
    averaged = dict(recipe.target.module.named_parameters())[name]
    torch.testing.assert_close(averaged, first + 0.1, rtol=1e-6, atol=1e-6)
    pairs = zip(recipe.target.module.buffers(), recipe.recognizer.buffers(), strict=True)
    assert all(torch.equal(own, other) for own, other in pairs)
    assert not any(module.training for module in recipe.target.modules())
    assert recipe.updates == 2
    recipe.eval()
    recipe(inputs, samples, mode="loss")
    assert recipe.updates == 2


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_rejected_samples_contribute_nothing(prediction: str) -> None:
    recipe = consistency(prediction, threshold=0.3)
    inputs, samples = batch(unlabelled=12)
    losses = recipe(inputs, samples, mode="loss")
    losses["loss_consistency"].backward()
    expected = gradients(recipe)
    value = float(losses["loss_consistency"].detach())
    with torch.no_grad():
        target = recipe.target.module
        reading = recipe.alignment.read(target, encode(target, inputs["weak"], None))
        kept = word_confidence(reading.scores, reading.counted) >= 0.3
        kept &= ~reading.empty
    assert 0 < int(kept.sum()) < 12

    recipe.zero_grad()
    inputs["strong"][~kept] = 50.0 * torch.randn_like(inputs["strong"][~kept])
    losses = recipe(inputs, samples, mode="loss")
    losses["loss_consistency"].backward()
    assert float(losses["loss_consistency"].detach()) == pytest.approx(value, rel=1e-6)
    for name, gradient in gradients(recipe).items():
        torch.testing.assert_close(gradient, expected[name], rtol=1e-4, atol=1e-6)


def test_positions_behind_the_end_contribute_nothing() -> None:
    logits = torch.randn(2, 4, 7)
    valid = torch.tensor([[True, True, False, False], [True, False, False, False]])
    reading = reading_of(torch.randn(2, 4, 7), valid)
    for hard in (False, True):
        own = logits.clone().requires_grad_()
        divergence(own, reading, 0.4, hard)[valid].sum().backward()
        assert own.grad[valid].abs().sum() > 0
        assert not own.grad[~valid].any()


@pytest.mark.parametrize("prediction", PREDICTIONS)
@pytest.mark.parametrize("silent", ["all rejected", "nothing legible"])
def test_an_empty_batch_after_the_gate_keeps_every_parameter_alive(
    prediction: str, silent: str
) -> None:
    recipe = consistency(prediction, threshold=1.0, domain=DOMAIN)
    if silent == "nothing legible":
        recipe.threshold = 0.0
        with torch.no_grad():
            recipe.recognizer.prediction.classifier.bias[0] += 1000.0
    losses = recipe(*batch(), mode="loss")
    assert float(losses["kept"]) == 0.0
    assert float(losses["loss_consistency"].detach()) == 0.0
    losses["loss_consistency"].backward(retain_graph=True)
    reached = {name for name, p in recipe.named_parameters() if p.grad is not None}
    online = {name for name, p in recipe.named_parameters() if p.requires_grad}
    # Distributed training waits for each of them; all but the labelled path's are zero already.
    assert {name for name in online if name.startswith("projection.")} <= reached
    assert not any(p.grad.any() for p in recipe.parameters() if p.grad is not None)
    if silent == "nothing legible":
        assert float(losses["loss_domain"].detach()) == 0.0
    total(losses).backward()
    assert {name for name, p in recipe.named_parameters() if p.grad is not None} == online
    assert all(torch.isfinite(p.grad).all() for p in recipe.parameters() if p.grad is not None)


def test_the_projection_stands_on_the_unsupervised_path_only() -> None:
    recipe = consistency(threshold=0.0)
    inputs, samples = batch()
    calls = []
    recipe.projection.register_forward_hook(lambda *_: calls.append(1))
    losses = recipe(inputs, samples, mode="loss")
    assert len(calls) == 1
    supervised = recipe.recognizer(inputs["labelled"], samples["labelled"], mode="loss")
    torch.testing.assert_close(losses["loss_attention"], supervised["loss_attention"])
    recipe(inputs["weak"], samples["weak"], mode="predict")
    recipe(inputs["weak"])
    assert len(calls) == 1
    names = [name for name, _ in build_projection("feedforward", 16).named_parameters()]
    assert names == ["0.weight", "0.bias", "1.weight", "1.bias", "3.weight", "3.bias"]
    assert build_projection("linear", 16).weight.shape == (16, 16)


def test_a_residual_projection_starts_as_the_identity_and_learns() -> None:
    recipe = consistency(threshold=0.0, projection="residual")
    inputs, samples = batch()
    without = consistency(threshold=0.0, projection=None)
    without.load_state_dict(recipe.state_dict(), strict=False)
    losses = recipe(inputs, samples, mode="loss")
    expected = without(inputs, samples, mode="loss")["loss_consistency"]
    torch.testing.assert_close(losses["loss_consistency"], expected)
    total(losses).backward()
    last = recipe.projection.layers[-1]
    assert last.weight.grad.abs().max() > 0
    assert [name for name, p in recipe.projection.named_parameters() if p.grad is None] == []


def test_the_exported_graph_has_no_projection_and_no_target() -> None:
    onnx = pytest.importorskip("onnx")
    recipe = consistency(threshold=0.0)
    graph = io.BytesIO()
    deployed = getattr(recipe, recipe.deployable).eval()
    torch.onnx.export(deployed, (torch.randn(1, 3, 32, 48),), graph, dynamo=False)
    names = {item.name for item in onnx.load_from_string(graph.getvalue()).graph.initializer}
    assert any("classifier" in name for name in names)
    assert not [name for name in names if "projection" in name or "target" in name]
    state = deployed.state_dict()
    assert not [name for name in state if "projection" in name or "target" in name]


@pytest.mark.parametrize(
    "change",
    [
        {"context_sharing": False},
        {"projection": None},
        {"projection": "linear"},
        {"hard": True},
        {"temperature": 1.0},
        {"threshold": 0.0},
        {"confidence": "mean"},
        {"confidence": "min"},
        {"confidence": "weighted_sum"},
    ],
    ids=str,
)
def test_every_switch_changes_the_loss(change: dict) -> None:
    torch.manual_seed(0)
    inputs, samples = batch(unlabelled=12)
    inputs["strong"] = crops(12, seed=9)
    plain = consistency(threshold=0.1)(inputs, samples, mode="loss")["loss_consistency"]
    options = {"threshold": 0.1, **change}
    changed = consistency(**options)(inputs, samples, mode="loss")["loss_consistency"]
    assert torch.isfinite(changed)
    assert float(changed) != pytest.approx(float(plain), rel=1e-6)


@pytest.mark.parametrize("momentum", [0.0, None])
def test_without_average_the_online_model_teaches_itself(momentum: float | None) -> None:
    recipe = consistency(threshold=0.0, momentum=momentum, projection=None, temperature=1.0)
    inputs, samples = batch()
    inputs["strong"] = inputs["weak"].clone()
    losses = recipe(inputs, samples, mode="loss")
    # The same view, the same weights: nothing to disagree about.
    assert float(losses["loss_consistency"]) == pytest.approx(0.0, abs=1e-5)
    with torch.no_grad():
        for parameter in recipe.recognizer.prediction.classifier.parameters():
            parameter.add_(1.0)
    losses = recipe(inputs, samples, mode="loss")
    assert float(losses["loss_consistency"]) == pytest.approx(0.0, abs=1e-5)
    assert recipe.training
    assert recipe.recognizer.prediction.training


@pytest.mark.parametrize("feature", ["online_glimpse", "online_visual", "target_visual"])
@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_domain_loss_of_each_feature(prediction: str, feature: str) -> None:
    recipe = consistency(prediction, threshold=0.0, domain={**DOMAIN, "feature": feature})
    inputs, samples = batch(unlabelled=6)
    losses = recipe(inputs, samples, mode="loss")
    loss = losses["loss_domain"]
    assert float(loss) > 0
    if feature != "online_glimpse":
        with torch.no_grad():
            target = recipe.target.module
            reading = recipe.alignment.read(target, encode(target, inputs["weak"], None))
            legible = ~reading.empty
            own = encode(recipe.recognizer, inputs["labelled"], None).visual
            view = "strong" if feature == "online_visual" else "weak"
            other = encode(recipe.recognizer, inputs[view], None).visual[legible]
        expected = 0.01 * coral_loss(own.flatten(0, 1), other.flatten(0, 1))
        assert float(loss) == pytest.approx(float(expected), rel=1e-4)


def test_domain_characters_are_the_sure_and_real_ones() -> None:
    recipe = consistency(threshold=0.0, domain=DOMAIN)
    inputs, samples = batch(("ab", "c1d"), unlabelled=10)
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []
    honest = recipe._domains

    def spy(*arguments):
        seen.append(honest(*arguments))
        return seen[-1]

    recipe._domains = spy
    recipe(inputs, samples, mode="loss")
    recipe.domain = type(recipe.domain)(labelled_threshold=1.0, unlabelled_threshold=0.6)
    recipe(inputs, samples, mode="loss")
    (source, target), (none, surer) = seen
    assert len(source) <= 5
    assert len(none) == 0
    assert 0 < len(surer) < len(target)
    with torch.no_grad():
        teacher = recipe.target.module
        reading = recipe.alignment.read(teacher, encode(teacher, inputs["weak"], None))
    score = word_confidence(reading.scores, reading.counted)
    sure = (score >= 0.6) & ~reading.empty
    assert len(surer) <= int(reading.valid[sure].sum())


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_the_online_model_says_which_words_are_of_the_domain(prediction: str) -> None:
    """The published code gates by the score of the strong view, not of the target's weak one."""
    domain = {**DOMAIN, "unlabelled_threshold": 0.2}
    recipe = consistency(prediction, threshold=0.0, momentum=1.0, domain=domain)
    inputs, samples = batch(unlabelled=12)
    taken: list[torch.Tensor] = []
    honest = recipe._domains

    def spy(*arguments):
        taken.append(honest(*arguments)[1])
        return honest(*arguments)

    recipe._domains = spy
    recipe(inputs, samples, mode="loss")
    assert len(taken[0]) > 0
    # An online model that is sure of nothing any more, beside a target that is as sure as before.
    with torch.no_grad():
        recipe.recognizer.prediction.classifier.weight.mul_(1e-3)
        recipe.recognizer.prediction.classifier.bias.zero_()
        recipe.recognizer.prediction.classifier.bias[1] = 0.1
    recipe(inputs, samples, mode="loss")
    assert len(taken[1]) == 0
    recipe.domain = type(recipe.domain)(feature="target_visual", unlabelled_threshold=0.2)
    recipe(inputs, samples, mode="loss")
    assert len(taken[2]) > 0


def test_a_crop_of_which_nothing_is_read_is_of_no_domain() -> None:
    """The product of no scores is 1, and yet no model is sure of such a word."""
    domain = {**DOMAIN, "feature": "online_visual", "unlabelled_threshold": 0.2}
    recipe = consistency("ctc", threshold=0.0, momentum=1.0, domain=domain)
    inputs, samples = batch(unlabelled=12)
    recipe(inputs, samples, mode="loss")
    taken: list[torch.Tensor] = []
    honest = recipe._domains
    recipe._domains = lambda *arguments: taken.append(honest(*arguments)[1]) or honest(*arguments)
    with torch.no_grad():
        recipe.recognizer.prediction.classifier.weight.zero_()
        recipe.recognizer.prediction.classifier.bias.zero_()
        recipe.recognizer.prediction.classifier.bias[0] = 9.0  # blank
    recipe(inputs, samples, mode="loss")
    assert len(taken[0]) == 0


def test_ramp_and_settings() -> None:
    recipe = consistency(weight=3.0, ramp_up=10)
    recipe.updates = 5
    assert recipe.current_weight() == pytest.approx(3.0 * np.exp(-5 * 0.25))
    recipe.updates = 50
    assert recipe.current_weight() == 3.0
    with pytest.raises(
        ConfigError, match="projection 'wide' is none of feedforward, linear, resid"
    ):
        consistency(projection="wide")
    with pytest.raises(ConfigError, match="temperature"):
        consistency(temperature=0.0)
    with pytest.raises(ConfigError, match="confidence 'sum'"):
        consistency(confidence="sum")
    with pytest.raises(ConfigError, match="momentum"):
        consistency(momentum=1.5)
    inputs, samples = batch()
    inputs["strong"] = inputs["strong"][:2]
    with pytest.raises(ConfigError, match="4 weak and 2 strong views"):
        consistency()(inputs, samples, mode="loss")
    with pytest.raises(ConfigError, match="no branch weak"):
        consistency()({"labelled": inputs["labelled"], "strong": inputs["strong"]}, {}, mode="loss")
