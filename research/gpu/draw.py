"""Draw synthetic sets with all cores: ``python -m research.gpu.draw --out DIR --seconds N``.

The rows of the table ``drawn`` are worked off in turns: of each its first count, then of each its
next, until the time is over. What is begun is gone on with.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from research.gpu.sources import load_config
from spotter.errors import SpotterError
from spotter.synthesis.writers import (
    SynthesisSettings,
    write_page_words,
    write_pages,
    write_scenes,
    write_words,
)

_CHARSET = "latin"
_WRITERS: dict[str, Callable[..., int]] = {
    "words": write_words,
    "page_words": write_page_words,
    "scenes": write_scenes,
    "pages": write_pages,
}


def draw(row: dict[str, Any], count: int, out: Path, data: Path, workers: int) -> None:
    """Complete a row's set to ``count`` samples.

    Args:
        row: ``name`` and ``kind`` (words, page_words, scenes or pages) of the set; ``fonts``, the
            folder of the data with its fonts; and further attributes of
            :class:`SynthesisSettings`.
        count: Samples of the complete set.
        out: Folder of the sets.
        data: Folder of the material.
        workers: Processes that draw.

    Raises:
        SpotterError: The set cannot be drawn.
    """
    folders = {"fonts": "fonts", "words": "words", "backgrounds": "backgrounds"}
    own = {name: value for name, value in row.items() if name not in ("name", "kind", "counts")}
    folders["fonts"] = own.pop("fonts", "fonts")
    material = {name: (str(data / folder),) for name, folder in folders.items()}
    settings = SynthesisSettings(**material, charset=_CHARSET, **own)  # type: ignore[arg-type]
    _WRITERS[row["kind"]](out / row["name"], settings, count, workers)


def main(arguments: list[str] | None = None) -> None:
    """Draw until the time is over."""
    parser = argparse.ArgumentParser(prog="draw", description=__doc__)
    parser.add_argument("--config", default="mixture")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("SPOTTER_DATA", "data")))
    parser.add_argument("--seconds", type=float, default=120.0, help="begin nothing after this")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--scale", type=float, default=1.0, help="factor of all counts")
    options = parser.parse_args(arguments)
    start = time.monotonic()
    rows = list(load_config(options.config).drawn)
    refused = set()
    for turn in range(max(len(row["counts"]) for row in rows)):
        for row in rows:
            late = time.monotonic() - start > options.seconds
            if late or turn >= len(row["counts"]) or row["name"] in refused:
                continue
            count = max(1, round(row["counts"][turn] * options.scale))
            try:
                draw(row, count, options.out, options.data, options.workers)
                print(f"{time.monotonic() - start:.0f} s: {count} {row['name']}", flush=True)
            except SpotterError as error:
                refused.add(row["name"])
                print(f"not drawn: {row['name']} ({error})", flush=True)


if __name__ == "__main__":
    main()
