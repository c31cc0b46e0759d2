"""Labels without marks or case, completed with the readings of an independent reader.

A recognizer that is trained on labels of letters and digits only learns to ignore the marks in the
pictures. Each word is read by an independent reader: where its reading agrees with the label, its
marks and case complete the label (agreement). Otherwise the most probable reading that the label
allows (:mod:`spotter.labeling.constrained`) is taken if its score is high, else the word is left
out. The reader must be independent: of 128 words of IIIT5K with a mark, a recognizer trained on
such labels read no mark, and an independent one 127.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from rich.progress import track

from spotter.data.readers.base import Reader
from spotter.errors import CharsetError, ConfigError, ImageError
from spotter.geometry import crop_polygon, grow_quad, min_area_rect
from spotter.io.writing import write_file
from spotter.label_alphabet import LabelAlphabet
from spotter.label_lattice import LabelLattice, write_label
from spotter.labeling.constrained import constrained_readings
from spotter.labeling.readers import WordReader
from spotter.synthesis.writers import icdar_lines

Method = Literal["agreement", "constrained", "peer", "combined"]
METHODS: tuple[Method, ...] = get_args(Method)
Samples = Reader | Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class RelabelRules:
    """How a label is completed.

    Attributes:
        by: ``"agreement"``: only by an independent reader whose reading says what the label says;
            ``"constrained"``: by the most probable reading of this package's recognizer that the
            label allows, which is right only if it has not learned from these labels; ``"peer"``:
            by that of the independent reader; ``"combined"``: agreement, and ``"peer"`` where
            there is none.
        min_score: Least score of a reading that agrees.
        min_share: Least share of a constrained reading among all that the label allows.
        min_log_probability: Least log-probability per character of a constrained reading: below it
            the crop does not show the label, or not legibly.
        max_marks: Largest number of marks in a row.

    Raises:
        ConfigError: An unknown method, or a value outside its range.
    """

    by: Method = "combined"
    min_score: float = 0.9
    min_share: float = 0.8
    min_log_probability: float = -0.7
    max_marks: int = 3

    def __post_init__(self) -> None:
        if self.by not in METHODS:
            raise ConfigError(f"by must be one of {', '.join(METHODS)}, not {self.by!r}")
        if not (0 <= self.min_share <= 1 and 0 <= self.min_score <= 1) or self.max_marks < 0:
            raise ConfigError("min_share and min_score are in [0, 1], max_marks is not negative")


@dataclass(frozen=True)
class Relabelled:
    """A label and what it was completed to.

    Attributes:
        label: As it was.
        text: The completed label; ``None``: the word is left out.
        how: The method, ``"agreement"``, ``"constrained"`` or ``"peer"``; or why there is no label:
            ``"unsure"``, ``"unlike"`` (no reader sees the label) or ``"unspellable"``.
        sure: Score of the reading, or share of the constrained one, in [0, 1].
        seen: What the independent reader reads, whatever the label.
    """

    label: str
    text: str | None
    how: str
    sure: float
    seen: str | None = None

    @property
    def changed(self) -> bool:
        """Whether the completed label differs from the label."""
        return self.text is not None and self.text != self.label


@dataclass
class RelabelReport:
    """How a set was relabelled.

    Attributes:
        words: Number of words.
        changed: How many have another label now.
        how: Number of words by :attr:`Relabelled.how`.
        sure: Sum of :attr:`Relabelled.sure` over the words kept.
    """

    words: int = 0
    changed: int = 0
    how: Counter[str] = field(default_factory=Counter)
    sure: float = 0.0

    def add(self, word: Relabelled) -> None:
        """Count a word."""
        self.words += 1
        self.changed += word.changed
        self.how[word.how] += 1
        self.sure += word.sure if word.text is not None else 0.0

    @property
    def kept(self) -> int:
        """Words that have a label."""
        return sum(count for how, count in self.how.items() if how in METHODS)

    def __str__(self) -> str:
        kinds = ", ".join(f"{how} {count}" for how, count in self.how.most_common())
        return (
            f"{self.words} words, {self.kept} kept, {self.changed} of them changed, mean certainty"
            f" {self.sure / max(self.kept, 1):.3f} ({kinds})"
        )


class Relabeller:
    """Completes labels by what a reader sees.

    Args:
        alphabet: What the labels can express.
        peer: An independent reader; needed unless ``by="constrained"``.
        own: This package's recognizer; needed with ``by="constrained"``.
        rules: See :class:`RelabelRules`.

    Raises:
        ConfigError: The method needs a reader that is not given.
    """

    def __init__(
        self,
        alphabet: LabelAlphabet,
        peer: WordReader | None = None,
        own: WordReader | None = None,
        rules: RelabelRules | None = None,
    ) -> None:
        self.rules = rules or RelabelRules()
        reader = own if self.rules.by == "constrained" else peer
        if reader is None:
            raise ConfigError(f"by={self.rules.by!r} needs a reader that is not given")
        self.reader: WordReader = reader
        self.alphabet = alphabet

    def __call__(self, crop: np.ndarray, label: str) -> Relabelled:
        """The completed label of a crop (H, W, 3) uint8 BGR."""
        by = self.rules.by
        seen: str | None = None
        if by in ("agreement", "combined"):
            seen, score = self.reader.read([crop])[0]
            agrees = seen is not None and (
                write_label(seen, self.alphabet) == write_label(label, self.alphabet)
            )
            if agrees and score >= self.rules.min_score:
                return Relabelled(label, seen, "agreement", score, seen)
            if by == "agreement":
                return Relabelled(label, None, "unsure" if agrees else "unlike", 0.0, seen)
        return self._constrained(crop, label, "peer" if by == "combined" else by, seen)

    def _constrained(self, crop: np.ndarray, label: str, how: str, seen: str | None) -> Relabelled:
        """The most probable reading that the label allows, if it is sure."""
        characters = self.reader.characters
        try:
            lattice = LabelLattice.of(label, self.alphabet, characters)
        except CharsetError:
            return Relabelled(label, None, "unspellable", 0.0, seen)
        frames = self.reader.log_probabilities(crop)
        found = constrained_readings(frames, lattice, characters, self.rules.max_marks)
        least = self.rules.min_log_probability
        if not found or found[0].log_probability < least * max(len(found[0].text), 1):
            return Relabelled(label, None, "unlike", 0.0, seen)
        if found[0].share < self.rules.min_share:
            return Relabelled(label, None, "unsure", found[0].share, seen)
        return Relabelled(label, found[0].text, how, found[0].share, seen)


def relabel_words(
    words: Samples,
    relabeller: Relabeller,
    load: Callable[[dict[str, Any]], np.ndarray],
) -> Iterator[tuple[int, Relabelled]]:
    """Position and completed label of each word that has a label and a readable picture.

    Args:
        words: Canonical samples of a reader.
        relabeller: Completes a label.
        load: Pixels of a sample.
    """
    for index in track(range(len(words)), "relabelling"):
        sample = dict(words[index])
        if sample.get("text"):
            try:
                crop = load(sample)
            except ImageError:
                continue
            yield index, relabeller(crop, sample["text"])


def relabel_list(
    words: Samples,
    relabeller: Relabeller,
    load: Callable[[dict[str, Any]], np.ndarray],
    out: Path,
) -> RelabelReport:
    """Write a word list ``path text`` of the words that keep a label; pictures stay where they are.

    Args:
        words: Canonical samples of word crops, ``{"img_path", "text"}``.
        relabeller: Completes a label.
        load: Pixels of a sample.
        out: The list, with absolute paths.

    Raises:
        ConfigError: Word crops that are no files of their own, or whose path has white space.
    """
    report = RelabelReport()
    lines = []
    for index, word in relabel_words(words, relabeller, load):
        path = words[index].get("img_path")
        if path is None or "polygon" in words[index] or len(str(path).split()) != 1:
            raise ConfigError(f"{path}: a word list names pictures of words, without spaces")
        report.add(word)
        if word.text is not None:
            lines.append(f"{Path(path).resolve()} {word.text}\n")
    write_file(out, "".join(lines))
    return report


def relabel_photos(
    photos: Samples,
    relabeller: Relabeller,
    load: Callable[[dict[str, Any]], np.ndarray],
    out: Path,
    margin: float = 0.1,
) -> RelabelReport:
    """Write ``gt_<stem>.txt`` per labelled photo, in the layout of ICDAR2015.

    Words that lose their label are ``###`` there.

    Args:
        photos: Canonical samples of photos.
        relabeller: Completes a label.
        load: Pixels of a sample.
        out: Folder of the label files, made if missing.
        margin: Share of a word's height by which its crop reaches beyond its outline.
    """
    report = RelabelReport()
    for index in track(range(len(photos)), "relabelling"):
        photo = dict(photos[index])
        instances = []
        image = load(photo)
        for instance in photo["instances"]:
            text = None
            if instance["text"] and not instance["ignore"]:
                quad = instance["polygon"]
                quad = grow_quad(quad if len(quad) == 4 else min_area_rect(quad), margin)
                word = relabeller(crop_polygon(image, quad), instance["text"])
                report.add(word)
                text = word.text
            instances.append({**instance, "text": text, "ignore": text is None})
        write_file(out / f"gt_{Path(photo['img_path']).stem}.txt", icdar_lines(instances))
    return report
