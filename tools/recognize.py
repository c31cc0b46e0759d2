"""Read word crops: ``tools/recognize.py DIR_or_LIST --out results.jsonl``.

One line ``{"image", "text", "score", "error"}`` per crop; a later run skips those that have one.
``spotter read DIR --out FILE.jsonl`` does the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from spotter.bulk.run import Photos
from spotter.cli.arguments import listed_images
from spotter.cli.commands import command, run
from spotter.cli.errors import run_tool
from spotter.cli.read import read_to_lines, reading_options, recognizer_from


@command("recognize.py")
@click.argument("source")
@click.option("--out", required=True, help="file of JSON lines to write or go on with")
@reading_options
def recognize(source: str, out: str, **options: Any) -> None:
    """Read the crops of a folder (searched recursively) or of a list, one path per line."""
    folder = Path(source).is_dir()
    crops = Photos.of([source], False) if folder else Photos.named(listed_images(source))
    read_to_lines(crops, Path(out), recognizer_from(options), options["batch_size"])


def main() -> None:
    """Parse the command line and run."""
    run(recognize)


if __name__ == "__main__":
    run_tool(main)
