"""What many photos cost: CPU seconds of ``--workers`` beside one process and beside RapidOCR.

``python -m benchmarks.scale PHOTOS --count 20`` prints a table, and what the harness costs over the
bare spotter. Each way is run twice in a process
of its own, over a few photos and over these and ``--count`` more; the difference is what the
further photos cost, without loading the networks. CPU seconds are those of the process and of all
that it started, and hardly depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from spotter.io.folders import list_images

WARM_UP = 2
"""Photos of the shorter run."""


def bare(photos: Sequence[Path], threads: int) -> None:
    """One process, photo by photo."""
    from spotter.pipeline.spotter import SceneTextSpotter

    spotter = SceneTextSpotter(threads=threads)
    for photo in photos:
        json.dumps(spotter.spot(photo).to_dict())


def plain(photos: Sequence[Path], threads: int) -> None:
    """``spotter spot --out FILE.jsonl``, the words of a photo read before the next is loaded."""
    from spotter.bulk.here import spot_here
    from spotter.bulk.run import run_in_bulk
    from spotter.pipeline.spotter import SceneTextSpotter

    with tempfile.TemporaryDirectory() as folder:
        run_in_bulk(photos, f"{folder}/out.jsonl", spot_here(SceneTextSpotter(threads=threads), 1))


def harness(photos: Sequence[Path], workers: int) -> None:
    """``spotter spot --out FILE.jsonl --workers``."""
    from spotter.bulk.jobs import SpotJob
    from spotter.bulk.run import BulkOptions, run_in_bulk

    with tempfile.TemporaryDirectory() as folder:
        job = SpotJob({"threads": 1})
        run_in_bulk(photos, f"{folder}/out.jsonl", job, BulkOptions(workers))


_engine: list[Any] = []


def _open_rapidocr() -> None:
    import cv2

    from spotter.labeling.rapidocr import RapidOCREngine

    cv2.setNumThreads(1)
    _engine.append(RapidOCREngine("rapidocr", 1))


def _read_with_rapidocr(photo: Path) -> int:
    from spotter.io.images import read_image

    return int(_engine[0].spot(read_image(photo)) is not None)


def rapidocr(photos: Sequence[Path], workers: int) -> None:
    """RapidOCR in a pool of ``multiprocessing``, one thread each."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, _open_rapidocr) as pool:
        for _ in pool.imap(_read_with_rapidocr, photos):
            pass
        pool.close()
        pool.join()


WAYS: dict[str, tuple[str, Callable[[Sequence[Path], int], None], int]] = {
    "bare1": ("one process, 1 thread", bare, 1),
    "bare2": ("one process, 2 threads", bare, 2),
    "plain1": ("--out FILE.jsonl, 1 thread", plain, 1),
    "workers1": ("--workers 1", harness, 1),
    "workers2": ("--workers 2", harness, 2),
    "rapidocr2": ("RapidOCR, multiprocessing, 2 processes", rapidocr, 2),
}
"""Name to title, function, and its number of processes or threads."""


def cpu_seconds(way: str, photos: Sequence[Path]) -> float:
    """CPU seconds of a way over some photos, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.scale", "--run", way, *map(str, photos)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"error: {way}: {done.stderr[-1000:]}")
    return float(done.stdout.split()[-1])


def run_here(way: str, photos: Sequence[Path]) -> None:
    """Run a way, and print the CPU seconds of this process and all that it started."""
    _, function, number = WAYS[way]
    function(photos, number)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(sum(each.ru_utime + each.ru_stime for each in used))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("photos", nargs="+", help="a folder of photos")
    parser.add_argument("--count", type=int, default=20, help="photos that are measured")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=[*WAYS])
    parser.add_argument("--run", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.run:
        run_here(options.run, [Path(photo) for photo in options.photos])
        return
    photos = [*list_images(options.photos[0]).values()][: WARM_UP + options.count]
    count = len(photos) - WARM_UP
    if count < 1:
        raise SystemExit(f"error: {options.photos[0]}: too few photos")
    print(f"{count} photos of {options.photos[0]}")
    print("| way | CPU seconds a photo | photos a CPU second | CPU hours a million photos |")
    print("|---|---|---|---|")
    costs = {}
    for way in options.ways:
        each = (cpu_seconds(way, photos) - cpu_seconds(way, photos[:WARM_UP])) / count
        costs[way] = each
        million = each * 1e6 / 3600
        print(f"| {WAYS[way][0]} | {each:.3f} | {1 / each:.2f} | {million:.0f} |", flush=True)
    for way in [each for each in ("plain1", "workers1") if {each, "bare1"} <= costs.keys()]:
        more = 100 * (costs[way] / costs["bare1"] - 1)
        print(f"{WAYS[way][0]}: {more:+.1f} % over one process, 1 thread")


if __name__ == "__main__":
    main()
