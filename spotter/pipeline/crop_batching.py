"""Crops of many photos are collected by width and read in batches; the best reading is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import TypeVar

import numpy as np

from spotter.decoding import protected_characters
from spotter.decoding.ctc import Decoded
from spotter.pipeline.crops import Direction, cut_upright, cut_vertical
from spotter.pipeline.ink import parts_between, tighten
from spotter.pipeline.recognizer import RawPrediction, TextRecognizer
from spotter.pipeline.test_time_augmentation import TestTimeAugmentation, surroundings

_T = TypeVar("_T")

_WORD = 3
# Before calibration.
_DOUBTFUL = 0.5

READS_BADLY_IN_PHOTO, READS_BADLY_ALONE = 0.3, 0.5
"""Scores, without language, below which a word may be upside down.

The words of a photo mostly run the way the photo does, which is found before they are read; a crop
has no such neighbours.
"""

_READS_WELL, _CLEARER = 0.8, 0.5
"""Score of a word that is upside down once it is turned, and what it has to be ahead by."""


@dataclass
class WordReading(Decoded):
    """A reading and the direction in which it was read.

    Attributes:
        rotation: Degrees (0, 90, 180 or 270, clockwise) that the crop was turned by.
        outline: (N, 2) the word's polygon from the first character's top-left corner.
        parts: Of a crop in which the recognizer sees spaces: the readings of what is between them,
            in order.
    """

    rotation: int = 0
    outline: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    parts: list[WordReading] = field(default_factory=list)


@dataclass
class _Word:
    """A word in the batcher.

    Attributes:
        directions: In which it may run.
        predictions: One per direction so far; after the decision for one, its own and those of
            further views along it. Dropped as soon as the word is read.
        around: Photo part and cut per direction for further views; empty where there are none.
        missing: Number of raw predictions that are asked for and not there yet.
        best: Reading in the best direction; of all views once they are there.
        views_from: Least score of the first view for which further ones are asked for.
        parts: What the recognizer sees spaces between.
        is_part: It is such a part, and is not parted again.
    """

    directions: list[Direction]
    predictions: list[RawPrediction | None]
    around: list[tuple[np.ndarray, np.ndarray]]
    missing: int
    best: WordReading | None = None
    views_from: float = 0.0
    parts: list[_Word] = field(default_factory=list)
    is_part: bool = False

    def reading(self) -> WordReading | None:
        """The best reading, with those of the parts."""
        if self.best is None or not self.parts:
            return self.best
        return replace(self.best, parts=_present([part.best for part in self.parts]))


class CropBatcher:
    """Collects crops of any photos and reads those of one width together.

    The network's input for a crop depends on that crop alone, so its reading does not depend on the
    other crops of the batch.

    Args:
        recognizer: Gives input sizes and reads batches.
        batch_size: Crops per batch.
        test_time_augmentation: Further views for words with a low score; ``None``: one view per
            word.
        part_words: Whether what stands between spaces is read along, as words of its own.
        reads_badly: Score of the first view, without language, below which a word is read upside
            down as well.
    """

    def __init__(
        self,
        recognizer: TextRecognizer,
        batch_size: int,
        test_time_augmentation: TestTimeAugmentation | None = None,
        part_words: bool = False,
        reads_badly: float = READS_BADLY_IN_PHOTO,
    ) -> None:
        self._part_words = part_words
        self._reads_badly = reads_badly
        self._recognizer = recognizer
        self._batch_size = batch_size
        self._test_time_augmentation = test_time_augmentation
        self._waiting: dict[int, list[tuple[_Word, int, np.ndarray]]] = {}
        self._words: list[_Word] = []

    def add(self, img: np.ndarray, directions: list[Direction], views_from: float = 0.0) -> int:
        """Cut a word out in each of its directions, and return its index in :meth:`finish`.

        Args:
            img: The photo.
            directions: Of the word in it.
            views_from: Least score of its first view, before calibration, for which it is read
                again in further ones; above 1: never.
        """
        if len(directions) > 1:
            directions = [*directions, replace(directions[0], vertical=True)]
        crops = [(d, self._crop(img, d)) for d in directions]
        seen = [(direction, crop) for direction, crop in crops if crop is not None]
        directions = [direction for direction, _ in seen]
        around = [surroundings(img, direction.cut) for direction in directions]
        word = _Word(
            directions, [None] * len(directions), around, len(directions), views_from=views_from
        )
        self._words.append(word)
        for place, (_, crop) in enumerate(seen):
            self._ask(word, place, crop)
        return len(self._words) - 1

    def finish(self) -> list[WordReading]:
        """Readings of all added words, in the order in which they were added."""
        while any(self._waiting.values()):
            for width in list(self._waiting):
                self._read(width)
        return _present([word.reading() for word in self._words])

    def _crop(self, img: np.ndarray, direction: Direction) -> np.ndarray | None:
        """Input for a direction, or ``None`` where the word cannot run in it."""
        if not (direction.vertical or direction.spaced):
            return self._recognizer.crop(img, direction.cut)
        if direction.spaced:
            line: np.ndarray | None = tighten(cut_upright(img, direction.cut))
        else:
            line = cut_vertical(img, direction.cut)
        if line is None:
            return None
        height, width = line.shape[:2]
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        return self._recognizer.crop(line, corners)

    def _ask(self, word: _Word, place: int, crop: np.ndarray) -> None:
        """Put a crop in its queue, and read the queue when it is full."""
        queue = self._waiting.setdefault(crop.shape[1], [])
        queue.append((word, place, crop))
        if len(queue) >= self._batch_size:
            self._read(crop.shape[1])

    def _read(self, width: int) -> None:
        queue = self._waiting.pop(width, [])
        if not queue:
            return
        predictions = self._recognizer.forward([crop for _, _, crop in queue])
        for (word, place, _), prediction in zip(queue, predictions, strict=True):
            word.missing -= 1
            word.predictions[place] = prediction
            if word.missing:
                continue
            if word.best is None:
                self._decide(word)
            else:
                word.best = self._of_all_views(word, word.best)
            if not word.missing:
                word.predictions = []

    def _decide(self, word: _Word) -> None:
        """Choose the direction, and ask for further views along it where that is worth it."""
        predictions = _present(word.predictions)
        if self._ask_reversed(word, predictions):
            return
        chosen = best_direction(word.directions, [prediction.greedy for prediction in predictions])
        first, direction = predictions[chosen], word.directions[chosen]
        word.best = _in_direction(direction, self._recognizer.decode(first))
        word.predictions = [first]
        around, word.around = word.around, []
        parts = self._part_words and not word.is_part and first.spaces
        if parts and len(direction.outline) == len(direction.cut) and not len(direction.cut) % 2:
            self._ask_for_parts(word, direction, *around[chosen], first.spaces)
        augmentation = self._test_time_augmentation
        if (
            augmentation is None
            or direction.vertical
            or direction.spaced
            or not word.views_from <= word.best.score < augmentation.below
        ):
            return
        part, cut = around[chosen]
        word.missing = len(augmentation.views)
        word.predictions += [None] * len(augmentation.views)
        for place, view in enumerate(augmentation.views, start=1):
            crop = self._recognizer.crop(part, view.cut(cut), view.stretch)
            self._ask(word, place, view.develop(crop))

    def _ask_reversed(self, word: _Word, predictions: Sequence[RawPrediction]) -> bool:
        """Whether a word that reads badly the way it seems to run is read the other way, too."""
        [direction, *others] = word.directions
        if others or direction.spaced:
            return False
        # Nothing is read where there is no word, and hardly ever where one is upside down.
        greedy = predictions[0].greedy
        if not greedy.text or greedy.score >= self._reads_badly:
            return False
        part, cut = word.around[0]
        back = direction.reversed()
        turned = np.roll(cut, -(len(cut) // 2), axis=0)
        word.directions.append(back)
        word.around.append((part, turned))
        word.predictions.append(None)
        word.missing = 1
        self._ask(word, 1, self._recognizer.crop(part, turned))
        return True

    def _ask_for_parts(
        self,
        word: _Word,
        direction: Direction,
        part: np.ndarray,
        cut: np.ndarray,
        spaces: Sequence[float],
    ) -> None:
        """Read what is between the spaces of a crop that is seen in a part of its photo."""
        parts = parts_between(part, cut, direction.outline, spaces)
        if len(parts) < 2:
            return
        for outline, inner in parts:
            own = replace(direction, outline=outline, cut=inner)
            seen = [surroundings(part, inner)]
            word.parts.append(_Word([own], [None], seen, 1, None, word.views_from, is_part=True))
            self._ask(word.parts[-1], 0, self._recognizer.crop(part, inner))

    def _of_all_views(self, word: _Word, first: WordReading) -> WordReading:
        """The reading of a word whose further views are all there."""
        predictions = _present(word.predictions)
        top_k = self._test_time_augmentation.top_k if self._test_time_augmentation else None
        readings: list[Decoded] = [
            first if place == 0 else self._recognizer.decode(predictions[place])
            for place in sorted(_worth_reading(predictions)[:top_k])
        ]
        return choose_view(first, readings)


def _present(items: Sequence[_T | None]) -> list[_T]:
    """Those that are there; all are expected to be."""
    return [item for item in items if item is not None]


def _worth_reading(predictions: Sequence[RawPrediction]) -> list[int]:
    """Places of the views that language may read differently, by falling greedy score.

    Of views with the same greedy reading only the best one counts; the first view counts anyway, as
    it is read.
    """
    order = sorted(range(len(predictions)), key=lambda i: -predictions[i].greedy.score)
    best_view: dict[str, int] = {}
    for place in order:
        best_view.setdefault(predictions[place].greedy.text.lower(), place)
    return [i for i in order if i == 0 or best_view[predictions[i].greedy.text.lower()] == i]


def best_direction(directions: Sequence[Direction], readings: Sequence[Decoded]) -> int:
    """Index of the most confident reading of a word.

    A tall crop that reads as one upright character is only turned if it then reads as three or
    more: an ``I`` that is turned looks like a dash, and an ``N`` like a ``Z``.

    Args:
        directions: As :func:`reading_directions` gives them, upright first; vertical text may
            follow.
        readings: One for each, without language model, as that makes words in any direction.
    """
    if len(directions) == 2 and (directions[1].rotation - directions[0].rotation) % 360 == 180:
        first, other = readings
        clear = other.score >= _READS_WELL and len(other.text) >= _WORD
        return int(clear and other.score - first.score >= _CLEARER)
    upright = len(readings[0].text) == 1
    allowed = [
        i
        for i, direction in enumerate(directions)
        if i == 0 or direction.vertical or not upright or len(readings[i].text) >= _WORD
    ]
    return max(allowed, key=lambda i: (readings[i].score, -i))


def _in_direction(direction: Direction, reading: Decoded) -> WordReading:
    turned = WordReading("", rotation=direction.rotation, outline=direction.outline)
    return _with_reading(turned, reading)


def _with_reading(word: WordReading, reading: Decoded) -> WordReading:
    """Another reading of a word in the same direction."""
    return replace(
        word,
        text=reading.text,
        character_scores=reading.character_scores,
        score=reading.score,
        visual_score=reading.visual_score,
        preference=reading.preference,
    )


def choose_view(word: WordReading, readings: Sequence[Decoded]) -> WordReading:
    """The reading with the highest score among those of several views in one direction.

    Its score becomes the median of all their scores, because the highest of many scores is too
    optimistic: what is no word resembles one in some view. A further view may cut off a mark or
    show a part of the surroundings, so marks and digits are those of the first view, unless its own
    score is low.

    Args:
        word: The reading of the first view, whose direction is kept.
        readings: The readings of the views that are kept, at least one.
    """
    allowed = list(readings)
    if word.text and word.score >= _DOUBTFUL:
        kept = protected_characters(word.text)
        allowed = [r for r in readings if protected_characters(r.text) == kept] or [word]
    best = max(allowed, key=lambda r: r.score if r.preference is None else r.preference)
    score = median(reading.score for reading in readings)
    return replace(_with_reading(word, best), score=score)
