"""A teacher's reading and a student's answer at the same characters."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from spotter.errors import ConfigError
from spotter.methods.semi_supervised.alignment import (
    FrameAlignment,
    alignment_of,
    classified_channels,
)
from spotter.methods.semi_supervised.readings import Encoded, encode
from tests.unit.methods.semi import PREDICTIONS, build_recognizer, crops, labels, outspoken

BLANK = 0


def frame_logits(*paths: list[tuple[int, float]]) -> torch.Tensor:
    """Logits (N, T, 17) whose softmax maximum per frame is a given class with a probability."""
    rows = []
    for path in paths:
        row = []
        for token, probability in path:
            values = torch.full((17,), (1 - probability) / 16)
            values[token] = probability
            row.append(values.log())
        rows.append(torch.stack(row))
    return torch.stack(rows)


def test_ctc_scores_each_run_by_its_surest_frame() -> None:
    recognizer = build_recognizer("ctc")
    # a a blank a b: "aab"; then nothing at all; then a word behind padding.
    logits = frame_logits(
        [(11, 0.6), (11, 0.9), (0, 0.95), (11, 0.7), (12, 0.8)],
        [(0, 0.99)] * 5,
        [(5, 0.5), (0, 0.9), (5, 0.4), (6, 0.9), (6, 0.9)],
    )
    mask = torch.ones(3, 5, dtype=torch.bool)
    mask[2, 2:] = False
    recognizer.prediction.forward = lambda frames, mask, height: logits
    encoded = Encoded(logits, logits, mask, 1)
    alignment = FrameAlignment()
    reading = alignment.read(recognizer, encoded)
    assert alignment.texts(recognizer, reading) == ["aab", "", "4"]
    kept = [row[c].tolist() for row, c in zip(reading.scores, reading.counted, strict=True)]
    assert kept[0] == pytest.approx([0.9, 0.7, 0.8])
    assert kept[1] == []
    assert kept[2] == pytest.approx([0.5])
    assert reading.empty.tolist() == [False, True, False]
    decoded = recognizer.prediction.decode(logits, mask)
    assert [d.text for d in decoded] == alignment.texts(recognizer, reading)
    assert reading.scores[0][reading.counted[0]].prod() == pytest.approx(decoded[0].score)


@pytest.mark.parametrize("prediction", ["attention", "parallel"])
def test_a_reading_ends_with_its_end_token(prediction: str) -> None:
    recognizer = outspoken(build_recognizer(prediction)).eval()
    with torch.no_grad():
        encoded = encode(recognizer, crops(12), None)
        reading = alignment_of(recognizer).read(recognizer, encoded)
    decoded = recognizer(crops(12), mode="predict")
    texts = alignment_of(recognizer).texts(recognizer, reading)
    assert texts == [sample.predicted_text for sample in decoded]
    lengths = [min(len(text) + 1, 5) for text in texts]
    assert len(set(lengths)) > 1, "the crops should be read as words of several lengths"
    assert reading.valid.sum(1).tolist() == lengths
    assert reading.tokens.shape[1] == max(lengths)
    assert reading.empty.tolist() == [text == "" for text in texts]
    for row, sample in enumerate(decoded):
        product = reading.scores[row][reading.counted[row]].prod()
        assert product == pytest.approx(sample.score, rel=1e-4)


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_a_student_with_the_same_view_answers_as_the_teacher(prediction: str) -> None:
    recognizer = outspoken(build_recognizer(prediction)).eval()
    alignment = alignment_of(recognizer)
    with torch.no_grad():
        encoded = encode(recognizer, crops(5), None)
        reading = alignment.read(recognizer, encoded)
        for sharing in (True, False):
            answer = alignment.answer(recognizer, encoded, reading, context_sharing=sharing)
            steps = reading.valid & answer.valid
            assert torch.equal(steps, reading.valid)
            torch.testing.assert_close(answer.logits[steps], reading.logits[steps])
            assert answer.features.shape[:2] == reading.tokens.shape


def test_context_sharing_feeds_the_teachers_characters() -> None:
    recognizer = outspoken(build_recognizer("attention")).eval()
    alignment = alignment_of(recognizer)
    fed = []
    honest = recognizer.prediction.forward_train

    def spy(features, tokens, *rest):
        fed.append(tokens)
        return honest(features, tokens, *rest)

    recognizer.prediction.forward_train = spy
    with torch.no_grad():
        reading = alignment.read(recognizer, encode(recognizer, crops(6), None))
        other = encode(recognizer, crops(6, seed=9), None)
        shared = alignment.answer(recognizer, other, reading)
        alone = alignment.answer(recognizer, other, reading, context_sharing=False)
        own = recognizer.prediction.decode_free(other.frames)[0]
    steps = reading.tokens.shape[1]
    assert shared.logits.shape == alone.logits.shape == reading.logits.shape
    bos = recognizer.prediction.token_map.bos
    assert fed[0][:, 0].tolist() == fed[1][:, 0].tolist() == [bos] * 6
    # What a step is fed with is what the step before said: of the teacher, or of the student.
    assert torch.equal(fed[0][:, 1:steps], reading.tokens[:, : steps - 1])
    assert torch.equal(fed[1][:, 1:steps], own[:, : steps - 1])
    assert not torch.equal(fed[0], fed[1])


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_supervision_is_the_recognizers_own(prediction: str) -> None:
    recognizer = build_recognizer(prediction, auxiliary={**PREDICTIONS["attention"], "weight": 0.5})
    recognizer.eval()
    samples = labels("ab", None, "c123")
    encoded = encode(recognizer, crops(3), samples)
    losses, characters = alignment_of(recognizer).supervise(recognizer, encoded, samples)
    expected = recognizer(crops(3), samples, mode="loss")
    assert losses.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(losses[name], value)
    assert characters is not None
    rows = characters.real.any(1)
    # The unlabelled crop has no characters to align domains with.
    autoregressive = prediction in ("attention", "transformer")
    assert len(rows) == 2 if autoregressive else not rows[1]
    unlabelled = labels(None, None, None)
    losses, characters = alignment_of(recognizer).supervise(recognizer, encoded, unlabelled)
    assert all(float(value) == 0.0 for value in losses.values())
    assert characters is None or not characters.real.any()


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_sequence_loss_is_the_loss_with_the_reading_as_label(prediction: str) -> None:
    recognizer = outspoken(build_recognizer(prediction)).eval()
    alignment = alignment_of(recognizer)
    weak, strong = crops(30), crops(30, seed=5)
    with torch.no_grad():
        reading = alignment.read(recognizer, encode(recognizer, weak, None))
        answer = alignment.answer(recognizer, encode(recognizer, strong, None), reading)
        each = alignment.sequence_loss(recognizer, answer, reading)
        texts = alignment.texts(recognizer, reading)
        compared = 0
        for row, text in enumerate(texts):
            if not text or not reading.valid[row].sum() > len(text):
                continue
            [alone] = recognizer(strong[row : row + 1], labels(text), mode="loss").values()
            assert float(each[row]) == pytest.approx(float(alone), rel=1e-4)
            compared += 1
    assert compared >= 2


def test_frames_of_different_widths_cannot_be_aligned() -> None:
    recognizer = build_recognizer("ctc").eval()
    with torch.no_grad():
        reading = FrameAlignment().read(recognizer, encode(recognizer, crops(2), None))
        wider = encode(recognizer, torch.randn(2, 3, 32, 64), None)
        with pytest.raises(ConfigError, match="resize both alike"):
            FrameAlignment().answer(recognizer, wider, reading)


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_projections_fit_the_classifier(prediction: str) -> None:
    recognizer = build_recognizer(prediction).eval()
    channels = classified_channels(recognizer)
    with torch.no_grad():
        encoded = encode(recognizer, crops(2), None)
        alignment = alignment_of(recognizer)
        reading = alignment.read(recognizer, encoded)
        same = alignment.answer(recognizer, encoded, reading, nn.Identity())
        other = alignment.answer(recognizer, encoded, reading, nn.Linear(channels, channels))
    torch.testing.assert_close(same.logits[reading.valid], reading.logits[reading.valid])
    assert not torch.allclose(other.logits, same.logits)


def test_other_predictions_have_no_alignment() -> None:
    recognizer = nn.Module()
    recognizer.prediction = nn.Linear(2, 2)
    with pytest.raises(ConfigError, match="no alignment of characters for Linear"):
        alignment_of(recognizer)


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_a_student_is_as_sure_as_a_teacher_of_the_same_view(prediction: str) -> None:
    recognizer = outspoken(build_recognizer(prediction)).eval()
    alignment = alignment_of(recognizer)
    with torch.no_grad():
        encoded = encode(recognizer, crops(6), None)
        reading = alignment.read(recognizer, encoded)
        answer = alignment.answer(recognizer, encoded, reading)
    scores, counted = alignment.certainty(recognizer, answer, reading)
    assert torch.equal(counted, reading.counted)
    torch.testing.assert_close(scores[counted], reading.scores[counted], rtol=1e-4, atol=1e-5)


def test_transformers_continue_the_prefixes_of_others() -> None:
    """What is fed decides what is said; a projection stands before the classifier only."""
    recognizer = outspoken(build_recognizer("transformer")).eval()
    alignment = alignment_of(recognizer)
    with torch.no_grad():
        encoded = encode(recognizer, crops(4), None)
        reading = alignment.read(recognizer, encoded)
        other = replace(reading, tokens=reading.tokens.roll(1, 0))
        own, led = (alignment.answer(recognizer, encoded, r) for r in (reading, other))
        projected = alignment.answer(recognizer, encoded, reading, lambda hidden: 0.0 * hidden)
    valid = reading.valid
    torch.testing.assert_close(own.logits[valid], reading.logits[valid], rtol=1e-3, atol=1e-3)
    # The first step is fed the same beginning of a word.
    torch.testing.assert_close(led.logits[:, 0], own.logits[:, 0])
    assert not torch.allclose(led.logits, own.logits)
    bias = recognizer.prediction.classifier.bias
    torch.testing.assert_close(projected.logits, bias.expand_as(projected.logits))
    torch.testing.assert_close(projected.features, own.features)
