"""Labels by agreement: words that two independent readers read alike.

Two independently trained readers make different errors: a word that both read alike is right far
more often than a word of which one of them is sure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spotter.errors import ConfigError, GeometryError
from spotter.geometry import crop_polygon, grow_quad, native_size, pairwise_overlaps
from spotter.label_alphabet import LabelAlphabet
from spotter.label_lattice import write_label
from spotter.labeling.readers import WordReader
from spotter.pipeline.crops import reading_directions
from spotter.pipeline.spotter import SceneTextSpotter
from spotter.structures import TextInstance

_LETTERS = LabelAlphabet.load("62")
_SHARED = 0.3
"""Two outlines that share more of either's area are of the same text."""

Reading = tuple[str | None, float]


@dataclass(frozen=True)
class AgreementRules:
    """When two readings make a label.

    Attributes:
        take_marks: Where only letters and digits agree, with their case, the independent reader's
            marks and accents are taken.
        min_score: Least score of the independent reader's reading.
        min_length: Least number of characters of a label.
        min_height: Least height of a word in pixels.

    Raises:
        ConfigError: ``min_score`` is outside [0, 1].
    """

    take_marks: bool = False
    min_score: float = 0.0
    min_length: int = 1
    min_height: float = 8.0

    def __post_init__(self) -> None:
        if not 0 <= self.min_score <= 1:
            raise ConfigError(f"min_score must be in [0, 1], not {self.min_score}")

    def label(self, own: Reading, peer: Reading) -> str | None:
        """The label that two readings make; ``None`` if they do not agree.

        Args:
            own: Text and score of this package's reader.
            peer: Text and score of the independent one.
        """
        text, other = own[0], peer[0]
        if not text or not other or peer[1] < self.min_score:
            return None
        letters = write_label(other, _LETTERS)
        agreed = text == other or (
            self.take_marks and letters != "" and letters == write_label(text, _LETTERS)
        )
        return other if agreed and len(other) >= self.min_length else None


@dataclass(frozen=True)
class AgreementFigures:
    """How good the labels are that two readers make.

    Attributes:
        words: Number of words of known text.
        agreed: How many got a label.
        right: How many of those got the right one, with marks and case.
        own_right: How many this package's reader reads right.
        peer_right: How many the independent reader reads right.
    """

    words: int
    agreed: int
    right: int
    own_right: int
    peer_right: int

    @classmethod
    def of(
        cls,
        truths: Sequence[str],
        own: Sequence[Reading],
        peer: Sequence[Reading],
        rules: AgreementRules,
    ) -> AgreementFigures:
        """Figures of the readings of words of known text."""
        labels = [rules.label(*readings) for readings in zip(own, peer, strict=True)]
        return cls(
            len(truths),
            sum(label is not None for label in labels),
            sum(label == truth for label, truth in zip(labels, truths, strict=True)),
            sum(text == truth for (text, _), truth in zip(own, truths, strict=True)),
            sum(text == truth for (text, _), truth in zip(peer, truths, strict=True)),
        )

    def __str__(self) -> str:
        words = max(self.words, 1)
        precision = self.right / max(self.agreed, 1)
        own, peer = self.own_right / words, self.peer_right / words
        return (
            f"{self.words} words: {self.agreed / words:.1%} agreed, of which {precision:.1%} right;"
            f" this reader {own:.1%} right, the independent one {peer:.1%}"
        )


class AgreementLabeller:
    """Labels the words of a photo that a preset and an independent reader read alike.

    Args:
        peer: The independent reader.
        model: Name of a shipped preset, or its ``.json`` file.
        runtime: See :func:`spotter.runtime.runtimes.open_runtime`.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
        threads: See :mod:`spotter.runtime.runtimes`.
        rules: When two readings make a label.
        outlines: By the stem of a photo's name, where its words are; photos without an entry, and
            all photos by default, are searched by the preset's detector.
        find: Finds words in photos, such as :meth:`PeerReader.find`, beside the preset's detector:
            what that does not find has else no outline, and a detector that is trained on the
            labels learns that it is no text.
    """

    def __init__(
        self,
        peer: WordReader,
        model: str | Path = "default",
        runtime: str = "auto",
        device: str = "cpu",
        threads: int | None = None,
        rules: AgreementRules | None = None,
        outlines: Mapping[str, Sequence[np.ndarray]] | None = None,
        find: Callable[[np.ndarray], Sequence[np.ndarray]] | None = None,
    ) -> None:
        self._find = find
        self.rules = rules or AgreementRules()
        self.peer = peer
        self._outlines = outlines or {}
        self._spotter = SceneTextSpotter(
            model, runtime=runtime, device=device, threads=threads, min_score=0.0, calibrated=False
        )

    def label(self, image: np.ndarray, name: str = "") -> list[TextInstance]:
        """The words of a photo; those not agreed on are ``ignore`` and have no text.

        Words that are read turned get no label: labels of photos say where a word is, not which
        way it runs.

        Args:
            image: (H, W, 3) uint8 BGR.
            name: Stem of the photo's name.
        """
        if name in self._outlines:
            words = [TextInstance(np.asarray(each, np.float32)) for each in self._outlines[name]]
        else:
            words = self._spotter.detect(image)
            if self._find is not None:
                words += _not_among(words, self._find(image))
        for word in words:
            word.text = self._text(image, word)
            word.ignore = word.text is None
        return words

    def _text(self, image: np.ndarray, word: TextInstance) -> str | None:
        polygon = word.polygon
        try:
            if native_size(polygon)[1] < self.rules.min_height:
                return None
            # One by one, because words without a reading are missing in the result of a photo.
            read = self._spotter.read(image, [word])
            if not read or read[0].rotation or len(reading_directions(polygon)) > 1:
                return None
            margin = self._spotter.crop_margin
            quad = grow_quad(polygon, margin) if len(polygon) == 4 else polygon
            peer = self.peer.read([crop_polygon(image, quad)])[0]
        except GeometryError:
            return None
        return self.rules.label((read[0].text, read[0].recognition_score), peer)


def _not_among(words: Sequence[TextInstance], outlines: Sequence[np.ndarray]) -> list[TextInstance]:
    """The outlines that share little with the words, nor with those before them."""
    kept: list[np.ndarray] = [word.polygon for word in words]
    for outline in outlines:
        shared = pairwise_overlaps([outline], kept) if kept else None
        if shared is None or max(shared.first_share.max(), shared.second_share.max()) < _SHARED:
            kept.append(np.asarray(outline, np.float32))
    return [TextInstance(outline) for outline in kept[len(words) :]]


def outlines_by_stem(photos: Iterable[Mapping[str, object]]) -> dict[str, list[np.ndarray]]:
    """Outlines of the words of annotated photos, by the stem of each photo's name.

    Args:
        photos: Canonical samples; ignored words are left out.
    """
    return {
        Path(str(photo["img_path"])).stem: [
            word["polygon"]
            for word in photo["instances"]  # type: ignore[attr-defined]
            if not word["ignore"]
        ]
        for photo in photos
    }
