"""Spot all photos of a folder: ``tools/spot_folder.py DIR --out results.jsonl``.

One line per photo, or per page of a PDF, TIFF or moving picture; a later run skips the files that
have one. ``spotter spot DIR --out FILE.jsonl`` does the same.
"""

from __future__ import annotations

from typing import Any

import click

from spotter.cli.commands import command, run
from spotter.cli.errors import run_tool
from spotter.cli.options import spotter_from, spotter_options
from spotter.cli.spot import spot_to_lines
from spotter.io.folders import list_images


@command("spot_folder.py")
@click.argument("folder")
@click.option("--out", required=True, help="file of JSON lines to write or go on with")
@click.option("--chunk", type=int, default=16, help="photos whose words are read together")
@spotter_options
def spot_folder(folder: str, out: str, chunk: int, **options: Any) -> None:
    """Spot all photos of a folder, searched recursively."""
    spot_to_lines(list_images(folder, documents=True), out, spotter_from(options), chunk)


def main() -> None:
    """Parse the command line and run."""
    run(spot_folder)


if __name__ == "__main__":
    run_tool(main)
