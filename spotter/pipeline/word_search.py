"""Find the words of photos, and turn photos upright, before the words are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from spotter.decoding.calibration import ScoreCalibration
from spotter.decoding.ctc import Decoded
from spotter.geometry import grow_quad
from spotter.pipeline.alternatives import Alternative, propose_alternatives
from spotter.pipeline.crops import Direction, reading_directions
from spotter.pipeline.detector import Detections, TextDetector
from spotter.pipeline.joining import JoinedWord, propose_joins
from spotter.pipeline.lengthening import lengthen_alternatives, propose_lengthenings
from spotter.pipeline.orientation import TurnedPhoto, photo_orientation, turn_photo
from spotter.pipeline.recognizer import TextRecognizer
from spotter.pipeline.splitting import SplitWord, propose_splits
from spotter.pipeline.word_ends import extend_to_marks
from spotter.structures import TextInstance, word_score


@dataclass
class FoundWords:
    """The words of a photo before they are read.

    Attributes:
        image: (H, W, 3) uint8, the photo, turned upright where it was not.
        words: In pixels of ``image``.
        joined: Candidates for words that consist of several of them.
        splits: Which of them may be several words.
        alternatives: What may be in the place of some of them.
        orientation: Direction of the lines of the photo as given, in degrees clockwise.
        turned: Maps back to pixels of the photo as given; ``None`` if it was not turned.
        notes: See :class:`spotter.structures.SpottingResult`.
    """

    image: np.ndarray
    words: list[TextInstance]
    joined: list[JoinedWord] = field(default_factory=list)
    splits: list[SplitWord] = field(default_factory=list)
    alternatives: list[Alternative] = field(default_factory=list)
    orientation: float = 0.0
    turned: TurnedPhoto | None = None
    notes: list[str] = field(default_factory=list)

    def candidates(self) -> list[TextInstance]:
        """What is read: words, what several may be together, parts of words, and alternatives."""
        parts = (part for split in self.splits for part in split.parts)
        alternatives = (word for alternative in self.alternatives for word in alternative.words)
        return [*self.words, *(each.word for each in self.joined), *parts, *alternatives]

    def drop_faint(self, min_score: float) -> None:
        """Forget words that are no piece of another and are found with less than ``min_score``.

        No reading is sure enough for them to be kept: its score is at most 1.
        """

        def is_faint(word: TextInstance) -> bool:
            return word_score(word.detection_score, 1.0) < min_score

        self.alternatives = [
            each for each in self.alternatives if not all(map(is_faint, each.words))
        ]
        pieces: set[int] = set().union(
            *(each.members for each in self.joined), *(each.members for each in self.alternatives)
        )
        kept = [
            index for index, word in enumerate(self.words) if index in pieces or not is_faint(word)
        ]
        places = {index: place for place, index in enumerate(kept)}
        self.words = [self.words[index] for index in kept]
        self.joined = [
            replace(each, members=[places[index] for index in each.members]) for each in self.joined
        ]
        self.alternatives = [
            replace(each, members=[places[index] for index in each.members])
            for each in self.alternatives
        ]
        self.splits = [
            replace(each, index=places[each.index]) for each in self.splits if each.index in places
        ]

    def in_photo(self, words: Sequence[TextInstance]) -> list[TextInstance]:
        """The words, after they are read, in pixels of the photo as given."""
        if self.turned is None:
            return list(words)
        quarter = round(self.orientation / 90.0) * 90
        return [
            replace(
                word,
                polygon=self.turned.restore(word.polygon),
                rotation=(word.rotation - quarter) % 360,
            )
            for word in words
        ]


class WordSearch:
    """Finds words in photos of any orientation.

    Args:
        detector: The detector.
        recognizer: The recognizer, which reads a few words to find the orientation of a photo.
        crop_margin: See :class:`spotter.pipeline.SceneTextSpotter`.
        calibrate: Of the detector's scores.
        detect_orientation: Whether photos may be turned; ``False``: they are upright.
        lengthen_words: Whether outlines are proposed that reach beyond the ends of words, see
            :mod:`spotter.pipeline.lengthening`.
    """

    def __init__(
        self,
        detector: TextDetector,
        recognizer: TextRecognizer,
        crop_margin: float = 0.0,
        calibrate: ScoreCalibration | None = None,
        detect_orientation: bool = True,
        lengthen_words: bool = True,
    ) -> None:
        self._detector = detector
        self._recognizer = recognizer
        self._crop_margin = crop_margin
        self._calibrate = calibrate
        self._detect_orientation = detect_orientation
        self._lengthen_words = lengthen_words

    def find(self, photos: Sequence[np.ndarray]) -> list[list[TextInstance]]:
        """Words of photos (H, W, 3) uint8 BGR, which are not turned, with calibrated scores."""
        return [each.words for each in self._find(photos)]

    def search(self, photos: Sequence[np.ndarray]) -> list[FoundWords]:
        """Words of photos (H, W, 3) uint8 BGR, which are turned upright first."""
        found = zip(photos, self._find(photos), strict=True)
        return [self._upright(photo, detections) for photo, detections in found]

    def _find(self, photos: Sequence[np.ndarray]) -> list[Detections]:
        found = self._detector.search(photos)
        if (calibrate := self._calibrate) is not None:
            for each in found:
                # A word may be in several lists.
                lists = [each.words, *each.passes]
                words = {id(word): word for words in lists for word in words}
                for word in words.values():
                    word.detection_score = calibrate(word.detection_score)
        return found

    def _upright(self, photo: np.ndarray, found: Detections) -> FoundWords:
        orientation = 0.0
        if self._detect_orientation:
            orientation = photo_orientation(found.words, lambda quads: self._read(photo, quads))
        if orientation == 0.0:
            return self._completed(FoundWords(photo, found.words, notes=found.notes), found)
        turned = turn_photo(photo, orientation)
        [again] = self._find([turned.image])
        return self._completed(
            FoundWords(
                turned.image,
                again.words,
                orientation=orientation,
                turned=turned,
                notes=again.notes,
            ),
            again,
        )

    def _completed(self, found: FoundWords, seen: Detections) -> FoundWords:
        """With marks that outlines leave out, and what may be one word, several, or others."""
        alternatives = propose_alternatives(found.words, seen.passes)
        if self._lengthen_words and seen.response is not None:
            about = found.image, found.words
            longer = lengthen_alternatives(*about, alternatives, seen.response)
            alternatives += longer + propose_lengthenings(*about, seen.response)
        found.alternatives = [
            replace(each, words=extend_to_marks(found.image, each.words)) for each in alternatives
        ]
        found.words = extend_to_marks(found.image, found.words)
        found.joined = propose_joins(found.image, found.words)
        found.splits = propose_splits(found.image, found.words, found.joined)
        return found

    def directions(self, found: FoundWords) -> Iterator[list[Direction]]:
        """The directions of all :meth:`FoundWords.candidates`, in order."""
        for word in found.words:
            yield reading_directions(word.polygon, self._crop_margin)
        for each in found.joined:
            directions = reading_directions(each.word.polygon, self._crop_margin)
            yield [replace(directions[0], spaced=True)] if each.spaced else directions
        for part in (part for split in found.splits for part in split.parts):
            # A part has the direction of the whole, even if it is as narrow as a single character.
            yield [Direction(part.polygon, grow_quad(part.polygon, self._crop_margin))]
        for word in (word for alternative in found.alternatives for word in alternative.words):
            yield reading_directions(word.polygon, self._crop_margin)

    def _read(self, photo: np.ndarray, quads: Sequence[np.ndarray]) -> list[Decoded]:
        """Readings of quadrilaterals, without language."""
        crops = [self._recognizer.crop(photo, grow_quad(quad, self._crop_margin)) for quad in quads]
        by_width: dict[int, list[int]] = {}
        for index, crop in enumerate(crops):
            by_width.setdefault(crop.shape[1], []).append(index)
        readings: dict[int, Decoded] = {}
        for members in by_width.values():
            predictions = self._recognizer.forward([crops[index] for index in members])
            readings.update(zip(members, (each.greedy for each in predictions), strict=True))
        return [readings[index] for index in range(len(quads))]
