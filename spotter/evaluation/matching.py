"""What the detection and end-to-end protocols share: inputs, don't-care rule, matching, rates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np

from spotter.errors import AnnotationError, ConfigError
from spotter.evaluation.words import Refusals, check_instance, predicted_words, text_instance
from spotter.geometry import Overlaps, as_polygon
from spotter.structures import SpottingResult, TextDetSample, TextInstance

#: Words of one image: instances, or a result as object or as a line of the JSON schema.
ImageWords: TypeAlias = "Sequence[TextInstance | dict[str, Any]] | SpottingResult | dict[str, Any]"
#: Words of many images, in step, or by image name.
Words: TypeAlias = "Sequence[ImageWords] | Mapping[str, ImageWords]"

ILLEGIBLE = "###"

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

S = TypeVar("S", bound="DataclassInstance")


@dataclass(frozen=True)
class FlatScores:
    """Numbers of a protocol; a subclass has one attribute for each."""

    def to_dict(self) -> dict[str, float]:
        """The attributes by name."""
        return asdict(self)


def as_instances(words: ImageWords) -> list[TextInstance]:
    """Words of one image in any accepted form.

    Args:
        words: ``TextInstance`` objects, dicts of the JSON schema (``ignore`` allowed), a
            ``SpottingResult``, or a whole line of the JSON schema.

    Returns:
        Instances; those whose text is ``###`` are marked ignored.

    Raises:
        AnnotationError: A word that is neither, or with a value of another type, a score that is
            not finite, or a line without a list of instances and without an error.
        GeometryError: A dict whose polygon has too few points or no area.
    """
    if isinstance(words, SpottingResult):
        words = words.instances
    elif isinstance(words, dict):
        return as_instances(predicted_words(words, str(words.get("image")), Refusals()))
    instances = [word if isinstance(word, TextInstance) else _from_dict(word) for word in words]
    for word in instances:
        check_instance(word)
    return [
        replace(word, ignore=True) if word.text == ILLEGIBLE and not word.ignore else word
        for word in instances
    ]


def _from_dict(word: dict[str, Any]) -> TextInstance:
    if not isinstance(word, dict) or "polygon" not in word:
        raise AnnotationError(f"A word needs a polygon, got {str(word)[:80]!r}.")
    as_polygon(word["polygon"])
    return text_instance(word, "a word")


def paired_images(
    predictions: Words, ground_truths: Words
) -> Iterator[tuple[str | int, list[TextInstance], list[TextInstance]]]:
    """Predictions and ground truth of each image.

    Args:
        predictions: Per image, in step with the ground truth, or by image name. An image without
            predictions by that name has none.
        ground_truths: True words in the same form.

    Yields:
        (image name or number, predicted instances, true instances).

    Raises:
        AnnotationError: The two do not cover the same images.
    """
    if isinstance(ground_truths, Mapping) and isinstance(predictions, Mapping):
        unknown = sorted(set(predictions) - set(ground_truths))
        if unknown:
            raise AnnotationError(f"{unknown[0]}: predicted, but there is no ground truth.")
        for name, words in ground_truths.items():
            yield name, as_instances(predictions.get(name, [])), as_instances(words)
        return
    if isinstance(ground_truths, Mapping) or isinstance(predictions, Mapping):
        raise AnnotationError("Predictions and ground truth must both be lists or both by name.")
    if len(predictions) != len(ground_truths):
        raise AnnotationError(
            f"{len(predictions)} images predicted, ground truth for {len(ground_truths)}."
        )
    for index, (predicted, words) in enumerate(zip(predictions, ground_truths, strict=True)):
        yield index, as_instances(predicted), as_instances(words)


def changed_settings(protocol: str, settings: S, changes: Mapping[str, Any] | None) -> S:
    """The settings of a protocol with some of them changed.

    Args:
        protocol: Its name, for the message.
        settings: A dataclass.
        changes: New values by the names of its fields.

    Raises:
        ConfigError: There is no field of a name.
    """
    known = {field.name for field in fields(settings)}
    unknown = sorted(set(changes or {}) - known)
    if unknown:
        raise ConfigError(
            f"{protocol} knows no setting {', '.join(unknown)}; known are"
            f" {', '.join(field.name for field in fields(settings))}."
        )
    return replace(settings, **(changes or {}))


def photo_ground_truth(sample: TextDetSample) -> list[TextInstance]:
    """Ground truth of a detector input in pixels of the photo."""
    scale = np.asarray(sample.scale, dtype=np.float64)
    return as_instances(
        [
            replace(word, polygon=(word.polygon / scale).astype(np.float32))
            for word in sample.instances
        ]
    )


def ignored_detections(
    overlaps: Overlaps, ignored_truths: np.ndarray, threshold: float = 0.5
) -> np.ndarray:
    """Detections to leave out, as they lie on text that does not count (ICDAR 2015 rule).

    Args:
        overlaps: Ground truth (first, G) against detections (second, D).
        ignored_truths: (G,) bool, the don't-care words.
        threshold: A detection is left out when one don't-care word covers more than this share of
            its area.

    Returns:
        (D,) bool.
    """
    return (overlaps.second_share[ignored_truths] > threshold).any(axis=0)


def greedy_matches(
    iou: np.ndarray,
    truths: np.ndarray,
    detections: np.ndarray,
    threshold: float = 0.5,
) -> list[tuple[int, int]]:
    """One-to-one matching as the ICDAR 2015 script does it.

    In the order of the ground truth, each word takes the first free detection (in the order given)
    whose IoU is strictly above the threshold.

    Args:
        iou: (G, D).
        truths: (G,) bool, words that count.
        detections: (D,) bool, detections that count.
        threshold: IoU to exceed.

    Returns:
        Pairs (ground truth, detection).
    """
    allowed = (iou > threshold) & truths[:, None] & detections[None, :]
    taken: set[int] = set()
    pairs: list[tuple[int, int]] = []
    for truth, detection in np.argwhere(allowed).tolist():
        if detection in taken or (pairs and pairs[-1][0] == truth):
            continue
        taken.add(detection)
        pairs.append((truth, detection))
    return pairs


def rate(part: float, whole: float) -> float:
    """``part / whole``, 0 for an empty whole."""
    return part / whole if whole else 0.0


def harmonic_mean(precision: float, recall: float) -> float:
    """F-measure (Hmean) of two rates, 0 when both are 0."""
    return rate(2 * precision * recall, precision + recall)


def average_precision(scores: np.ndarray, correct: np.ndarray, truths: int) -> float:
    """Mean of the precision at each correct detection, in falling order of score.

    As in the ICDAR 2015 script: no interpolation, words that are never found count as 0. Equal
    scores are one step of the ranking, as no threshold parts them; the script leaves their order to
    chance.

    Args:
        scores: (D,) confidences of the detections that count, of all images.
        correct: (D,) bool.
        truths: Number of words that count.

    Returns:
        Average precision in [0, 1].
    """
    falling = -np.asarray(scores, dtype=np.float64)
    order = np.argsort(falling, kind="stable")
    ranked, falling = np.asarray(correct, dtype=bool)[order], falling[order]
    retrieved = np.searchsorted(falling, falling, side="right")
    precision = np.cumsum(ranked)[retrieved - 1] / retrieved
    return rate(float(precision[ranked].sum()), truths)
