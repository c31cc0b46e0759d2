"""Spot the words of photos: ``demo/spot_image.py PHOTO...``.

Prints a table for each photo or page, and writes ``NAME.json`` and ``NAME.spotted.jpg`` into
``--out-dir``.
``spotter spot PHOTO... --out DIR`` does the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from spotter.cli.commands import File, command, run
from spotter.cli.errors import run_tool
from spotter.cli.options import spotter_from, spotter_options
from spotter.cli.spot import output_stems, spot_each
from spotter.io.sources import name_of


@command("spot_image.py")
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@click.option("--out-dir", type=File, default=Path("outputs"), show_default=True)
@click.option("--json", "as_json", is_flag=True, help="print JSON lines instead of tables")
@spotter_options
def spot_image(photos: Sequence[str], out_dir: Path, as_json: bool, **options: Any) -> int:
    """Spot the words of photos; exit status 1 when no photo could be read."""
    images = {name_of(photo): photo for photo in photos}
    stems = output_stems(images, out_dir)
    return spot_each(images, spotter_from(options), stems, as_json)


def main() -> None:
    """Parse the command line and run."""
    run(spot_image)


if __name__ == "__main__":
    run_tool(main)
