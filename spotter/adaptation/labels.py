"""Pseudo-labels of words: texts that many views, or two recognizers, agree on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import track

from spotter.adaptation.crops import Crops
from spotter.adaptation.views import ViewReader, ViewReadings
from spotter.data.readers.pseudo_labels import sample_name
from spotter.errors import ConfigError, SpotterError
from spotter.io.jsonl import JsonLines, read_json_lines
from spotter.label_alphabet import LabelAlphabet
from spotter.label_lattice import write_label
from spotter.labeling.readers import WordReader

_LETTERS = LabelAlphabet.load("62")
_CHUNK = 32


@dataclass(frozen=True)
class WordRules:
    """When a word gets a label.

    Attributes:
        min_share: Share of all views that have to be read alike, without an independent reader.
        min_score: Least score of the independent reader's reading.
        min_length: Least number of characters.

    Raises:
        ConfigError: A share or score outside [0, 1].
    """

    min_share: float = 0.75
    min_score: float = 0.9
    min_length: int = 1

    def __post_init__(self) -> None:
        if not (0 < self.min_share <= 1 and 0 <= self.min_score <= 1):
            raise ConfigError("min_share must be in (0, 1], min_score in [0, 1]")

    def by_views(self, readings: ViewReadings) -> str | None:
        """The label of a word by its views alone; ``None``: they do not agree."""
        text, share = readings.vote()
        return text if share >= self.min_share and len(text) >= self.min_length else None

    def by_agreement(self, readings: ViewReadings, peer: tuple[str | None, float]) -> str | None:
        """The label of a word by an independent reader; ``None``: no view says the same.

        Two independently trained recognizers make different errors. Letters, case and digits must
        agree with the reading of some view; punctuation marks are those of the independent reader.
        """
        text, score = peer
        if not text or score < self.min_score or len(text) < self.min_length:
            return None
        letters = write_label(text, _LETTERS)
        seen = (readings.text, *readings.others)
        agreed = text in seen or (
            letters != "" and letters in (write_label(each, _LETTERS) for each in seen)
        )
        return text if agreed else None


@dataclass(frozen=True)
class WordLabel:
    """What is known of a crop.

    Attributes:
        label: Its label, or ``None``.
        plain: How the recognizer reads it as it is.
        share: Share of the views that were read alike; with an independent reader there are
            further views only where the word as it is did not agree with it.
        peer: How the independent reader reads it, if there is one.
    """

    label: str | None
    plain: str
    share: float
    peer: str | None = None


def label_words(
    crops: Crops,
    indices: Sequence[int],
    reader: ViewReader,
    out: Path,
    rules: WordRules,
    peer: WordReader | None = None,
) -> dict[int, WordLabel]:
    """Label crops, one JSON line each; a later run goes on where the last one stopped.

    The lines ``{"image", "text", "score", "plain", "share", "peer"}`` are what
    :class:`spotter.data.readers.PseudoLabelReader` takes: ``text`` is ``null`` and ``score`` 0 for
    words without a label.

    Args:
        crops: The words.
        indices: Positions of those to label.
        reader: Reads them in many views.
        out: File of the lines.
        rules: When a word gets a label.
        peer: An independent reader; ``None``: views alone make labels.

    Returns:
        What is known of each crop, by its position.
    """
    samples = crops.reader()
    names = {index: sample_name(samples[index]) for index in indices}
    with JsonLines(out) as lines:
        todo = [index for index, name in names.items() if name not in lines.done]
        starts = range(0, len(todo), _CHUNK)
        for start in track(starts, "labelling crops", disable=not todo):
            part = todo[start : start + _CHUNK]
            for index, record in zip(part, _records(crops, part, reader, rules, peer), strict=True):
                lines.append({"image": names[index], **record})
    found = {
        line["image"]: WordLabel(line["text"], line["plain"], line["share"], line["peer"])
        for line in read_json_lines(out)
    }
    return {index: found[name] for index, name in names.items()}


def _records(
    crops: Crops,
    part: Sequence[int],
    reader: ViewReader,
    rules: WordRules,
    peer: WordReader | None,
) -> Iterator[dict[str, Any]]:
    """What a line says of each crop, but for its name."""
    images = [crops.load(index) for index in part]
    said: list[tuple[str | None, float]] = [(None, 0.0)] * len(images)
    if peer is None:
        readings = list(reader.read(images))
        labels = [rules.by_views(each) for each in readings]
    else:
        said = peer.read(images)
        readings = list(reader.read(images, views=()))
        labels = [rules.by_agreement(*each) for each in zip(readings, said, strict=True)]
        # Further views take most of the time, so they are only read where they can still give a
        # label.
        open_ = [
            place
            for place, (text, score) in enumerate(said)
            if labels[place] is None and text and score >= rules.min_score
        ]
        for place, seen in zip(open_, reader.read(images[i] for i in open_), strict=True):
            readings[place] = seen
            labels[place] = rules.by_agreement(seen, said[place])
    for label, reading, (text, _) in zip(labels, readings, said, strict=True):
        yield {
            "text": label,
            "score": 0.0 if label is None else 1.0,
            "plain": reading.text,
            "share": round(reading.vote()[1], 4),
            "peer": text,
        }


def independent_reader(characters: str, threads: int = 1) -> WordReader:
    """RapidOCR, cut down to a recognizer's characters.

    Raises:
        ConfigError: Its package is not installed.
    """
    from spotter.charset import Charset
    from spotter.labeling.readers import PeerReader

    return PeerReader(Charset(characters), threads=threads)


def check_enough(labels: Mapping[int, WordLabel], learned: Sequence[int], least: int) -> None:
    """Refuse to train on too few labels.

    Raises:
        SpotterError: Fewer than ``least`` of the crops to learn from have a label.
    """
    count = sum(labels[index].label is not None for index in learned)
    if count < least:
        raise SpotterError(
            f"{count} of {len(learned)} words got a label, too few to learn from ({least} are"
            " needed): give more photos, or lower --min-share"
        )
