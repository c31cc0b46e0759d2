"""The records that the packages exchange: samples for training, results of reading."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    # The charset beneath it needs torch, which reading photos does without.
    from spotter.label_alphabet import LabelAlphabet
from spotter.geometry.lines import group_paragraphs
from spotter.geometry.vertex_order import min_area_rect
from spotter.result_exports import ResultExports


def word_score(detection_score: float, recognition_score: float) -> float:
    """The square root of the detection score, times the recognition score.

    How a word reads says twice as much about its being right as how it was found: a logistic
    regression on the words of photos gives the two logits the weights 0.99 and 0.52. Scores of
    others may be negative, such as logarithms; they keep their order.
    """
    root = math.copysign(math.sqrt(abs(detection_score)), detection_score)
    return root * recognition_score


@dataclass
class TextInstance:
    """One word (or line) in a photo.

    Attributes:
        polygon: (N, 2) float32, pixels of the photo as a person sees it, clockwise from the first
            character's top-left corner.
        text: What it says; ``None`` means unlabelled, ``""`` never occurs.
        ignore: Excluded from training and scoring (illegible, ``###``).
        detection_score: Mean text probability inside the polygon, in [0, 1]; 1.0 for labels.
        recognition_score: Product of the probabilities of the characters, in [0, 1], or the
            calibrated probability that ``text`` is right.
        character_scores: One probability per character of ``text``.
        rotation: Degrees (0, 90, 180 or 270, clockwise) by which the crop was turned before it was
            read.
    """

    polygon: np.ndarray
    text: str | None = None
    ignore: bool = False
    detection_score: float = 1.0
    recognition_score: float = 1.0
    character_scores: list[float] = field(default_factory=list)
    rotation: int = 0

    @property
    def score(self) -> float:
        """See :func:`word_score`; of a word without a text, the detection score."""
        if self.text is None:
            return self.detection_score
        return word_score(self.detection_score, self.recognition_score)

    def to_dict(self) -> dict[str, Any]:
        """The instance as JSON-ready values (the one schema of docs/architecture.md)."""
        return {
            "polygon": [[round(float(x), 2), round(float(y), 2)] for x, y in self.polygon],
            "text": self.text,
            "score": round(self.score, 4),
            "detection_score": round(self.detection_score, 4),
            "recognition_score": round(self.recognition_score, 4),
        }


@dataclass
class TextDetSample:
    """Labels and predictions of one detector input.

    Attributes:
        instances: Ground truth in pixels of the network's input.
        targets: Maps made by the target transform, each (H, W): for DBNet ``shrink_map``,
            ``shrink_mask``, ``threshold_map``, ``threshold_mask``.
        predictions: Filled by ``model(..., mode="predict")``, in pixels of the original photo.
        img_path: Where the photo came from.
        original_shape: (height, width) of the photo before any transform.
        input_shape: (height, width) of the valid region of the network's input, without padding.
        scale: (x, y) factors from photo pixels to input pixels.
    """

    instances: list[TextInstance] = field(default_factory=list)
    targets: dict[str, np.ndarray] = field(default_factory=dict)
    predictions: list[TextInstance] = field(default_factory=list)
    img_path: str | None = None
    original_shape: tuple[int, int] = (0, 0)
    input_shape: tuple[int, int] = (0, 0)
    scale: tuple[float, float] = (1.0, 1.0)


@dataclass
class TextRecSample:
    """Label and prediction of one recognizer input.

    Attributes:
        text: Label; ``None`` means unlabelled.
        valid_ratio: Share of the input's width that shows the crop, the rest is padding.
        predicted_text: Filled by ``model(..., mode="predict")``.
        character_scores: One probability per predicted character.
        score: Product of the per-step maxima of the prediction, in [0, 1].
        img_path: Where the crop came from (path, or ``lmdb:key``).
        source: Name of the dataset, for per-set scores.
        hidden_text: The text of a crop that is treated as unlabelled, where it is known. It is
            compared with readings for the log, and never trained on.
        label_alphabet: Which characters ``text`` can express; ``None``: all. Characters that it
            cannot express (marks, case) are not trained to be absent.
    """

    text: str | None = None
    valid_ratio: float = 1.0
    predicted_text: str | None = None
    character_scores: list[float] = field(default_factory=list)
    score: float = 0.0
    img_path: str | None = None
    source: str = ""
    hidden_text: str | None = None
    label_alphabet: LabelAlphabet | None = None


@dataclass
class LanguageSample:
    """One word of a text corpus, and what a language model makes of it.

    Attributes:
        text: Its spelling.
        misspelt: The misspelling that the model is given in tests of correction, else ``None``.
        log_probabilities: Filled by ``model(..., mode="predict")``: log P(c | all others) of each
            character and of the end.
        right: Filled in the same way: whether each of those is the most probable character there.
        restored: Filled in the same way: whether the most probable character at each place of
            ``misspelt`` is that of ``text``.
        corrected: Filled in the same way: the most probable correct spelling of ``misspelt``.
    """

    text: str
    misspelt: str | None = None
    log_probabilities: list[float] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    restored: list[bool] = field(default_factory=list)
    corrected: str | None = None


@dataclass
class TextLine:
    """Words that stand on one line.

    Attributes:
        words: From the first to the last, at least one.
    """

    words: list[TextInstance]

    @property
    def text(self) -> str:
        """What the words say, with spaces between them."""
        return " ".join(word.text for word in self.words if word.text)

    @property
    def polygon(self) -> np.ndarray:
        """(4, 2) float32, the smallest rectangle around the words, clockwise.

        It starts at the corner nearest to where the first word starts.
        """
        rectangle = min_area_rect(np.concatenate([word.polygon for word in self.words]))
        start = self.words[0].polygon[0]
        first = int(np.argmin(np.linalg.norm(rectangle - start, axis=1)))
        return np.roll(rectangle, -first, axis=0)


@dataclass
class Paragraph:
    """Lines that belong together.

    Attributes:
        lines: From the first to the last, at least one.
    """

    lines: list[TextLine]

    @property
    def text(self) -> str:
        """What the lines say, one below the other."""
        return "\n".join(line.text for line in self.lines)


@dataclass
class SpottingResult(ResultExports):
    """Every word of one photo.

    Its methods ``draw``, ``show``, ``crops`` and ``to_...`` (JSON, data frame, hOCR, ALTO, COCO,
    Label Studio, PaddleOCR, ICDAR, searchable PDF, supervision) are those of
    :class:`spotter.result_exports.ResultExports`.

    Iterating gives the words, ``len(result)`` is their number.

    Attributes:
        image: Name of the photo.
        width: Width of the photo as a person sees it (EXIF applied), in pixels.
        height: Height as a person sees it, in pixels.
        instances: The words, in reading order.
        error: One line that says why the photo could not be read, or ``None``.
        page: Number of the page in a document (TIFF, PDF) or of the frame in an animation, from 1;
            ``None`` for a photo.
        orientation: Direction of the text lines in degrees, clockwise from the x axis, in
            (-180, 180]: 180 for a photo that is upside down, 90 for one that was turned clockwise
            by a quarter, 0 for one that is upright or only slightly skewed.
        notes: What may have been missed and why, one sentence each.
    """

    image: str
    width: int = 0
    height: int = 0
    instances: list[TextInstance] = field(default_factory=list)
    error: str | None = None
    page: int | None = None
    orientation: float = 0.0
    notes: list[str] = field(default_factory=list)

    @property
    def words(self) -> list[TextInstance]:
        """The words, in reading order: :attr:`instances` by the name that most will look for."""
        return self.instances

    def __iter__(self) -> Iterator[TextInstance]:
        return iter(self.instances)

    def __len__(self) -> int:
        return len(self.instances)

    def __bool__(self) -> bool:
        """True, also of a photo without words: ``if result`` asks whether there is a result."""
        return True

    @property
    def paragraphs(self) -> list[Paragraph]:
        """The words, grouped by :func:`spotter.geometry.group_paragraphs`, in reading order."""
        outlines = [word.polygon for word in self.instances]
        return [
            Paragraph([TextLine([self.instances[index] for index in line]) for line in paragraph])
            for paragraph in group_paragraphs(outlines, self.orientation)
        ]

    @property
    def lines(self) -> list[TextLine]:
        """The lines of all paragraphs, in reading order."""
        return [line for paragraph in self.paragraphs for line in paragraph.lines]

    @property
    def text(self) -> str:
        """What the photo says: a line per line, and an empty line between paragraphs."""
        return "\n\n".join(paragraph.text for paragraph in self.paragraphs)

    def to_dict(self) -> dict[str, Any]:
        """One JSON schema everywhere; one such line per image (or page) in bulk."""
        page = {} if self.page is None else {"page": self.page}
        return {
            "image": self.image,
            **page,
            "width": self.width,
            "height": self.height,
            "orientation": round(self.orientation, 1),
            "instances": [instance.to_dict() for instance in self.instances],
            "notes": list(self.notes),
            "error": self.error,
        }
