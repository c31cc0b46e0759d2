"""Decode all sources at once, a process for each: ``python -m research.gpu.prepare``."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from pathlib import Path
from typing import Any

from research.gpu.sources import load_config, open_source
from spotter.errors import SpotterError


def rows_of(configs: list[str]) -> list[dict[str, Any]]:
    """Rows of the tables that the configs use, without repetition."""
    rows: list[dict[str, Any]] = []
    for name in configs:
        cfg = load_config(name)
        task = cfg.get("task")
        if task != "recognition":
            rows += [*cfg.photos, cfg.photos_val]
        if task != "detection":
            rows += [*cfg.words, *cfg.words_val]
    return [row for place, row in enumerate(rows) if row not in rows[:place]]


def decode(row: dict[str, Any], cache: Path, limit: int | None) -> None:
    """Make the cache of a row; one that is not complete yet is left for later."""
    try:
        open_source(row, [], cache, limit)
    except SpotterError as error:
        print(f"not decoded: {row['name']} ({error})", flush=True)


def prepare(configs: list[str], cache: Path, limit: int | None = None) -> float:
    """Make the caches of some configs; the seconds that it took."""
    start = time.monotonic()
    context = multiprocessing.get_context("fork")
    rows = rows_of(configs)
    processes = [context.Process(target=decode, args=(row, cache, limit)) for row in rows]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return time.monotonic() - start


def main() -> None:
    """Prepare everything."""
    parser = argparse.ArgumentParser(prog="prepare", description=__doc__)
    parser.add_argument("--configs", nargs="+", default=["mixture"])
    home = Path(os.environ.get("SPOTTER_HOME", "work"))
    parser.add_argument("--cache", type=Path, default=home / "cache")
    parser.add_argument("--limit", type=int, help="use no more samples per source than this")
    options = parser.parse_args()
    seconds = prepare(options.configs, options.cache, options.limit)
    print(f"decoded in {seconds:.0f} seconds", flush=True)


if __name__ == "__main__":
    main()
