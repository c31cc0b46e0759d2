"""Fine-tuning from labels to an ONNX file."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from spotter.adaptation.drawn import TextLike
from spotter.charset import Charset
from spotter.errors import ConfigError, WeightsError
from spotter.hub.resolution import language_file, weights_file
from spotter.own_data.drawing import Drawing, draw_words
from spotter.own_data.labels import Labels, split_samples, write_lines
from spotter.own_data.reading import Readings, read_words
from spotter.own_data.run import forget_training, run_training
from spotter.own_data.settings import TuningSettings, open_start, use_threads
from spotter.own_data.words import (
    WordSets,
    choose_alphabet,
    reader_of,
    spellable,
    word_config,
)
from spotter.registry import READERS

RECOMMENDED_SCORE = 0.3
"""Least score of a word in photos that is written beside weights of one's own."""

_LIKE_LABELS = 1000

Say = Callable[[str], object]


@dataclass(frozen=True)
class TunedWords:
    """The result of fine-tuning a recognizer.

    Attributes:
        onnx: The file to use.
        before: Readings of the held-back words by the start.
        after: Readings of the same words by the new recognizer.
    """

    onnx: Path
    before: Readings
    after: Readings


def tune_words(
    settings: TuningSettings,
    labels: Labels | None,
    alphabet: str | Path | None = None,
    drawing: Drawing | None = None,
    language: str | Path | None = None,
    min_score: float = RECOMMENDED_SCORE,
    say: Say = print,
) -> TunedWords:
    """Fine-tune a recognizer on labelled words, on drawn words, or on both.

    Args:
        settings: How.
        labels: Word crops, or photos with words; ``None``: drawn words alone.
        alphabet: Name or file of the alphabet; ``None``: that of the start and of the labels.
        drawing: What drawn words are made of; ``None``: none are drawn.
        language: Language model that the new recognizer recommends, and with which the held-back
            words are read.
        min_score: Least score that it recommends, in 0..1.
        say: Gets lines on what is done.

    Raises:
        ConfigError: Neither labels nor drawn words, too few labels, or ``min_score`` is out of
            range.
        CharsetError: See :func:`choose_alphabet`.
        TrainingInterrupted: A signal came; the same call goes on from there.
    """
    if not 0 <= min_score <= 1:
        raise ConfigError(f"min_score must be from 0 to 1, not {min_score:g}")
    use_threads(settings.threads)
    start, header = open_start(settings.start, "recognition")
    texts = [] if labels is None else _texts(labels)
    charset, note = choose_alphabet(alphabet, header["charset"], texts)
    if note:
        say(note)
    new = [c for c in charset.characters if c not in header["charset"]]
    say(f"alphabet: {len(charset)} characters, {len(new)} of them new to {start.stem}")
    longest = int(header["config"].get("max_length", 25))
    settings.out.mkdir(parents=True, exist_ok=True)
    sets = _word_sets(settings, labels, charset, longest, drawing, say)
    recommended: dict[str, Any] = {
        "min_score": min_score,
        "language": _beside(language, settings.out),
    }
    held_back = READERS.build(sets.held_back)
    read = partial(
        read_words, samples=held_back, threads=settings.threads, language=language or "none"
    )
    before = read(weights_file(start, "auto"))
    say(f"before: {before.percent} of {len(before.true)} held-back words are read without error")
    config = word_config(settings, start, header, charset, sets, recommended)
    best = run_training(config, say)
    after = read(best)
    calibration = after.calibration()
    if calibration is not None:
        recommended["calibration"] = {"recognition": calibration}
    onnx = finish(best, settings.out / "recognizer.safetensors", recommended)
    forget_training(best.parent)
    return TunedWords(onnx, before, after)


def finish(best: Path, out: Path, recommended: dict[str, Any]) -> Path:
    """Write the best weights with what they recommend, and their ONNX file beside them."""
    from spotter.export.onnx import export_onnx
    from spotter.training.weights import load_state, read_header, save_weights

    header = {**read_header(best), "recommended": recommended}
    save_weights(out, load_state(best), header)
    try:
        return export_onnx(out).path
    except WeightsError:
        # Weights far from their final values lose more in half precision.
        return export_onnx(out, half_weights=False).path


def _texts(labels: Labels) -> list[str]:
    if not labels.photos:
        return [sample["text"] for sample in labels.samples if sample["text"]]
    words = (word for photo in labels.samples for word in photo["instances"])
    return [word["text"] for word in words if word["text"] and not word["ignore"]]


def _word_sets(
    settings: TuningSettings,
    labels: Labels | None,
    charset: Charset,
    longest: int,
    drawing: Drawing | None,
    say: Say,
) -> WordSets:
    if labels is None:
        if drawing is None:
            raise ConfigError("neither labels nor drawn words to train on")
        made, judged, count = draw_words(drawing, charset, settings.out, settings.seed, say)
        return WordSets(None, made, judged, 0, count)
    samples: Sequence[dict[str, Any]] = labels.samples
    if not labels.photos:
        samples = [s for s in samples if spellable(s["text"], charset, longest)]
    if len(samples) < 2:
        raise ConfigError(f"{len(samples)} labels can be used; at least two are needed")
    train, held = split_samples(samples, settings.hold_back, settings.seed)
    files = [
        write_lines(settings.out / f"{name}.jsonl", part)
        for name, part in (("train", train), ("held_back", held))
    ]
    labelled = reader_of(files[0], labels.photos, 0.5)
    judged = reader_of(files[1], labels.photos, 0.0)
    counts = [len(READERS.build(reader)) for reader in (labelled, judged)]
    what = "words of photos" if labels.photos else "words"
    say(f"labels: {counts[0]} {what} to train on, {counts[1]} held back")
    if min(counts) == 0:
        raise ConfigError("one of the two parts has no word; more labels are needed")
    drawn = None
    if drawing is not None:
        drawn = _draw_beside(drawing, settings, charset, train, say)
    return WordSets(labelled, drawn, judged, counts[0], counts[1], _texts(labels))


def _draw_beside(
    drawing: Drawing,
    settings: TuningSettings,
    charset: Charset,
    train: Sequence[dict[str, Any]],
    say: Say,
) -> dict[str, Any] | None:
    """Words drawn in addition to labelled ones; without a word list, they are like those."""
    if not drawing.words:
        words = settings.out / "words.txt"
        texts = _texts(Labels("instances" in train[0], list(train)))
        # Of their own texts alone, few words would be known by heart.
        source = TextLike(texts, charset.characters)
        rng = np.random.default_rng(settings.seed)
        texts += [source.sample(rng) for _ in range(_LIKE_LABELS)]
        words.write_text("\n".join(dict.fromkeys(texts)) + "\n", encoding="utf-8")
        drawing = replace(drawing, words=(str(words),))
    try:
        return draw_words(replace(drawing, judged=0), charset, settings.out, settings.seed, say)[0]
    except ConfigError as error:
        if drawing.wanted:
            raise
        say(f"no words are drawn beside the labels: {error}")
        return None


def _beside(language: str | Path | None, out: Path) -> str | None:
    """The language model as a header may name it: shipped, or a copy beside the weights."""
    if language is None or str(language) == "none":
        return None
    file = language_file(language)
    if Path(language).suffix != file.suffix:
        return str(language)
    if file.resolve() != (out / file.name).resolve():
        shutil.copyfile(file, out / file.name)
    return file.name
