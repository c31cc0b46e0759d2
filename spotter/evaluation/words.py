"""Words and readings of saved predictions, whose types are checked before they are scored.

A value of the wrong type is refused, never taken for something else: ``"ignore": "no"`` is not
true, ``true`` is no coordinate, and points of three numbers are not regrouped into pairs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import numpy as np

from spotter.data.readers.json_files import flag_of, number_of
from spotter.errors import AnnotationError, GeometryError
from spotter.geometry import as_vertices
from spotter.schema import shown
from spotter.structures import TextInstance

_ILLEGIBLE = "###"
_LARGEST_SCORE = 1e6

T = TypeVar("T")


class Refusals:
    """What of the predictions cannot be scored.

    Args:
        strict: Whether the first refusal ends the reading; ``False``: they are counted, and what is
            refused counts as not predicted.

    Attributes:
        strict: As given.
        lines: One line per refusal, that says where and why.
    """

    def __init__(self, strict: bool = True) -> None:
        self.strict = strict
        self.lines: list[str] = []

    def unless_refused(self, read: Callable[[], T]) -> T | None:
        """What ``read`` gives; ``None``, and a line more, if it is refused.

        Raises:
            AnnotationError: It is refused, and that is not to be left out.
        """
        try:
            return read()
        except AnnotationError as error:
            if self.strict:
                raise
            self.lines.append(str(error))
            return None


def predicted_words(
    record: Mapping[str, Any], where: str, refusals: Refusals
) -> list[TextInstance]:
    """The words of a line of predictions.

    A line with an ``error`` is of a photo that could not be read: it has none.

    Args:
        record: ``{"image", "instances": [...]}`` or ``{"image", "error"}``.
        where: For messages.
        refusals: Takes note of the words that are refused.

    Raises:
        AnnotationError: ``instances`` are missing or no list; a word is refused and ``strict``.
    """
    words = record.get("instances")
    if words is None and isinstance(record.get("error"), str):
        return []
    if not isinstance(words, list):
        instead = shown(words) if "instances" in record else "none"
        raise AnnotationError(f"{where}: needs a list of instances, found {instead}")
    read = [
        refusals.unless_refused(_reading(word, f"{where}, word {number}"))
        for number, word in enumerate(words, start=1)
    ]
    return [word for word in read if word is not None]


def _reading(word: Any, where: str) -> Callable[[], TextInstance]:
    return lambda: text_instance(word, where)


def true_words(words: Iterable[Any], where: str, factors: np.ndarray | None) -> list[TextInstance]:
    """The words of a canonical sample, coordinates times ``factors`` (x, y)."""
    return [
        text_instance(word, f"{where}, word {number}", factors)
        for number, word in enumerate(words, start=1)
    ]


def text_instance(word: Any, where: str, factors: np.ndarray | None = None) -> TextInstance:
    """A word of the JSON schema, ``ignore`` allowed, as it is.

    An outline without area is a wrong detection, not a wrong file.

    Args:
        word: ``{"polygon", "text", "ignore", "score", "detection_score", "recognition_score"}``,
            all but the polygon optional.
        where: For messages.
        factors: (2,) on the coordinates.

    Raises:
        AnnotationError: Something has another type, is not finite or out of bounds.
    """
    if not isinstance(word, Mapping):
        raise AnnotationError(f"{where}: a word is an object, not {shown(word)}")
    try:
        polygon = as_vertices(word.get("polygon"))
    except GeometryError as error:
        raise AnnotationError(f"{where}: needs a polygon of points ({error})") from None
    if len(polygon) < 3:
        raise AnnotationError(f"{where}: a polygon needs three points or more, all finite")
    score = _score(word, "score", 1.0, where)
    text = text_or_none(word.get("text"), where)
    ignore = flag_of(word.get("ignore"), f"{where}: ignore")
    return TextInstance(
        (polygon if factors is None else polygon * factors).astype(np.float32),
        text=text,
        ignore=ignore or text == _ILLEGIBLE,
        detection_score=_score(word, "detection_score", score, where),
        recognition_score=_score(word, "recognition_score", 1.0, where),
    )


def text_or_none(value: Any, where: str) -> str | None:
    """A text, or null.

    Raises:
        AnnotationError: It is anything else, such as a number.
    """
    if value is not None and not isinstance(value, str):
        raise AnnotationError(f"{where}: text is {shown(value)}")
    return value


def confidence(record: Mapping[str, Any], where: str) -> float | None:
    """The ``score`` of a reading, in [0, 1]; ``None`` where it has none.

    Raises:
        AnnotationError: It is no such number.
    """
    score = record.get("score")
    if score is None:
        return None
    value = number_of(score, f"{where}: score")
    # Products of probabilities that were rounded may be off by as much.
    if not -1e-6 <= value <= 1 + 1e-6:
        raise AnnotationError(f"{where}: a score is in 0..1, not {shown(score)}")
    return min(1.0, max(0.0, value))


def check_instance(word: TextInstance) -> None:
    """Refuse a word made in Python whose scores or coordinates are no finite numbers.

    Raises:
        AnnotationError: Such a score would be below every threshold, and above none.
    """
    for score in (word.detection_score, word.recognition_score):
        if not math.isfinite(score):
            raise AnnotationError(f"A word has the score {score}, which is not finite.")
    if not np.isfinite(word.polygon).all():
        raise AnnotationError("A word has coordinates that are not finite.")


def _score(word: Mapping[str, Any], key: str, default: float, where: str) -> float:
    if key not in word:
        return default
    try:
        return number_of(word[key], f"{where}: {key}", _LARGEST_SCORE)
    except AnnotationError as error:
        raise AnnotationError(f"{error}; needs numeric scores") from None
