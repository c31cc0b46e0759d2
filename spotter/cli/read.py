"""``spotter read``: the texts of word crops."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spotter.cli.arguments import named_images
from spotter.cli.commands import File, command
from spotter.cli.errors import use_utf8
from spotter.cli.options import joined, recognizer_settings, runtime_options

if TYPE_CHECKING:
    from spotter.bulk.run import Photos
    from spotter.pipeline.crop_batching import WordReading
    from spotter.pipeline.word_recognizer import WordRecognizer

reading_options = joined(
    click.option("--batch-size", type=click.IntRange(min=1), default=32, show_default=True),
    click.option("--no-turn", is_flag=True, help="read tall crops as they are, never turned"),
    runtime_options,
)
"""Options of what reads word crops."""


@command(
    examples=(
        "spotter read word.png",
        "spotter read crops/ --out results.jsonl",
        "spotter read crops/ --language none --json",
    )
)
@click.argument("crops", nargs=-1, required=True, metavar="CROP...")
@click.option("--out", type=File, help="file of JSON lines to write or go on with")
@click.option("--json", "as_json", is_flag=True, help="print JSON lines")
@reading_options
def read(crops: Sequence[str], out: Path | None, as_json: bool, **options: Any) -> int:
    """Read images that show one word each.

    CROP is an image, an http(s) address, a folder (searched recursively), a pattern, or a .txt list
    of images. Without --out the readings are printed: score and text, or JSON lines.
    """
    recognizer = recognizer_from(options)
    if out is not None:
        from spotter.bulk.run import Photos

        read_to_lines(Photos.of(crops, documents=False), out, recognizer, options["batch_size"])
        return 0
    if as_json:
        use_utf8()
    images = named_images(crops)
    records = crop_records(recognizer, list(images), list(images.values()))
    for record in records:
        if as_json:
            print(json.dumps(record, ensure_ascii=False))
        elif record["error"]:
            click.echo(f"error: {record['error']}", err=True)
        else:
            print(f"{record['image']}\t{record['score']:.2f}\t{record['text']}")
    return int(all(record["error"] for record in records))


def recognizer_from(options: Mapping[str, Any]) -> WordRecognizer:
    """The recognizer that the values of :data:`reading_options` describe."""
    from spotter.pipeline.word_recognizer import WordRecognizer

    return WordRecognizer(
        **recognizer_settings(options),
        batch_size=options["batch_size"],
        turn=not options["no_turn"],
    )


def read_to_lines(crops: Photos, out: Path, recognizer: WordRecognizer, batch_size: int) -> None:
    """Write one JSON line for each crop that has none yet, and print how many these were.

    Args:
        crops: What is read.
        out: File of JSON lines to write or go on with.
        recognizer: What reads.
        batch_size: Of the recognizer.
    """
    from spotter.bulk.here import Here
    from spotter.bulk.outputs import LinesOutput
    from spotter.bulk.run import write_answers

    engine = Here(partial(crop_records, recognizer), crop_record, 8 * batch_size)
    counts = write_answers(LinesOutput(out), crops, engine, label="reading")
    print(f"{out}: {counts.of('crops')}")


def crop_records(
    recognizer: WordRecognizer, names: Sequence[str], sources: Sequence[Any]
) -> list[dict[str, Any]]:
    """``{"image", "text", "score", "error"}`` of crops."""
    readings, errors = recognizer.read(sources)
    return [crop_record(*each) for each in zip(names, errors, readings, strict=True)]


def crop_record(
    name: str, error: str | None = None, reading: WordReading | None = None
) -> dict[str, Any]:
    """The record of a crop; without a reading, it could not be read."""
    return {
        "image": name,
        "text": None if reading is None else reading.text,
        "score": 0.0 if reading is None else round(reading.score, 4),
        "error": error,
    }
