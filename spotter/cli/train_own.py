"""``spotter train words`` and ``spotter train photos``: networks of one's own."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from spotter.cli.commands import File, command, several
from spotter.cli.options import joined
from spotter.errors import TrainingInterrupted
from spotter.io.locks import OutputLock

_labels_options = joined(
    click.option("--out", type=File, required=True, help="folder for all that is written"),
    click.option("--layout", help="of LABELS, one of spotter convert --list; default: guessed"),
    click.option("--split", help="which part, where LABELS holds several"),
    click.option("--images", metavar="DIR", help="where the images lie, if elsewhere"),
    click.option(
        "--hold-back", default=0.2, show_default=True, help="share that is not trained on"
    ),
)

_training_options = joined(
    click.option("--iterations", type=click.IntRange(min=1), help="most; default: by the data"),
    click.option("--minutes", type=float, help="most time of training"),
    click.option("--lr", type=float, help="learning rate; default: by the data"),
    click.option("--batch-size", type=click.IntRange(min=1), help="default: by the data"),
    click.option("--threads", type=click.IntRange(min=1), help="default: all cores"),
    click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda"),
    click.option("--seed", default=0, show_default=True),
)


@command(
    examples=(
        "spotter train words labels.txt --out own/",
        "spotter train words photos/ --layout labelme --alphabet german --out own/",
        "spotter train words --alphabet korean --words words.txt --fonts fonts/ --out korean/",
    )
)
@click.argument("labels", required=False)
@_labels_options
@click.option("--alphabet", help="name (spotter alphabet) or file; default: shipped and labels'")
@click.option("--start", default="deep_ctc", show_default=True, help="weights to start from")
@click.option(
    "--draw",
    type=click.IntRange(min=0),
    help="words to draw; 0: none; default: 2000, without LABELS 20000",
)
@several("--words", metavar="PATH...", help="word lists to draw from, .txt or .tsv")
@several("--fonts", metavar="PATH...", help="fonts to draw with, or folders; default: the system's")
@several("--held-back-fonts", metavar="PATH...", help="fonts to judge by; default: a fifth")
@several("--backgrounds", metavar="PATH...", help="photos to draw on, or folders")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="processes that draw",
)
@click.option("--language", help="language model to use with it: name or .npz file")
@click.option("--min-score", default=0.3, show_default=True, help="least score to use with it")
@_training_options
def words(labels: str | None, **options: Any) -> None:
    """Fine-tune the recognizer on words of one's own.

    LABELS are word crops, or photos with labelled words, in any layout of spotter convert --list. A
    part is held back: it says which weights are the best, and how many of its words are read before
    and after. Without LABELS, or with --draw, words are drawn; without LABELS those that are judged
    by are drawn in other fonts. The same command goes on with a training that was interrupted.
    """
    from spotter.own_data.tuning import tune_words

    settings = _settings(options, options["start"])
    with _writing(settings.out):
        tuned = tune_words(
            settings,
            None if labels is None else _open(labels, options),
            options["alphabet"],
            _drawing(options, labels is None),
            options["language"],
            options["min_score"],
        )
    before, after = tuned.before, tuned.after
    print(f"held-back words read without error: {before.percent} before, {after.percent} after")
    for true, read in after.mistakes():
        print(f"  {true} is read as {read or 'nothing'}")
    if after.accuracy <= before.accuracy:
        print("no better than before: more labels, or another alphabet, may help")
    print(f"use it: spotter spot PHOTO --recognizer {tuned.onnx}")


@command(
    examples=(
        "spotter train photos my_photos/ --layout labelme --out own/",
        "spotter train photos labels.jsonl --out own/ --minutes 60",
    )
)
@click.argument("labels")
@_labels_options
@click.option(
    "--start", default="dbnet_mobilenetv3", show_default=True, help="weights to start from"
)
@_training_options
def photos(labels: str, **options: Any) -> None:
    """Fine-tune the detector on labelled photos of one's own.

    LABELS are photos with outlined words, in any layout of spotter convert --list. All words that
    can be read must be outlined, those that cannot be read labelled ###. A part of the photos is
    held back: it says which weights are the best. Nothing is written that finds its words worse
    than the start does. The same command goes on with a training that was interrupted.
    """
    from spotter.own_data.photos import tune_photos

    settings = _settings(options, options["start"])
    with _writing(settings.out):
        tuned = tune_photos(settings, _open(labels, options, photos=True))
    print(f"words of held-back photos: before {tuned.before}, after {tuned.after}")
    if tuned.onnx is None:
        print("no weights were better than those of the start: nothing is written")
    else:
        print(f"use it: spotter spot PHOTO --detector {tuned.onnx}")


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    """Keep others out of the folder, and end an interrupted training with its signal's status."""
    with OutputLock(out, "give another --out", is_folder=True):
        try:
            yield
        except TrainingInterrupted as interrupted:
            print("interrupted; the same command goes on from here", file=sys.stderr)
            raise SystemExit(interrupted.status) from None


def _open(labels: str, options: dict[str, Any], photos: bool | None = None) -> Any:
    from spotter.own_data.labels import open_labels

    split, images = options["split"], options["images"]
    found = open_labels(labels, options["layout"], split, images, photos)
    if found.note():
        print(f"left out: {found.note()}")
    return found


def _drawing(options: dict[str, Any], alone: bool) -> Any:
    from spotter.own_data.drawing import Drawing

    count = options["draw"]
    wanted = alone or bool(count or options["words"] or options["fonts"])
    if count is None:
        count = 20000 if alone else 2000
    if not count:
        return None
    lists: Sequence[str] = options["words"]
    return Drawing(
        count,
        lists,
        options["fonts"],
        options["held_back_fonts"],
        options["backgrounds"],
        workers=options["workers"],
        wanted=wanted,
    )


def _settings(options: dict[str, Any], start: str) -> Any:
    from spotter.own_data.settings import TuningSettings

    out: Path = options["out"]
    names = ("hold_back", "iterations", "minutes", "lr", "batch_size", "threads", "device", "seed")
    return TuningSettings(out, start, **{name: options[name] for name in names})
