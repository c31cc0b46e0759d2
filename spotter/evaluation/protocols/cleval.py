"""CLEval: character-level scores of detection and end-to-end reading (Baek et al., CLEval:
Character-Level Evaluation for Text Detection and Recognition Tasks, CVPR Workshops 2020).

Equal to the authors' package (PyPI ``cleval`` 0.1.1) on outlines that do not cross themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

import cv2
import numpy as np

from spotter.errors import ConfigError
from spotter.evaluation.matching import Words, changed_settings, harmonic_mean, rate
from spotter.evaluation.pairs import FlatWords, flatten_words
from spotter.evaluation.protocols.cleval_characters import OutlineKind, outlines_of
from spotter.evaluation.protocols.cleval_matching import (
    CharacterCounts,
    CharacterTable,
    MatchCounts,
    Texts,
    Weights,
    count_matches,
)

#: (height, width) of the images, in step with the ground truth or by image name.
ImageSizes: TypeAlias = "Sequence[tuple[int, int]] | Mapping[str, tuple[int, int]]"


@dataclass(frozen=True)
class CLEvalSettings:
    """Rules of CLEval; the defaults are the package's.

    Attributes:
        end_to_end: Whether the readings are scored, too. True words without text are don't-care
            then; otherwise their shapes say how many characters they have.
        outlines: ``"quads"`` or ``"polygons"``, see
            :mod:`spotter.evaluation.protocols.cleval_characters`; ``None`` takes quads when every
            true word has four corners.
        area_precision: Share of a detection that must lie in its true words.
        recall_penalty: Characters taken off for each further detection of a true word.
        precision_penalty: Characters taken off for each further true word of a detection.
        vertical_aspect_ratio: Quads narrower than this multiple of their height are vertical.
        case_sensitive: Whether case counts in readings.
        scale_bins: Limits of the bins of character size; ``()`` for none.
    """

    end_to_end: bool = False
    outlines: OutlineKind | None = None
    area_precision: float = 0.3
    recall_penalty: float = 1.0
    precision_penalty: float = 1.0
    vertical_aspect_ratio: float = 0.5
    case_sensitive: bool = True
    scale_bins: Sequence[float] = ()


@dataclass(frozen=True)
class CharacterScores(CharacterCounts):
    """Rates of characters, see :class:`CharacterCounts`."""

    @property
    def recall(self) -> float:
        """(correct - recall_penalty) / ground_truths, not below 0."""
        return rate(max(0.0, self.correct - self.recall_penalty), self.ground_truths)

    @property
    def precision(self) -> float:
        """(correct - precision_penalty) / detected, not below 0."""
        return rate(max(0.0, self.correct - self.precision_penalty), self.detected)

    @property
    def hmean(self) -> float:
        """Harmonic mean of the two."""
        return harmonic_mean(self.precision, self.recall)

    def to_dict(self) -> dict[str, float]:
        """Rates and counts by name."""
        rates = {"precision": self.precision, "recall": self.recall, "hmean": self.hmean}
        return {**rates, **asdict(self)}


@dataclass(frozen=True)
class CLEvalScores:
    """Scores over a set of images. ``precision``, ``recall`` and ``hmean`` are detection's.

    Attributes:
        detection: Characters found.
        end_to_end: Characters found and read, if asked for.
        splits: True words in several detections.
        merges: Detections of several true words.
        overlapped: Further detections of characters that were found already.
        words: Number of true words that count.
        detections: Number of detections that count.
        images: Number of images.
        scales: Scores by (lower, upper) limit of the relative character size, if asked for: words
            of other sizes are don't-care.
    """

    detection: CharacterScores
    end_to_end: CharacterScores | None
    splits: int
    merges: int
    overlapped: int
    words: int
    detections: int
    images: int
    scales: dict[tuple[float, float], CLEvalScores] = field(default_factory=dict)

    @property
    def precision(self) -> float:
        """Precision of detection."""
        return self.detection.precision

    @property
    def recall(self) -> float:
        """Recall of detection."""
        return self.detection.recall

    @property
    def hmean(self) -> float:
        """Harmonic mean of the two."""
        return self.detection.hmean

    def to_dict(self) -> dict[str, float]:
        """Numbers by name; those of reading and of scales by ``end_to_end_`` and ``scale_a_b_``."""
        numbers = self.detection.to_dict()
        if self.end_to_end is not None:
            numbers |= {f"end_to_end_{k}": v for k, v in self.end_to_end.to_dict().items()}
        for name in ("splits", "merges", "overlapped", "words", "detections", "images"):
            numbers[name] = getattr(self, name)
        for (low, high), scores in self.scales.items():
            numbers |= {f"scale_{low:g}_{high:g}_{k}": v for k, v in scores.to_dict().items()}
        return numbers


def evaluate_cleval(
    predictions: Words,
    ground_truths: Words,
    settings: CLEvalSettings | Mapping[str, Any] | None = None,
    image_sizes: ImageSizes | None = None,
    min_score: float = 0.0,
) -> CLEvalScores:
    """Character-level scores.

    The characters of a true word are points spread along it. A detection may match a word when it
    holds such points and enough of its own area lies in the word: one to one when neither has
    another candidate, one to many for each word with several detections, many to one for each
    detection in whose area several words have enough. Each point counts once; further parts of a
    word or words of a detection cost the granularity penalty. Detections of which enough lies in
    don't-care words are left out. End to end, a word has read the longest common subsequence with
    the joined readings of its detections.

    Args:
        predictions: Words per image, in step with the ground truth or by image name.
        ground_truths: The same; words with ``ignore`` or the text ``###`` are don't-care.
        settings: Rules, or those that differ from the package's, by name.
        image_sizes: (height, width) of the images, for the scale bins.
        min_score: Detections below it are dropped; to be fixed before the test set is seen.

    Returns:
        Scores over all images together.

    Raises:
        AnnotationError: Malformed words, or the two sides do not cover the same images.
        ConfigError: Unknown rules or outlines, or scale bins without image sizes.
    """
    if not isinstance(settings, CLEvalSettings):
        settings = changed_settings("CLEval", CLEvalSettings(), settings)
    words = flatten_words(predictions, ground_truths, min_score)
    sizes = (
        _sizes_in_step(image_sizes, ground_truths, words.images)
        if image_sizes is not None
        else None
    )
    if len(settings.scale_bins) and sizes is None:
        raise ConfigError("CLEval by scale needs the sizes of the images (image_sizes).")

    cared = words.cared
    if settings.end_to_end:
        cared &= np.array([bool(word.text) for word in words.truths], dtype=bool)
    table, texts = _character_table(words, cared, settings)
    weights = Weights(settings.area_precision, settings.recall_penalty, settings.precision_penalty)
    scales = {}
    if sizes is not None and len(settings.scale_bins):
        relative = _relative_sizes(words, sizes)
        for low, high in zip(settings.scale_bins[:-1], settings.scale_bins[1:], strict=True):
            chosen = cared & (relative >= np.float32(low)) & (relative <= np.float32(high))
            scales[(low, high)] = _scores(
                count_matches(table, chosen, weights, texts), words.images
            )
    return _scores(count_matches(table, cared, weights, texts), words.images, scales)


def _character_table(
    words: FlatWords, cared: np.ndarray, settings: CLEvalSettings
) -> tuple[CharacterTable, Texts | None]:
    kind = settings.outlines
    if kind is None:
        kind = "quads" if all(len(word.polygon) == 4 for word in words.truths) else "polygons"
    truths, detections = (
        outlines_of(kind, [word.polygon for word in side], settings.vertical_aspect_ratio)
        for side in (words.truths, words.detections)
    )

    def compared(text: str | None) -> str:
        return text or "" if settings.case_sensitive else (text or "").upper()

    readings = Texts(
        [compared(word.text) for word in words.truths],
        [compared(word.text) for word in words.detections],
    )
    known = cared & np.array([bool(word.text) for word in words.truths], dtype=bool)
    lengths = np.array([len(text) for text in readings.truths], dtype=np.int64)
    lengths = np.where(known, lengths, truths.pseudo_lengths())
    table = CharacterTable(words, truths, detections, lengths)
    return table, readings if settings.end_to_end else None


def _scores(
    counts: MatchCounts,
    images: int,
    scales: dict[tuple[float, float], CLEvalScores] | None = None,
) -> CLEvalScores:
    def rated(characters: CharacterCounts) -> CharacterScores:
        return CharacterScores(**asdict(characters))

    return CLEvalScores(
        detection=rated(counts.detection),
        end_to_end=None if counts.end_to_end is None else rated(counts.end_to_end),
        splits=counts.splits,
        merges=counts.merges,
        overlapped=counts.overlapped,
        words=counts.truths,
        detections=counts.detections,
        images=images,
        scales=scales or {},
    )


def _sizes_in_step(sizes: ImageSizes, ground_truths: Words, images: int) -> list[tuple[int, int]]:
    if isinstance(sizes, Mapping):
        missing = [name for name in ground_truths if name not in sizes]
        if missing:
            raise ConfigError(f"There is no image size for {missing[0]!r}.")
        return [sizes[name] for name in ground_truths]  # type: ignore[index]
    if len(sizes) != images:
        raise ConfigError(f"There are {len(sizes)} image sizes for {images} images.")
    return list(sizes)


def _relative_sizes(words: FlatWords, sizes: Sequence[tuple[int, int]]) -> np.ndarray:
    """(G,) float32 shorter side of each true word over the longer side of its image.

    The word is its smallest rotated rectangle with corners rounded to whole pixels. As in the
    package a word of 0.04 is in the bins that end and begin there, which asks for this precision.
    """
    relative: np.ndarray = np.zeros(len(words.truths), dtype=np.float32)
    for index, (word, image) in enumerate(zip(words.truths, words.truth_images, strict=True)):
        rectangle = cv2.minAreaRect(np.asarray(word.polygon, dtype=np.float32))
        corners = np.around(cv2.boxPoints(rectangle))
        sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
        shorter = min(sides[0] + sides[2], sides[1] + sides[3]) / 2
        relative[index] = shorter / max(sizes[image])
    return relative
