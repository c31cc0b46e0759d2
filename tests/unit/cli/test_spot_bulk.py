"""``spotter spot --workers``: the results of one process, and one line for each wrong option."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import cv2
import pytest

from spotter.bulk.outputs import open_output
from spotter.bulk.records import to_line
from spotter.cli.commands import run
from spotter.cli.main import cli
from spotter.cli.spot_bulk import parse_shard, parse_workers
from spotter.errors import AnnotationError, ConfigError, SpotterError
from spotter.io.jsonl import read_json_lines
from tests.unit.pipeline.networks import bright_detector, digit_recognizer, photo


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("models")
    detector = bright_detector(folder / "bright.onnx")
    recognizer = digit_recognizer(folder / "digits.onnx")
    return ["--detector", str(detector), "--recognizer", str(recognizer)]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(4):
        image = photo(200, 120, [(20, 20, 90, 20)], seed)
        cv2.imwrite(str(folder / f"{seed}.png"), image)
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


def test_the_results_of_one_process(
    photos: Path, models: list[str], tmp_path: Path, capsys
) -> None:
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    run(cli, ["spot", str(photos), "--out", str(one), "--threads", "1", *models])
    run(cli, ["spot", str(photos), "--out", str(two), "--workers", "2", *models])
    assert "5 new of 5 photos, 1 could not be read" in capsys.readouterr().out
    assert two.read_text() == one.read_text()
    (photos / "broken.png").write_bytes((photos / "0.png").read_bytes())
    run(cli, ["spot", str(photos), "--out", str(two), "--workers", "1", "--retry-failed", *models])
    assert "1 new of 5 photos, 0 could not be read" in capsys.readouterr().out
    records = list(read_json_lines(two))
    assert [each["error"] for each in records] == [None] * 5
    assert records[4]["instances"] == records[0]["instances"]


def test_shards_of_an_archive(photos: Path, models: list[str], tmp_path: Path) -> None:
    archive = tmp_path / "photos.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(photos, ".")
    lines = []
    for shard in ("1/2", "2/2"):
        out = tmp_path / f"{shard[0]}.jsonl"
        options = ["--shard", shard, "--workers", "1"]
        run(cli, ["spot", str(archive), "--out", str(out), *options, *models])
        lines += [json.loads(line) for line in out.read_text().splitlines()]
    names = sorted(Path(line["image"]).relative_to(archive).name for line in lines)
    assert names == ["0.png", "1.png", "2.png", "3.png", "broken.png"]
    (broken,) = [line["error"] for line in lines if line["error"]]
    assert broken.startswith(f"{archive}/broken.png: ")


def test_an_archive_without_workers(
    photos: Path, models: list[str], tmp_path: Path, capsys
) -> None:
    archive = tmp_path / "photos.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(photos, ".")
    # A block that is no header, and part of one.
    archive.write_bytes(archive.read_bytes() + b"damaged" * 100)
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    command = ["spot", str(archive), "--threads", "1", *models]
    run(cli, [*command, "--out", str(one), "--chunk", "2"])
    assert "7 new of 7 photos, 3 could not be read" in capsys.readouterr().out
    run(cli, [*command, "--out", str(two), "--workers", "1"])
    assert two.read_text() == one.read_text()
    run(cli, [*command, "--out", str(one), "--retry-failed"])
    assert "3 new of 7 photos, 3 could not be read" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("source", "options"),
    [
        ("photos", ["--workers", "1", "--detector", "nothere.onnx"]),
        ("photos", ["--workers", "1", "--recognizer", "nothere.onnx"]),
        ("nophotos", []),
        ("empty", []),
    ],
)
@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.zst", ".parquet"])
def test_results_stay_until_there_are_others(
    source: str, options: list[str], ending: str, photos: Path, models: list[str], tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    out = tmp_path / f"out{ending}"
    output = open_output(out)
    output.write(to_line({"image": "old", "error": None}))
    output.close(complete=True)
    before = {each: each.read_bytes() for each in [out, *out.rglob("*")] if each.is_file()}
    command = ["spot", str(tmp_path / source), "--out", str(out), "--overwrite"]
    with pytest.raises(SpotterError, match=r"nothere|no such file or folder|no image in it"):
        run(cli, [*command, *models, *options])
    assert {each: each.read_bytes() for each in [out, *out.rglob("*")] if each.is_file()} == before


def test_overwriting_begins_anew(photos: Path, models: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_bytes(to_line({"image": "old", "error": None}))
    run(cli, ["spot", str(photos), "--out", str(out), "--overwrite", *models])
    names = [json.loads(line)["image"] for line in out.read_text().splitlines()]
    assert names == ["0.png", "1.png", "2.png", "3.png", "broken.png"]


def test_files_of_others_are_refused(photos: Path, models: list[str], tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("my only note")
    with pytest.raises(AnnotationError, match=r"note\.txt:1: not a result line"):
        run(cli, ["read", str(photos), "--out", str(note), *models[2:]])
    assert note.read_text() == "my only note"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--workers", "2"], r"--workers needs --out FILE\.jsonl"),
        (["--workers", "none", "--out", "o.jsonl"], "--workers is a number from 1 or auto"),
        (["--shard", "3/2", "--out", "o.jsonl"], "--shard is K/N with K from 1 to N"),
        (["--time-limit", "-1", "--out", "o.jsonl"], "the time limit must be above 0"),
        (["--time-limit", "9", "--out", "o.jsonl"], "it needs --workers"),
        (["--chunk", "2", "--shard", "1/2"], r"--shard needs --out FILE\.jsonl"),
        (["--address", "auto", "--out", "o.jsonl"], "needs --engine ray"),
        (["--workers", "2", "--out", "o.jsonl", "--json"], "--to and --json go without"),
    ],
)
def test_wrong_options(options: list[str], message: str, photos: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        run(cli, ["spot", str(photos), *options])


def test_numbers() -> None:
    assert (parse_workers(None), parse_workers("auto"), parse_workers("3")) == (None, None, 3)
    assert (parse_shard(None), parse_shard("2/8")) == ((1, 1), (2, 8))
