"""The four-stage recognizer: every combination trains; readings depend on nothing but the crop."""

import io
import itertools

import numpy as np
import pytest
import torch

from spotter.charset import Charset
from spotter.errors import ConfigError
from spotter.models.recognition import FourStageRecognizer
from spotter.registry import MODELS
from spotter.structures import TextRecSample

TRANSFORMATIONS = {
    "none": {"type": "NoTransformation"},
    "tps": {
        "type": "ThinPlateSpline",
        "output_size": (32, 48),
        "channels": (4, 4),
        "hidden_channels": 8,
    },
}
EXTRACTORS = {
    "vgg": {"type": "VGGFeatures", "out_channels": 16},
    "resnet29": {"type": "ResNet29", "out_channels": 16},
    "resnet45": {"type": "ResNet45", "out_channels": 16},
    "mobilenet": {"type": "MobileNetV3Features", "scale": 0.25, "out_channels": 16},
    "mixer": {"type": "CompactMixer", "channels": (8, 8, 16), "depths": (1, 1, 1)},
}
SEQUENCES = {
    "none": {"type": "NoSequence"},
    "bilstm": {"type": "BiLSTM", "hidden_channels": 16},
    "transformer": {"type": "TransformerEncoder", "heads": 2, "num_layers": 1, "expansion": 1.0},
}
PREDICTIONS = {
    "ctc": {"type": "CTCPrediction"},
    "attention": {"type": "AttentionPrediction", "hidden_channels": 16, "embedding_channels": 8},
    "parallel": {"type": "ParallelPrediction", "key_channels": 8},
}


def build(
    transformation: str = "none",
    extractor: str = "mixer",
    sequence: str = "none",
    prediction: str = "ctc",
    **options,
) -> FourStageRecognizer:
    torch.manual_seed(0)
    config = {
        "type": "FourStageRecognizer",
        "transformation": TRANSFORMATIONS[transformation],
        "feature_extraction": EXTRACTORS[extractor],
        "sequence_modeling": SEQUENCES[sequence],
        "prediction": PREDICTIONS[prediction],
        "charset": "36",
        "max_length": 4,
    }
    return MODELS.build({**config, **options})


@pytest.mark.parametrize(
    "stages", itertools.product(TRANSFORMATIONS, EXTRACTORS, SEQUENCES, PREDICTIONS), ids="-".join
)
def test_every_combination_trains_and_reads(stages: tuple[str, ...]) -> None:
    model = build(*stages)
    images = torch.randn(2, 3, 32, 48).contiguous(memory_format=torch.channels_last)
    samples = [TextRecSample(text="Ab1"), TextRecSample(text="c", valid_ratio=0.75)]
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with torch.autocast("cpu", torch.bfloat16):
        losses = model(images, samples, mode="loss")
    assert all(loss.dtype == torch.float32 for loss in losses.values())
    total = torch.stack(list(losses.values())).sum()
    assert torch.isfinite(total)
    total.backward()
    optimizer.step()
    untouched = [name for name, p in model.named_parameters() if p.grad is None]
    assert not untouched
    with torch.no_grad():
        readings = model.eval()(images, samples, mode="predict")
    assert readings[0] is samples[0]
    for reading in readings:
        assert len(reading.character_scores) == len(reading.predicted_text)
        assert 0.0 <= reading.score <= 1.0


@pytest.mark.parametrize("prediction", PREDICTIONS)
@pytest.mark.parametrize("sequence", SEQUENCES)
def test_logits_do_not_depend_on_the_batch(sequence: str, prediction: str) -> None:
    model = build(sequence=sequence, prediction=prediction).eval()
    images = torch.randn(3, 3, 32, 48)
    with torch.no_grad():
        together = model(images)
        for i in range(3):
            alone = model(images[i : i + 1])
            torch.testing.assert_close(alone, together[i : i + 1], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_padded_and_whole_crops_share_a_batch(prediction: str) -> None:
    model = build(sequence="transformer", prediction=prediction).eval()
    images = torch.randn(2, 3, 32, 48)
    ratios = [1.0, 0.5]
    with torch.no_grad():
        samples = model(images, [TextRecSample(valid_ratio=r) for r in ratios], mode="predict")
        for i, ratio in enumerate(ratios):
            [alone] = model(images[i : i + 1], [TextRecSample(valid_ratio=ratio)], mode="predict")
            assert alone.predicted_text == samples[i].predicted_text
            assert alone.score == pytest.approx(samples[i].score, rel=1e-4)


def test_height_is_averaged_or_flattened_column_by_column() -> None:
    visual = torch.arange(6.0).view(1, 1, 2, 3)
    averaged = build().model_sequence(visual)
    assert averaged.flatten().tolist() == [1.5, 2.5, 3.5]
    model = build(prediction="parallel")
    assert model.model_sequence(visual).flatten().tolist() == [0, 3, 1, 4, 2, 5]
    mask = model.frame_mask(visual, torch.tensor([0.34]))
    assert mask.int().tolist() == [[1, 1, 1, 1, 0, 0]]


def test_encode_gives_both_kinds_of_features() -> None:
    visual, frames = build(sequence="bilstm").encode(torch.randn(2, 3, 32, 48))
    assert visual.shape == (2, 16, 2, 12)
    assert frames.shape == (2, 12, 16)


def test_auxiliary_guides_training_only() -> None:
    guidance = {"type": "ParallelPrediction", "key_network": "linear", "weight": 0.5}
    model = build(auxiliary=guidance)
    images, samples = torch.randn(2, 3, 32, 48), [TextRecSample(text="ab") for _ in range(2)]
    losses = model.eval()(images, samples, mode="loss")
    assert set(losses) == {"loss_ctc", "loss_parallel_auxiliary"}
    frames = model.encode(images)[1]
    whole = model.auxiliary.loss(frames, samples)["loss_parallel"]
    torch.testing.assert_close(losses["loss_parallel_auxiliary"], 0.5 * whole)
    before = model(images)
    model.drop_auxiliary()
    torch.testing.assert_close(model(images), before)
    assert not [name for name in model.state_dict() if name.startswith("auxiliary")]
    assert set(model(images, samples, mode="loss")) == {"loss_ctc"}


def test_a_rescorer_trains_along_and_stays() -> None:
    model = build(rescorer={"type": "TransformerPrediction", "channels": 16, "weight": 0.5}).eval()
    images, samples = torch.randn(2, 3, 32, 48), [TextRecSample(text="ab") for _ in range(2)]
    losses = model(images, samples, mode="loss")
    assert set(losses) == {"loss_ctc", "loss_attention_rescorer"}
    whole = model.rescorer.loss(model.encode(images)[1], samples)["loss_attention"]
    torch.testing.assert_close(losses["loss_attention_rescorer"], 0.5 * whole)
    model.drop_auxiliary()
    assert model.rescorer is not None
    assert "rescorer.embedding.weight" in model.charset_parameters()


def test_fine_tuning_to_another_charset() -> None:
    guidance = {**PREDICTIONS["attention"], "weight": 1.0}
    old = build(charset="36", auxiliary=guidance).eval()
    new = build(charset={"characters": "éba"}, auxiliary=guidance).eval()
    assert new.charset_parameters() == {
        "prediction.classifier.weight": 0,
        "prediction.classifier.bias": 0,
        "auxiliary.classifier.weight": 0,
        "auxiliary.classifier.bias": 0,
        "auxiliary.embedding.weight": 0,
    }
    state, new_characters = new.remap_charset(old.state_dict(), old.charset)
    assert new_characters == ["é"]
    new.load_state_dict(state)
    images = torch.randn(1, 3, 32, 48)
    shared = [0, 1 + old.charset.index("b"), 1 + old.charset.index("a")]
    torch.testing.assert_close(new(images)[..., [0, 2, 3]], old(images)[..., shared])


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_onnx_gives_the_same_logits(prediction: str) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    model = build(prediction=prediction).eval()
    graph = io.BytesIO()
    torch.onnx.export(
        model,
        (torch.randn(2, 3, 32, 48),),
        graph,
        input_names=["images"],
        output_names=["logits"],
        dynamic_axes={"images": {0: "batch"}, "logits": {0: "batch"}},
        opset_version=17,
        dynamo=False,
    )
    session = onnxruntime.InferenceSession(graph.getvalue(), providers=["CPUExecutionProvider"])
    images = torch.randn(3, 3, 32, 48)
    [logits] = session.run(None, {"images": images.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(logits, model(images).numpy(), atol=2e-4)


def test_charset_by_object_name_or_characters() -> None:
    assert len(build(charset="94").charset) == 94
    assert build(charset=Charset("xyz")).charset.characters == "xyz"
    assert build(charset={"characters": "xyz"}).charset.characters == "xyz"


def test_errors_say_what_is_wrong() -> None:
    with pytest.raises(ConfigError, match="'type'"):
        build(prediction="ctc", sequence_modeling={"hidden": 3})
    model = build().eval()
    with pytest.raises(ConfigError, match="data_samples"):
        model(torch.zeros(1, 3, 32, 48), mode="loss")
    with pytest.raises(ConfigError, match="mode"):
        model(torch.zeros(1, 3, 32, 48), mode="train")


def test_a_recognizer_learns_the_space_and_its_rescorer_does_not() -> None:
    rescorer = {"type": "TransformerPrediction", "channels": 16}
    old = build(charset="94", rescorer=rescorer)
    model = build(charset="latin_spaces", rescorer=rescorer)
    assert " " in model.charset
    assert " " not in model.rescorer.charset
    state, new = model.remap_charset(old.state_dict(), old.charset)
    model.load_state_dict(state)
    assert " " in new
    space = model.charset.index(" ") + 1
    assert model.prediction.classifier.out_features == space + 1
    torch.testing.assert_close(
        model.rescorer.embedding.weight[:95], old.rescorer.embedding.weight[:95]
    )
    # And back, to a charset without the space.
    back, _ = old.remap_charset(model.state_dict(), model.charset)
    torch.testing.assert_close(back["rescorer.embedding.weight"], old.rescorer.embedding.weight)
    torch.testing.assert_close(
        back["prediction.classifier.weight"], old.prediction.classifier.weight
    )
