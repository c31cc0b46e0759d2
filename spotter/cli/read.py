"""``spotter read``: the texts of word crops."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spotter.bulk.files import process_in_bulk
from spotter.cli.arguments import Source, named_images
from spotter.cli.commands import File, command
from spotter.cli.options import joined, recognizer_settings, runtime_options

if TYPE_CHECKING:
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
    images = named_images(crops)
    recognizer = recognizer_from(options)
    if out is not None:
        read_to_lines(images, out, recognizer, options["batch_size"])
        return 0
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


def read_to_lines(
    images: Mapping[str, Source], out: str | Path, recognizer: WordRecognizer, batch_size: int
) -> None:
    """Write one JSON line for each crop that has none yet, and print how many these were."""

    def answer(names: Sequence[str], paths: Sequence[Source]) -> list[dict[str, Any]]:
        return crop_records(recognizer, names, paths)

    count, failed = process_in_bulk(images, answer, out, "reading", 8 * batch_size)
    print(f"{out}: {count} new of {len(images)} crops, {failed} could not be read")


def crop_records(
    recognizer: WordRecognizer, names: Sequence[str], paths: Sequence[Source]
) -> list[dict[str, Any]]:
    """``{"image", "text", "score", "error"}`` of crops."""
    readings, errors = recognizer.read(paths)
    return [
        {
            "image": name,
            "text": None if reading is None else reading.text,
            "score": 0.0 if reading is None else round(reading.score, 4),
            "error": error,
        }
        for name, reading, error in zip(names, readings, errors, strict=True)
    ]
