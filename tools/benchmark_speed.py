"""Speed beside RapidOCR on the same photos: ``tools/benchmark_speed.py PHOTOS_DIR``.

Both sides run photo by photo in turns in one process; peak memory is measured in a process of its
own for each side. With ``--ground-truth`` both sides are scored, too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks import speed as benchmark
from spotter.cli.arguments import add_spotter_arguments, find_images, spotter_from
from spotter.cli.errors import run_tool
from spotter.data.images import read_image, resize_image
from spotter.errors import ConfigError
from spotter.structures import TextInstance


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("photos", help="folder of photos")
    parser.add_argument("--peer", choices=("rapidocr", "none"), default="rapidocr")
    parser.add_argument("--repeat", type=int, default=3, help="passes over the photos")
    parser.add_argument("--limit", type=int, help="only the first photos up to this number")
    parser.add_argument("--resize", type=_pair("x"), metavar="WxH", help="resize every photo")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers as JSON")
    parser.add_argument("--ground-truth", help="folder of ICDAR label files (gt_NAME.txt)")
    parser.add_argument(
        "--gt-scale",
        type=_pair(","),
        default=(1.0, 1.0),
        metavar="X,Y",
        help="factors from the labels' coordinates to pixels of the stored photos",
    )
    parser.add_argument("--only", help=argparse.SUPPRESS)
    add_spotter_arguments(parser)
    return parser.parse_args(argv)


def _pair(separator: str) -> Any:
    def convert(text: str) -> tuple[float, float]:
        x, y = (float(part) for part in text.split(separator))
        return x, y

    convert.__name__ = f"pair A{separator}B"
    return convert


def load(arguments: argparse.Namespace) -> tuple[list[np.ndarray], list[list[TextInstance]]]:
    """Decoded photos, and their ground truth if one is given."""
    size = None if arguments.resize is None else tuple(round(side) for side in arguments.resize)
    truths: list[list[TextInstance]] = []
    if arguments.ground_truth:
        from spotter.data.readers import ICDARDetectionReader

        reader = ICDARDetectionReader(
            arguments.ground_truth,
            arguments.photos,
            scale=arguments.gt_scale,
            resize_to=size,
            stop=arguments.limit,
        )
        samples = [reader[index] for index in range(len(reader))]
        paths = [Path(sample["img_path"]) for sample in samples]
        truths = [[TextInstance(**word) for word in sample["instances"]] for sample in samples]
    else:
        paths = list(find_images(arguments.photos).values())[: arguments.limit]
    photos = [read_image(path) for path in paths]
    return [photo if size is None else resize_image(photo, *size) for photo in photos], truths


def make_side(name: str, arguments: argparse.Namespace) -> benchmark.Side:
    """A side by its name: ``"spotter"`` or a key of ``PEERS``."""
    if name == benchmark.OURS:
        return benchmark.OurSide(spotter_from(arguments))
    return benchmark.RapidOCRSide(name, arguments.threads)


def memory_alone(name: str) -> float:
    """Peak MiB of a fresh process that spots the photos with one side."""
    command = [sys.executable, __file__, *sys.argv[1:], "--only", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ConfigError(f"{name}: cannot be measured alone ({reason})")
    return float(done.stdout.split()[-1])


def make_table(measurements: list[benchmark.Measurement], title: str) -> Table:
    """Medians per photo, and how many times ours each peer takes."""
    table = Table(title=title, title_justify="left")
    table.add_column("")
    rows = [measurement.to_dict() for measurement in measurements]
    for row in rows:
        table.add_column(row["side"], justify="right")
    for key in [key for key in rows[0] if key != "side"]:
        cells = []
        for row in rows:
            value, ours = row[key], rows[0][key]
            text = "-" if value is None else f"{value:.3f}" if "hmean" in key else f"{value:.1f}"
            if row is not rows[0] and value and ours and key.endswith(("_ms", "_mib")):
                text += f" ({value / ours:.2f}x)"
            cells.append(text)
        table.add_row(key.replace("_", " "), *cells)
    return table


def main() -> None:
    """Parse the command line and run."""
    arguments = parse()
    arguments.threads = arguments.threads or 1
    cv2.setNumThreads(arguments.threads)
    if arguments.only:
        photos, _ = load(argparse.Namespace(**{**vars(arguments), "ground_truth": None}))
        side = make_side(arguments.only, arguments)
        for photo in photos:
            side.run(photo)
        print(benchmark.peak_memory())
        return
    names = [benchmark.OURS]
    if arguments.peer != "none":
        if benchmark.peer_installed():
            names += benchmark.present_peers()
        else:
            print("rapidocr is not installed: ours only (pip install rapidocr)", file=sys.stderr)
    memory = [memory_alone(name) for name in names]
    photos, truths = load(arguments)
    sides = [make_side(name, arguments) for name in names]
    console = Console()
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("measuring", total=len(photos) * arguments.repeat)
        measurements = benchmark.interleave(
            sides, photos, arguments.repeat, lambda: bar.advance(task)
        )
    for measurement, peak in zip(measurements, memory, strict=True):
        measurement.peak_memory = round(peak, 1)
        if truths:
            benchmark.score(measurement, truths)
    threads = f"{arguments.threads} thread{'s' if arguments.threads > 1 else ''}"
    console.print(make_table(measurements, f"{len(photos)} photos, {threads}, median per photo"))
    if arguments.json:
        report = {"photos": len(photos), "threads": arguments.threads, "repeat": arguments.repeat}
        sides_report = [measurement.to_dict() for measurement in measurements]
        text = json.dumps({**report, "sides": sides_report}, indent=1)
        arguments.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    run_tool(main)
