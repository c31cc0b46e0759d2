"""The command line of ``tools/benchmark_speed.py``.

All systems run photo by photo in turns in one process; peak memory is measured in a process of its
own for each system. With ``--ground-truth`` all are scored, too. A further pass over the photos
gives the time budget of our spotter by stage.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks import speed as benchmark
from benchmarks.stages import Spent, time_budget
from benchmarks.systems import OurSystem, System, baseline_system, present_baselines
from benchmarks.systems.ours import OURS
from spotter.cli.commands import File, command, run
from spotter.cli.errors import run_tool
from spotter.cli.options import spotter_from, spotter_options
from spotter.errors import ConfigError
from spotter.io.folders import list_images
from spotter.io.images import read_image
from spotter.labeling.rapidocr import rapidocr_installed
from spotter.pipeline import SceneTextSpotter
from spotter.runtime.input_size import resize_image
from spotter.structures import TextInstance


class Pair(click.ParamType):
    """Two numbers with a separator between them."""

    def __init__(self, separator: str) -> None:
        self.separator = separator
        self.name = f"A{separator}B"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[float, float]:
        """The two numbers."""
        if isinstance(value, tuple):
            return value
        try:
            first, second = (float(part) for part in value.split(self.separator))
        except ValueError:
            self.fail(f"{value!r} is not {self.name}", param, ctx)
        return first, second


@command("benchmark_speed.py")
@click.argument("photos")
@click.option("--baseline", type=click.Choice(("rapidocr", "none")), default="rapidocr")
@click.option("--repeat", default=3, show_default=True, help="passes over the photos")
@click.option("--limit", type=int, help="only the first photos up to this number")
@click.option("--resize", type=Pair("x"), metavar="WxH", help="resize every photo")
@click.option("--json", "json_file", type=File, metavar="FILE", help="write the numbers as JSON")
@click.option("--ground-truth", help="folder of ICDAR label files (gt_NAME.txt)")
@click.option(
    "--gt-scale",
    type=Pair(","),
    default=(1.0, 1.0),
    metavar="X,Y",
    help="factors from the labels' coordinates to pixels of the stored photos",
)
@click.option("--only", hidden=True)
@spotter_options
def benchmark_speed(
    baseline: str, repeat: int, json_file: Path | None, only: str | None, **options: Any
) -> None:
    """Speed on the photos of a folder, with RapidOCR as baseline."""
    options["threads"] = options["threads"] or 1
    cv2.setNumThreads(options["threads"])
    if only:
        print(peak_memory_of(only, options))
        return
    names = [OURS]
    if baseline != "none":
        if rapidocr_installed():
            names += present_baselines()
        else:
            print("rapidocr is not installed: ours only (pip install rapidocr)", file=sys.stderr)
    given = click.get_current_context().meta["arguments"]
    memory = [memory_alone(name, given) for name in names]
    photos, truths = load(options)
    spotter = spotter_from(options)
    systems = [make_system(name, options, spotter) for name in names]
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("measuring", total=len(photos) * repeat)
        measurements = benchmark.interleave(systems, photos, repeat, lambda: bar.advance(task))
    for measurement, peak in zip(measurements, memory, strict=True):
        measurement.peak_memory = round(peak, 1)
        if truths:
            benchmark.score(measurement, truths)
    count = options["threads"]
    threads = f"{count} thread{'s' if count > 1 else ''}"
    Console().print(make_table(measurements, f"{len(photos)} photos, {threads}, median per photo"))
    budget = time_budget(spotter, photos)
    Console().print(budget_table(budget))
    if json_file:
        report = {"photos": len(photos), "threads": count, "repeat": repeat}
        stages = {stage: asdict(spent) for stage, spent in budget.items()}
        rows = [measurement.to_dict() for measurement in measurements]
        text = json.dumps({**report, "systems": rows, "stages_ms": stages}, indent=1)
        json_file.write_text(text + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of ``tools/benchmark_speed.py``."""
    run(benchmark_speed, arguments, "benchmark_speed.py")


def load(options: Mapping[str, Any]) -> tuple[list[np.ndarray], list[list[TextInstance]]]:
    """Decoded photos, and their ground truth if one is given."""
    resize = options["resize"]
    size = None if resize is None else tuple(round(side) for side in resize)
    truths: list[list[TextInstance]] = []
    if options["ground_truth"]:
        from spotter.data.readers import ICDARDetectionReader

        reader = ICDARDetectionReader(
            options["ground_truth"],
            options["photos"],
            scale=options["gt_scale"],
            resize_to=size,
        )
        samples = list(islice(reader, options["limit"]))
        paths = [Path(sample["img_path"]) for sample in samples]
        truths = [[TextInstance(**word) for word in sample["instances"]] for sample in samples]
    else:
        paths = list(list_images(options["photos"]).values())[: options["limit"]]
    photos = [read_image(path) for path in paths]
    return [photo if size is None else resize_image(photo, *size) for photo in photos], truths


def make_system(
    name: str, options: Mapping[str, Any], spotter: SceneTextSpotter | None = None
) -> System:
    """A system by its name.

    Args:
        name: ``"spotter"``, or a key of :data:`spotter.labeling.rapidocr.ENGINES`.
        options: Of the command line.
        spotter: Ours, if it is open already.
    """
    if name == OURS:
        return OurSystem(spotter=spotter or spotter_from(options))
    return baseline_system(name, options["threads"])


def peak_memory_of(name: str, options: Mapping[str, Any]) -> float:
    """Peak MiB of this process after the photos were spotted with one system."""
    photos, _ = load({**options, "ground_truth": None})
    system = make_system(name, options)
    for photo in photos:
        system.timed_spot(photo)
    return benchmark.peak_memory()


def memory_alone(name: str, arguments: Sequence[str]) -> float:
    """Peak MiB of a fresh process that spots the photos with one system.

    Args:
        name: Of the system.
        arguments: The command line of this process.
    """
    call = [sys.executable, "-m", "benchmarks.speed_command", *arguments, "--only", name]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(call, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ConfigError(f"{name}: cannot be measured alone ({reason})")
    return float(done.stdout.split()[-1])


def make_table(measurements: list[benchmark.Measurement], title: str) -> Table:
    """Medians per photo, and how many times ours each baseline takes."""
    table = Table(title=title, title_justify="left")
    table.add_column("")
    rows = [measurement.to_dict() for measurement in measurements]
    for row in rows:
        table.add_column(row["system"], justify="right")
    for key in [key for key in rows[0] if key != "system"]:
        cells = []
        for row in rows:
            value, ours = row[key], rows[0][key]
            text = "-" if value is None else f"{value:.3f}" if "hmean" in key else f"{value:.1f}"
            if row is not rows[0] and value and ours and key.endswith(("_ms", "_mib")):
                text += f" ({value / ours:.2f}x)"
            cells.append(text)
        table.add_row(key.replace("_", " "), *cells)
    return table


def budget_table(budget: Mapping[str, Spent]) -> Table:
    """Time per photo of each stage, as :func:`time_budget` gives it, and shares of it."""
    table = Table(title="time budget of spotter, mean per photo", title_justify="left")
    table.add_column("stage")
    for heading in ("ms", "%", "cpu ms", "%"):
        table.add_column(heading, justify="right")
    whole = sum(budget.values(), Spent())
    for stage, spent in {**budget, "whole": whole}.items():
        if stage == "whole":
            table.add_section()
        pairs = ((spent.wall, whole.wall), (spent.cpu, whole.cpu))
        cells = ((f"{part:.1f}", f"{100 * part / max(all_, 1e-9):.0f}") for part, all_ in pairs)
        table.add_row(stage, *(cell for both in cells for cell in both))
    return table


if __name__ == "__main__":
    run_tool(main)
