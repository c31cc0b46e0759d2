"""Pseudo-labels of words: sure readings that are also those of some view."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import track

from spotter.adaptation.crops import Crops
from spotter.adaptation.views import ViewReader
from spotter.charset import Charset
from spotter.data.readers.pseudo_labels import sample_name
from spotter.errors import ConfigError, SpotterError
from spotter.hub.resolution import resolve_preset
from spotter.io.jsonl import JsonLines, read_json_lines
from spotter.label_alphabet import LabelAlphabet
from spotter.label_lattice import write_label
from spotter.labeling.readers import OwnReader, PeerReader, WordReader

_LETTERS = LabelAlphabet.load("62")
_CHUNK = 32

Reading = tuple[str | None, float]
"""Text, ``None`` where nothing was read, and score in [0, 1]."""


@dataclass(frozen=True)
class WordRules:
    """When a word gets a label.

    Attributes:
        min_score: Least score of the reading that becomes the label. The scores of RapidOCR are
            higher than calibrated ones: 0.9 suits them.
        min_length: Least number of characters.

    Raises:
        ConfigError: A score outside [0, 1].
    """

    min_score: float = 0.6
    min_length: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.min_score <= 1:
            raise ConfigError("min_score must be in [0, 1]")

    def label(self, reading: Reading, seen: Sequence[str]) -> str | None:
        """A reading where it is sure and some view shows the same, else ``None``.

        Letters, case and digits must agree with those of some view; punctuation marks are those of
        the reading.

        Args:
            reading: Text and score, of an independent reader or of a preset with its language.
            seen: What views are read as without language.
        """
        text, score = reading
        if not text or score < self.min_score or len(text) < self.min_length:
            return None
        letters = write_label(text, _LETTERS)
        agreed = text in seen or (
            letters != "" and letters in (write_label(each, _LETTERS) for each in seen)
        )
        return text if agreed else None


@dataclass(frozen=True)
class WordLabel:
    """What is known of a crop.

    Attributes:
        label: Its label, or ``None``.
        plain: How the recognizer reads it as it is, without language.
        peer: How the reader of the labels reads it.
    """

    label: str | None
    plain: str
    peer: str | None


def label_words(
    crops: Crops,
    indices: Sequence[int],
    reader: ViewReader,
    out: Path,
    rules: WordRules,
    peer: WordReader,
    own: WordReader | None = None,
) -> dict[int, WordLabel]:
    """Label crops, one JSON line each; a later run goes on where the last one stopped.

    The lines ``{"image", "text", "score", "plain", "peer"}`` are what
    :class:`spotter.data.readers.PseudoLabelReader` takes: ``text`` is ``null`` and ``score`` 0 for
    words without a label.

    Args:
        crops: The words.
        indices: Positions of those to label.
        reader: Reads them in many views, without language.
        out: File of the lines.
        rules: When a word gets a label.
        peer: Its readings become the labels: an independent reader, or the preset with its
            language.
        own: Beside an independent reader the preset with its language, whose reading is one more
            view; ``None``: there is none.

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
            records = _records(crops, part, reader, rules, peer, own)
            for index, record in zip(part, records, strict=True):
                lines.append({"image": names[index], **record})
    found = {
        line["image"]: WordLabel(line["text"], line["plain"], line["peer"])
        for line in read_json_lines(out)
    }
    return {index: found[name] for index, name in names.items()}


def _records(
    crops: Crops,
    part: Sequence[int],
    reader: ViewReader,
    rules: WordRules,
    peer: WordReader,
    own: WordReader | None,
) -> Iterator[dict[str, Any]]:
    """What a line says of each crop, but for its name."""
    images = [crops.load(index) for index in part]
    said = peer.read(images)
    plain = [reading.text for reading in reader.read(images, views=())]
    labels = [rules.label(each, [text]) for each, text in zip(said, plain, strict=True)]
    # Further views take most of the time, so only words that they can still give a label are read
    # in them.
    open_ = [
        place
        for place, (text, score) in enumerate(said)
        if labels[place] is None and text and score >= rules.min_score
    ]
    doubtful = [images[place] for place in open_]
    corrected = own.read(doubtful) if own else [(None, 0.0)] * len(open_)
    for place, views, (text, _) in zip(open_, reader.read(doubtful), corrected, strict=True):
        labels[place] = rules.label(said[place], [*views.others, text or ""])
    for label, text, (peer_text, _) in zip(labels, plain, said, strict=True):
        score = 0.0 if label is None else 1.0
        yield {"text": label, "score": score, "plain": text, "peer": peer_text}


def independent_reader(characters: str, threads: int = 1) -> WordReader:
    """RapidOCR, cut down to a recognizer's characters.

    Raises:
        ConfigError: Its package is not installed.
    """
    return PeerReader(Charset(characters), threads=threads)


def preset_reader(
    preset: str | Path, start: Path, device: str = "cpu", threads: int | None = None
) -> WordReader:
    """A preset with its language and test-time augmentation, but with the weights to adapt.

    Args:
        preset: Name or file of the preset. With another recognizer than ``start`` its language is
            that which ``start`` recommends, if any.
        start: The weights.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
        threads: See :mod:`spotter.runtime.runtimes`.
    """
    try:
        own = resolve_preset(preset, runtime="torch").recognizer.samefile(start)
    except SpotterError:
        own = False
    return OwnReader(preset, "torch", device, threads, recognizer=None if own else start)


def check_enough(labels: Mapping[int, WordLabel], learned: Sequence[int], least: int) -> None:
    """Refuse to train on too few labels.

    Raises:
        SpotterError: Fewer than ``least`` of the crops to learn from have a label.
    """
    count = sum(labels[index].label is not None for index in learned)
    if count < least:
        raise SpotterError(
            f"{count} of {len(learned)} words got a label, too few to learn from ({least} are"
            " needed): give more photos, or lower --min-score"
        )
