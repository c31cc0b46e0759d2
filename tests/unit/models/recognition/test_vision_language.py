"""Gates, rounds, gradients and export of vision with language."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from spotter.charset import Charset
from spotter.errors import ConfigError
from spotter.export.onnx import export_onnx
from spotter.models.recognition import GatedFusion, VisionLanguageRecognizer
from spotter.pipeline import WordRecognizer
from spotter.registry import MODELS
from spotter.structures import TextRecSample
from spotter.training.header import make_header
from spotter.training.hooks import FusionStartHook
from spotter.training.weights import build_from_weights, save_weights

VISION = {
    "type": "FourStageRecognizer",
    "transformation": {"type": "NoTransformation"},
    "feature_extraction": {
        "type": "CompactMixer",
        "channels": (8, 8, 8, 16),
        "depths": (1, 1, 1, 1),
        "mixers": ("conv",) * 4,
        "stem_channels": 4,
    },
    "sequence_modeling": {"type": "NoSequence"},
    "prediction": {"type": "ParallelPrediction", "key_network": "linear"},
    "charset": "36",
    "max_length": 5,
    "data_preprocessor": {"type": "RecDataPreprocessor"},
}
LANGUAGE = {"type": "ClozeLanguageModel", "channels": 8, "num_layers": 1, "heads": 2}


def config(**options: Any) -> dict[str, Any]:
    base = {"type": "VisionLanguageRecognizer", "vision": VISION, "language": LANGUAGE, "rounds": 2}
    return {**base, **options}


def build(**options: Any) -> VisionLanguageRecognizer:
    torch.manual_seed(0)
    return MODELS.build(config(**options))


def images(count: int = 3) -> torch.Tensor:
    return torch.randn(count, 3, 32, 64, generator=torch.Generator().manual_seed(1))


LABELS = [TextRecSample("cab"), TextRecSample(None), TextRecSample("a1")]


def test_gate_limits() -> None:
    fusion = GatedFusion(4, 4, 3)
    seen, likely = torch.randn(2, 5, 4), torch.randn(2, 5, 4)
    for bias, wanted in ((50.0, seen), (-50.0, likely), (0.0, (seen + likely) / 2)):
        torch.nn.init.zeros_(fusion.gate.weight)
        torch.nn.init.constant_(fusion.gate.bias, bias)
        fused, logits = fusion(seen, likely)
        torch.testing.assert_close(fused, wanted)
        torch.testing.assert_close(logits, fusion.classifier(wanted))


def test_gate_looks_at_both() -> None:
    fusion = GatedFusion(2, 2, 3)
    with torch.no_grad():
        # g = σ(l - v) per channel.
        fusion.gate.weight.copy_(torch.tensor([[1.0, 0, -1, 0], [0, 1, 0, -1]]))
        fusion.gate.bias.zero_()
    fused, _ = fusion(torch.tensor([[[1.0, 0.0]]]), torch.tensor([[[0.0, 2.0]]]))
    gate = torch.sigmoid(torch.tensor([-1.0, 2.0]))
    torch.testing.assert_close(fused[0, 0], torch.stack([gate[0], 2 * (1 - gate[1])]))


@pytest.mark.parametrize("rounds", [1, 3])
def test_rounds_feed_on_each_other(rounds: int) -> None:
    model = build(rounds=rounds).eval()
    with torch.no_grad():
        # Words of full length: one that is over at once leaves language nothing to look at.
        model.prediction.classifier.bias[0] = model.fusion.classifier.bias[0] = -5.0
    output = model.read(images())
    assert output.vision.shape == (3, 6, 37)
    assert len(output.language) == len(output.fusion) == rounds
    assert torch.equal(model(images()), output.fusion[-1])
    # A round more goes on from where the rounds before ended.
    longer = build(rounds=rounds + 1).eval()
    longer.load_state_dict(model.state_dict())
    again = longer.read(images())
    for ours, theirs in zip(again.fusion, output.fusion, strict=False):
        torch.testing.assert_close(ours, theirs)
    assert not torch.equal(again.fusion[-1], output.fusion[-1])


def test_language_asks_nothing_of_vision() -> None:
    model = build(vision_weight=0.0, fusion_weight=0.0)
    losses = model(images(), LABELS, "loss")
    losses["loss_language"].backward()
    assert all(p.grad is None or not p.grad.any() for p in model.vision.parameters())
    assert all(p.grad is None or not p.grad.any() for p in model.fusion.parameters())
    assert any(p.grad is not None and p.grad.any() for p in model.language.parameters())


def test_fusion_teaches_vision_and_language() -> None:
    model = build()
    model(images(), LABELS, "loss")["loss_fusion"].backward()
    for part in (model.vision, model.language, model.fusion):
        assert any(p.grad is not None and p.grad.any() for p in part.parameters())
    # Not the language model's own classifier: only its vectors are fused.
    assert model.language.classifier.weight.grad is None


def test_losses_by_hand_and_without_labels() -> None:
    model = build().eval()
    output = model.read(images())
    losses = model.losses_of(output, LABELS)
    targets = {0: [13, 11, 12, 0], 2: [11, 2, 0]}
    terms = [
        -logits.log_softmax(-1)[i, t, token]
        for logits in output.language
        for i, tokens in targets.items()
        for t, token in enumerate(tokens)
    ]
    assert losses["loss_language"].item() == pytest.approx(float(sum(terms)) / len(terms), rel=1e-5)
    nothing = model.losses_of(output, [TextRecSample() for _ in range(3)])
    assert [float(value) for value in nothing.values()] == [0.0, 0.0, 0.0]
    sum(nothing.values()).backward()
    assert all(p.grad is not None for p in model.parameters())


def test_predicts_as_every_recognizer() -> None:
    model = build().eval()
    with torch.no_grad():
        samples = model(images(), None, "predict")
        texts = [reading.text for reading in model.decode(model(images()))]
    assert [sample.predicted_text for sample in samples] == texts
    assert all(0 <= sample.score <= 1 for sample in samples)


def test_padding_changes_nothing() -> None:
    model = build().eval()
    padded = torch.cat([images(), torch.zeros(3, 3, 32, 32)], dim=3)
    samples = [TextRecSample(valid_ratio=64 / 96) for _ in range(3)]
    with torch.no_grad():
        wide, narrow = model.read(padded, samples), model.read(images())
    # Convolutions see the padding's zeros; attention must not look at it at all.
    assert wide.vision.shape == narrow.vision.shape
    _, attention = model.prediction.glimpses(
        model.vision.encode(padded)[1],
        model.vision.frame_mask(model.vision.extract(padded), torch.full((3,), 64 / 96)),
        model.vision.extract(padded).shape[2],
    )
    columns = attention.view(3, 6, -1, model.vision.extract(padded).shape[2])
    assert not columns[:, :, 16:].any()


def test_another_charset_keeps_what_is_shared() -> None:
    old = build().eval()
    new = build(charset="62").eval()
    state, fresh = new.remap_charset(old.state_dict(), Charset.load("36"))
    assert len(fresh) == 26
    new.load_state_dict(state)
    with torch.no_grad():
        ours, theirs = new.read(images()).vision, old.read(images()).vision
    torch.testing.assert_close(ours[..., :37], theirs)


def test_export_reads_as_torch(tmp_path: Path) -> None:
    model = build().eval()
    preprocessing = {"mean": 127.5, "std": 127.5, "height": 32, "mode": "fixed", "width": 64}
    header = make_header("recognition", "tiny", config(), model.charset.characters, preprocessing)
    file = tmp_path / "tiny.safetensors"
    save_weights(file, model, header)
    again, _ = build_from_weights(file)
    with torch.no_grad():
        torch.testing.assert_close(again(images()), model(images()))
    report = export_onnx(file, half_weights=False)
    assert report.difference < 1e-4
    crops = list(np.random.default_rng(0).integers(0, 256, (4, 40, 80, 3), np.uint8))
    readings = [
        WordRecognizer(recognizer=file, runtime=runtime, threads=1).read(crops)[0]
        for runtime in ("onnx", "torch")
    ]
    assert [r.text for r in readings[0]] == [r.text for r in readings[1]]
    np.testing.assert_allclose(
        [r.score for r in readings[0]], [r.score for r in readings[1]], rtol=1e-3
    )


def test_bad_configs() -> None:
    with pytest.raises(ConfigError, match="at least 1"):
        build(rounds=0)
    with pytest.raises(ConfigError, match="parallel decoder"):
        build(vision={**VISION, "prediction": {"type": "CTCPrediction"}})


def test_fusion_can_begin_as_vision() -> None:
    model = build(language={**LANGUAGE, "channels": 16}).eval()
    model.begin_as_vision(50.0)
    output = model.read(images())
    for fused in output.fusion:
        torch.testing.assert_close(fused, output.vision)
    model.begin_as_vision(3.0)
    part = model.read(images())
    assert not torch.allclose(part.fusion[-1], part.vision)
    # The gate can learn although its weights begin at zero.
    sum(model(images(), LABELS, mode="loss").values()).backward()
    assert model.fusion.gate.weight.grad.abs().sum() > 0
    # 16 and 24 channels: what the classifier would be given are not vision's vectors.
    with pytest.raises(ConfigError, match="fusion of 24 channels cannot begin as vision of 16"):
        build(language={**LANGUAGE, "channels": 24}).begin_as_vision(3.0)


def test_the_hook_leaves_a_resumed_run_alone() -> None:
    model = torch.nn.ModuleDict({"recognizer": build(language={**LANGUAGE, "channels": 16})})
    before = model["recognizer"].fusion.classifier.weight.clone()
    FusionStartHook().before_train(SimpleNamespace(model=model, iter=5))
    torch.testing.assert_close(model["recognizer"].fusion.classifier.weight, before)
    FusionStartHook().before_train(SimpleNamespace(model=model, iter=0))
    classifier = model["recognizer"].prediction.classifier
    torch.testing.assert_close(model["recognizer"].fusion.classifier.weight, classifier.weight)
    with pytest.raises(ConfigError, match="no fusion"):
        FusionStartHook().before_train(SimpleNamespace(model=classifier, iter=0))
