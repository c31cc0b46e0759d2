"""What the study of vision and language measures: each modality, examples, and time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor

from research.studies.semi_supervised_data import (
    TESTS,
    batches_of_tests,
    fixed_size,
    marks_of_tests,
)
from research.studies.words import accuracies
from spotter.evaluation.protocols.recognition import RecognitionRules, evaluate_recognition

_RULES = RecognitionRules()


def score_modalities(model: Any, root: Path, width: int) -> dict[str, Any]:
    """Accuracies of vision, language and fusion on each test set, and words that they disagree on.

    Args:
        model: A :class:`VisionLanguageRecognizer` in evaluation mode.
        root: Folder of the data sets.
        width: Of the input.

    Returns:
        ``accuracy``: by output (``vision``, ``language``, ``fusion1`` and so on by round) and test;
        ``helped`` and ``hurt``: ``[test, truth, vision's reading, fusion's]`` of the words that
        fusion reads rightly and vision does not, and the reverse.
    """
    accuracy: dict[str, dict[str, float]] = {}
    disagreements: dict[str, list[list[str]]] = {"helped": [], "hurt": []}
    for test, batches in batches_of_tests(root, fixed_size(width)):
        readings: dict[str, list[str]] = {}
        truths: list[str] = []
        for batch in batches:
            data = model.data_preprocessor(batch, False)
            with torch.no_grad():
                output = model.read(data["inputs"], data["data_samples"])
            named = {"vision": output.vision, "language": output.language[-1]}
            named |= {f"fusion{i}": logits for i, logits in enumerate(output.fusion, 1)}
            for name, logits in named.items():
                texts = [reading.text for reading in model.decode(logits)]
                readings.setdefault(name, []).extend(texts)
            truths += [sample.text for sample in data["data_samples"]]
        for name, texts in readings.items():
            value = evaluate_recognition(texts, truths).weighted.accuracy
            accuracy.setdefault(name, {})[test] = value
        compare(disagreements, test, truths, readings["vision"], list(readings.values())[-1])
    for values in accuracy.values():
        values["mean"] = sum(values[test] for test in TESTS) / len(TESTS)
    return {"accuracy": accuracy, **disagreements}


def score(recognizer: Any, root: Path, width: int) -> dict[str, float]:
    """Accuracy of a recognizer on each test, and their mean; 36 characters, case folded.

    Args:
        recognizer: In evaluation mode.
        root: Folder of the data sets.
        width: Of the input.
    """

    def read(batch: Any) -> dict[str, list[str]]:
        return {"": [str(sample.predicted_text) for sample in recognizer.val_step(batch)]}

    return accuracies(marks_of_tests(read, root, fixed_size(width))[""]["folded"])


def compare(
    disagreements: dict[str, list[list[str]]],
    test: str,
    truths: list[str],
    seen: list[str],
    fused: list[str],
) -> None:
    """Add the words that one reading gets right and the other does not."""
    for truth, one, other in zip(truths, seen, fused, strict=True):
        right = [_RULES.normalise(text) == _RULES.normalise(truth) for text in (one, other)]
        if right[0] != right[1]:
            disagreements["helped" if right[1] else "hurt"].append([test, truth, one, other])


def score_correction(
    vision: Any, language: Any, root: Path, width: int, weight: float
) -> dict[str, float]:
    """Accuracies of a vision model whose reading a language model corrects without fusion.

    log P = log P_vision + weight · log P_language; the language model is given vision's
    distributions, once.

    Args:
        vision: A recognizer with a parallel decoder, in evaluation mode.
        language: A language model of the same charset, in evaluation mode.
        root: Folder of the data sets.
        width: Of the input.
        weight: Of language.
    """
    values = {}
    for test, batches in batches_of_tests(root, fixed_size(width)):
        texts: list[str] = []
        truths: list[str] = []
        for batch in batches:
            data = vision.data_preprocessor(batch, False)
            with torch.no_grad():
                logits = correct(vision(data["inputs"], data["data_samples"]), language, weight)
            texts += [reading.text for reading in vision.prediction.decode(logits)]
            truths += [sample.text for sample in data["data_samples"]]
        values[test] = evaluate_recognition(texts, truths).weighted.accuracy
    values["mean"] = sum(values[test] for test in TESTS) / len(TESTS)
    return values


def correct(logits: Tensor, language: Any, weight: float) -> Tensor:
    """Logits (N, S, K) of vision and language together; lengths stay vision's."""
    # Imported here: the packages of language models and recognizers import each other, and whoever
    # has a language model has loaded both.
    from spotter.models.language.base import word_lengths

    seen = logits.float().log_softmax(-1)
    lengths = word_lengths(seen)
    likely = language(seen.exp(), lengths).logits.float().log_softmax(-1)
    inside = torch.arange(seen.shape[1], device=seen.device)[None] < lengths[:, None] - 1
    together = seen + weight * likely
    # Characters stay characters, the end the end: language has not seen the picture.
    together[..., 0] = float("-inf")
    return torch.where(inside[..., None], together, seen)


def milliseconds_per_word(model: Any, width: int, repeats: int = 40) -> dict[str, float]:
    """Median processor time of one word alone: vision, and each further round.

    Args:
        model: A :class:`VisionLanguageRecognizer` in evaluation mode.
        width: Of the input.
        repeats: Words.
    """
    image = torch.zeros(1, 3, 32, width, device=next(model.parameters()).device)
    spent: Mapping[str, list[float]] = {"vision": [], "vision and language": []}
    with torch.inference_mode():
        for repeat in range(repeats + 3):
            for name, call in (("vision", model.vision), ("vision and language", model)):
                start = time.process_time()
                call(image)
                # The first calls set things up.
                if repeat >= 3:
                    spent[name].append(1e3 * (time.process_time() - start))
    times = {name: median(values) for name, values in spent.items()}
    times["per round"] = (times["vision and language"] - times["vision"]) / model.rounds
    return times
