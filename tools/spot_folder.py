"""Spot all photos of a folder: ``tools/spot_folder.py DIR --out results.jsonl``.

One line per photo, or per page of a PDF, TIFF or moving picture; a later run skips the files that
have one. ``spotter spot DIR --out FILE.jsonl`` does the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from spotter.bulk.here import spot_here
from spotter.bulk.run import run_in_bulk
from spotter.cli.commands import command, run
from spotter.cli.errors import run_tool
from spotter.cli.options import spotter_from, spotter_options
from spotter.errors import ImageError
from spotter.io.names import printable_path


@command("spot_folder.py")
@click.argument("folder")
@click.option("--out", required=True, help="FILE.jsonl to write or go on with")
@click.option("--chunk", type=int, default=16, help="photos whose words are read together")
@spotter_options
def spot_folder(folder: str, out: str, chunk: int, **options: Any) -> None:
    """Spot all photos of a folder, searched recursively."""
    if not Path(folder).is_dir():
        raise ImageError(f"{printable_path(folder)}: no such folder")
    counts = run_in_bulk([folder], out, spot_here(spotter_from(options), chunk))
    print(f"{out}: {counts.of('photos')}")


def main() -> None:
    """Parse the command line and run."""
    run(spot_folder)


if __name__ == "__main__":
    run_tool(main)
