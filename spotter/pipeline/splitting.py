"""Outlines that hold several words: taken apart at the spaces that the ink shows.

The detector joins words that stand close, most of all single characters to what is beside them:
``1 of 3`` becomes one box. The parts are read along with the whole, and count where they say the
same. Recognizers that know the space show by themselves where words part.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from spotter.geometry import native_size
from spotter.pipeline.crop_batching import WordReading
from spotter.pipeline.ink import RIM, Ink, line_ink, part_of
from spotter.pipeline.joining import JoinedWord
from spotter.structures import TextInstance

_LETTER_SPACE, _DIGIT_SPACE = 0.45, 0.8
"""Narrowest space between two letters and two digits, as a share of the height of their outline: in
type of one width a narrow character, such as i or 1, stands apart from its neighbours. A single
letter beside a digit counts as a digit, as in codes. At a mark that joins what is beside it, the
space is that between letters; beside nothing but marks, that between digits."""

_JOINING = "-./:,@_#&+'"

_LEAST_CONTRAST = 60.0
_SHORTEST = 1.8
_MOST_PARTS = 6


@dataclass(frozen=True)
class SplitWord:
    """A detection that may be several words.

    Attributes:
        index: Of the detection.
        word: The detection.
        parts: The words, in reading order.
        spaces: Widths of the spaces between them, as shares of the height; empty where it was the
            recognizer that saw them.
    """

    index: int
    word: TextInstance
    parts: list[TextInstance]
    spaces: list[float]


def propose_splits(
    image: np.ndarray, words: Sequence[TextInstance], joined: Sequence[JoinedWord]
) -> list[SplitWord]:
    """Which words may be several.

    Args:
        image: (H, W, 3) uint8, in which the lines run to the right.
        words: Found in it; those with more than four corners stay as they are.
        joined: What may be one word of several of them; none of those is taken apart.
    """
    used = {index for each in joined for index in each.members if len(each.members) > 1}
    found = []
    for index, word in enumerate(words):
        if index in used or len(word.polygon) != 4:
            continue
        width, height = native_size(word.polygon)
        if width < _SHORTEST * height:
            continue
        ink = line_ink(image, word.polygon)
        if ink is not None and ink.contrast >= _LEAST_CONTRAST:
            split = _split(index, word, ink)
            if split is not None:
                found.append(split)
    return found


def accepted_splits(
    readings: Sequence[WordReading],
    splits: Sequence[SplitWord],
    parts: Sequence[list[WordReading]],
) -> dict[int, tuple[SplitWord, list[WordReading]]]:
    """The detections that are several words, by their index, with the readings of the words.

    Args:
        readings: Of all detections.
        splits: Which may be several words.
        parts: Of each of those, the readings of its parts.
    """
    return {
        split.index: (split, read)
        for split, read in zip(splits, parts, strict=True)
        if splits_read_well(readings[split.index], read, split.spaces)
    }


def seen_parts(
    words: Sequence[TextInstance], readings: Sequence[WordReading]
) -> dict[int, tuple[SplitWord, list[WordReading]]]:
    """The detections in which the recognizer sees spaces, by their index, with their words.

    Args:
        words: All detections.
        readings: Theirs.
    """
    found = {}
    for index, (word, reading) in enumerate(zip(words, readings, strict=True)):
        if len(reading.parts) > 1 and _parts_agree(reading):
            parts = [
                TextInstance(part.outline, detection_score=word.detection_score)
                for part in reading.parts
            ]
            found[index] = (SplitWord(index, word, parts, []), reading.parts)
    return found


def _parts_agree(whole: WordReading) -> bool:
    """Whether the parts say what the whole says, or are read as surely."""
    if not all(part.text for part in whole.parts):
        return False
    if "".join(part.text for part in whole.parts).casefold() == whole.text.casefold():
        return True
    return math.prod(part.score for part in whole.parts) >= whole.score


def replace_wholes(
    words: Sequence[TextInstance],
    readings: Sequence[WordReading],
    accepted: Iterable[tuple[SplitWord, list[WordReading]]],
) -> tuple[list[TextInstance], list[WordReading]]:
    """Words and their readings, with the parts in place of the wholes."""
    by_whole = {id(split.word): (split, read) for split, read in accepted}
    kept: list[TextInstance] = []
    kept_readings: list[WordReading] = []
    for word, reading in zip(words, readings, strict=True):
        if id(word) in by_whole:
            split, read = by_whole[id(word)]
            kept += split.parts
            kept_readings += read
        else:
            kept.append(word)
            kept_readings.append(reading)
    return kept, kept_readings


def splits_read_well(
    whole: WordReading, parts: Sequence[WordReading], spaces: Sequence[float]
) -> bool:
    """Whether the parts of a word are words: each reads, and together they say what it says.

    Args:
        whole: Its reading.
        parts: Those of its parts, in order.
        spaces: Between them, as shares of the height.
    """
    texts = [part.text for part in parts]
    if whole.rotation or not all(texts):
        return False
    for (left, right), space in zip(pairwise(texts), spaces, strict=True):
        if space < _least_space(left, right):
            return False
    return "".join(texts).casefold() == whole.text.casefold()


def _least_space(left: str, right: str) -> float:
    """Between two words; what is a space at all is known from the ink."""
    only_marks = not all(any(c.isalnum() for c in text) for text in (left, right))
    ends = left[-1], right[0]
    if only_marks or all(map(str.isdigit, ends)) or _is_code(left, right):
        return _DIGIT_SPACE
    joins = any(end in _JOINING for end in ends) or all(map(str.isalpha, ends))
    return _LETTER_SPACE if joins else 0.0


def _is_code(left: str, right: str) -> bool:
    """Whether a single letter stands beside a digit."""
    if left[-1].isdigit():
        return right[0].isalpha() and not right[1:2].isalpha()
    return right[0].isdigit() and left[-1].isalpha() and not left[-2:-1].isalpha()


def _split(index: int, word: TextInstance, ink: Ink) -> SplitWord | None:
    runs = ink.runs()
    spaces = ink.word_spaces()
    if not 0 < len(spaces) < _MOST_PARTS:
        return None
    count, rim = len(ink.columns), RIM * ink.per_height
    parts = []
    for first, last in pairwise([0, *(index + 1 for index, _ in spaces), len(runs)]):
        start = 0.0 if first == 0 else (runs[first][0] - rim) / count
        end = 1.0 if last == len(runs) else (runs[last - 1][1] + rim) / count
        outline = part_of(word.polygon, start, end)
        parts.append(TextInstance(outline, detection_score=word.detection_score))
    return SplitWord(index, word, parts, [width for _, width in spaces])
