"""Draw synthetic sets with all cores: ``python -m research.gpu.draw --out DIR --seconds N``.

The rows of the table ``drawn`` are worked off in turns: of each its first count, then of each its
next, until the time is over. What is begun is gone on with.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

from click import ClickException

from research.gpu.sources import load_config
from spotter.cli.synthesize import synthesize
from spotter.errors import SpotterError
from spotter.synthesis.writers import SynthesisSettings, write_scenes, write_words

_LABEL_MARGIN = 0.12


def draw(row: dict[str, Any], count: int, out: Path, data: Path, workers: int) -> None:
    """Complete a row's set to ``count`` samples.

    Raises:
        SpotterError: The set cannot be drawn.
    """
    material: dict[str, Any] = {
        name: (str(data / name),) for name in ("fonts", "words", "backgrounds")
    }
    folder, kind = out / row["name"], row["kind"]
    if kind in ("words", "signs"):
        style = "signs" if kind == "signs" else "mixed"
        write_words(folder, SynthesisSettings(**material, style=style), count, workers)
    elif kind == "scenes":
        settings = SynthesisSettings(**material, label_margin=_LABEL_MARGIN)
        write_scenes(folder, settings, count, workers)
    else:
        values = {name: paths[0] for name, paths in material.items()}
        values.update(out=str(folder), count=str(count), workers=str(workers))
        flags = [part for name, value in values.items() for part in (f"--{name}", value)]
        try:
            synthesize.main([kind, *flags], standalone_mode=False)
        except (ClickException, SystemExit) as error:
            raise SpotterError(f"{kind}: not drawn ({error})") from None


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
            except (SpotterError, SystemExit) as error:
                refused.add(row["name"])
                print(f"not drawn: {row['name']} ({error})", flush=True)


if __name__ == "__main__":
    main()
