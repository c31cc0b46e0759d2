"""However many photos there are: the first lines come at once, and memory stays level."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from spotter.bulk.here import Here
from spotter.bulk.outputs import open_output
from spotter.bulk.photos import Photo
from spotter.bulk.run import BulkOptions, Engine, Photos, processes, write_answers
from spotter.bulk.sources import walk_photos
from tests.unit.bulk.toy import ToyJob
from tests.unit.pipeline.networks import bright_detector, digit_recognizer

MOST = 300 << 20


def toy_here(chunk: int = 16) -> Here:
    def answer(names, sources):
        return [{"image": name, "text": source.read().decode(), "error": None}
                for name, source in zip(names, sources, strict=True)]  # fmt: skip

    return Here(answer, ToyJob().failure, chunk)


def resident() -> int:
    return psutil.Process().memory_info().rss


def test_lines_are_given_before_more_photos_are_taken() -> None:
    taken = []

    def endless() -> Iterator[Photo]:
        for number in range(10**9):
            taken.append(number)
            error = f"{number}: is lost" if number % 4 == 3 else None
            yield Photo(str(number), b"text", error=error)

    answers = toy_here(chunk=3)(endless())
    first = [next(answers) for _ in range(6)]
    assert len(taken) == 6
    assert [each.name for each in first] == list("012345")
    assert [each.failed for each in first] == [False, False, False, True, False, False]
    assert json.loads(first[3].data)["error"] == "3: is lost"


@pytest.mark.parametrize(
    ("engine", "count"),
    [(toy_here(), 50_000), (processes(ToyJob(), BulkOptions(1)), 3_000)],
    ids=["here", "processes"],
)
def test_many_photos_take_no_more_memory_than_some(
    engine: Engine, count: int, tmp_path: Path
) -> None:
    sizes = {}

    def walk() -> Iterator[Photo]:
        for number in range(count):
            if number in (count // 10, count - 1):
                sizes[number] = resident()
            yield Photo(f"folder/{number:07d}.jpg", b"text")

    out = tmp_path / "out.jsonl"
    counts = write_answers(open_output(out), Photos(walk, lambda: count), engine)
    assert (counts.made, counts.failed) == (count, 0)
    assert sum(1 for _ in out.open("rb")) == count
    before, after = sizes.values()
    assert after - before < 8 << 20


def peak_of(*arguments: str) -> tuple[int, str]:
    """Most memory in bytes of a process of Python, and what it printed."""
    # Not ru_maxrss: that of a new process begins with the memory of the one that started it.
    code = (
        "import sys\n"
        f"{arguments[0]}\n"
        "peak = [line for line in open('/proc/self/status') if line.startswith('VmHWM')]\n"
        "print(int(peak[0].split()[1]))"
    )
    command = [sys.executable, "-c", code, *arguments[1:]]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    *printed, kilobytes = done.stdout.splitlines()
    return int(kilobytes) << 10, "\n".join(printed)


@pytest.mark.slow
def test_a_million_files_are_walked(tmp_path: Path) -> None:
    for folder in range(100):
        (tmp_path / f"{folder:02d}").mkdir()
        for number in range(10_000):
            (tmp_path / f"{folder:02d}" / f"{number:04d}.jpg").touch()
    assert next(walk_photos([tmp_path])).name == "00/0000.jpg"
    code = (
        "from spotter.bulk.sources import walk_photos;"
        " print(sum(1 for _ in walk_photos(sys.argv[1:])))"
    )
    peak, printed = peak_of(code, str(tmp_path))
    assert int(printed) == 1_000_000
    assert peak < MOST


@pytest.mark.slow
@pytest.mark.parametrize("workers", [[], ["--workers", "2"]])
def test_a_million_photos_are_spotted(workers: list[str], tmp_path: Path) -> None:
    photos, out = tmp_path / "photos.txt", tmp_path / "out.jsonl"
    # A million paths to one empty file.
    (tmp_path / "empty.jpg").touch()
    for number in range(1000):
        (tmp_path / f"{number:03d}").symlink_to(".")
    with photos.open("w") as lines:
        for n in range(1_000_000):
            lines.write(f"{n // 1000:03d}/{n % 1000:03d}/empty.jpg\n")
    detector = bright_detector(tmp_path / "bright.onnx")
    recognizer = digit_recognizer(tmp_path / "digits.onnx")
    models = ["--detector", str(detector), "--recognizer", str(recognizer), "--threads", "1"]
    code = "from spotter.cli.commands import run; from spotter.cli.main import cli; run(cli)"
    peak, printed = peak_of(code, "spot", str(photos), "--out", str(out), *workers, *models)
    assert "1000000 new of 1000000 photos, 1000000 could not be read" in printed
    print(f"{' '.join(workers) or 'this process'}: {peak >> 20} MiB", file=sys.stderr)
    assert peak < MOST
    assert os.path.getsize(out) > 100_000_000
