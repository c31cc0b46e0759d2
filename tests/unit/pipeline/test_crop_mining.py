"""Crops out of photos: rules, duplicates, records, and mining that is interrupted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from spotter.bulk.run import Photos
from spotter.data.readers.lmdb import LMDBReader, read_lmdb_value
from spotter.errors import ConfigError
from spotter.geometry import signed_area
from spotter.io.images import read_image
from spotter.labeling import crop_mining
from spotter.labeling.crop_mining import CropMiningSettings, mine_crops, write_contact_sheet
from tests.unit.pipeline.networks import photo

WORD = (20, 20, 90, 24)
FLAT = (20, 70, 90, 7)
TALL = (150, 20, 18, 90)
LONG = (10, 130, 180, 12)


def save(path: Path, boxes: list, seed: int) -> Path:
    cv2.imwrite(str(path), photo(200, 160, boxes, seed))
    return path


@pytest.fixture
def settings(preset: dict[str, Path]) -> CropMiningSettings:
    return CropMiningSettings(
        str(preset["detector"]), min_score=0.3, min_height=20.0, margin=0.0, max_aspect=5.0
    )


@pytest.fixture
def photos(tmp_path: Path) -> dict[str, Path]:
    files = {
        "all.png": save(tmp_path / "all.png", [WORD, FLAT, TALL, LONG], 1),
        "two.png": save(tmp_path / "two.png", [WORD, (20, 80, 80, 40)], 2),
        "again.png": tmp_path / "again.png",
        "none.png": save(tmp_path / "none.png", [], 4),
        "broken.png": tmp_path / "broken.png",
    }
    shutil.copy(files["all.png"], files["again.png"])
    files["broken.png"].write_bytes(b"no picture")
    return files


def stored(path: Path) -> list[dict]:
    count = len(LMDBReader(path, labelled=False))
    return [json.loads(read_lmdb_value(str(path), f"meta-{n + 1:09d}")) for n in range(count)]


def test_rules_duplicates_and_records(
    settings: CropMiningSettings, photos: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "crops.lmdb"
    report = mine_crops(Photos.named(photos), out, settings, threads=1)
    assert report.photos == 5
    assert (report.crops, report.total) == (3, 3)
    # The copy of the first photo repeats its rules' verdicts, and its one word is a duplicate.
    assert report.dropped == {"height": 2, "vertical": 2, "aspect": 2, "duplicate": 1}
    assert list(report.errors) == ["broken.png"]
    records = stored(out)
    assert [record["image"] for record in records] == ["all.png", "two.png", "two.png"]
    # The stored outline is the detector's: the bright box, and what unclipping adds all around.
    polygon = np.array(records[0]["polygon"])
    x, y, w, h = WORD
    low, high = polygon.min(0), polygon.max(0)
    assert (low < (x, y)).all()
    assert (high > (x + w, y + h)).all()
    np.testing.assert_allclose((low + high) / 2, (x + w / 2, y + h / 2), atol=1)
    assert signed_area(polygon) > 0
    assert 0.3 <= records[0]["score"] <= 1.0
    crop = read_image(read_lmdb_value(str(out), "image-000000001"))
    assert crop.shape[:2] == pytest.approx((high - low)[::-1], abs=1)
    middle = crop[crop.shape[0] // 2, crop.shape[1] // 2 - 20 : crop.shape[1] // 2 + 20]
    assert middle.mean() > 200


def test_interrupted_mining_goes_on(
    settings: CropMiningSettings,
    photos: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = tmp_path / "whole.lmdb"
    mine_crops(Photos.named(photos), whole, settings, threads=1)
    honest = crop_mining.CropMiner.__call__

    def interrupt(self, name, image):
        if name == "again.png":
            raise KeyboardInterrupt
        return honest(self, name, image)

    parts = tmp_path / "parts.lmdb"
    monkeypatch.setattr(crop_mining.CropMiner, "__call__", interrupt)
    with pytest.raises(KeyboardInterrupt):
        mine_crops(Photos.named(photos), parts, settings, threads=1)
    monkeypatch.setattr(crop_mining.CropMiner, "__call__", honest)
    report = mine_crops(Photos.named(photos), parts, settings, threads=1)
    assert report.photos == 3
    assert report.crops == 0
    # The duplicate was of a photo of the first run.
    assert report.dropped["duplicate"] == 1
    assert mine_crops(Photos.named(photos), parts, settings, threads=1).photos == 0
    assert stored(parts) == stored(whole)


def test_processes_mine_the_same(
    settings: CropMiningSettings, photos: dict[str, Path], tmp_path: Path
) -> None:
    for workers in (1, 2):
        mine_crops(Photos.named(photos), tmp_path / f"{workers}.lmdb", settings, workers, threads=1)
    assert stored(tmp_path / "2.lmdb") == stored(tmp_path / "1.lmdb")


def test_contact_sheet_shows_a_sample(
    settings: CropMiningSettings, photos: dict[str, Path], tmp_path: Path
) -> None:
    out, sheet = tmp_path / "crops.lmdb", tmp_path / "sheet.jpg"
    mine_crops(Photos.named(photos), out, settings, threads=1)
    assert write_contact_sheet(out, sheet, count=2, columns=2) == sorted(
        np.random.default_rng(0).permutation(3)[:2].tolist()
    )
    assert read_image(sheet).shape == (56, 256, 3)
    mine_crops(
        Photos.named({"none.png": photos["none.png"]}), tmp_path / "empty.lmdb", settings, threads=1
    )
    with pytest.raises(ConfigError, match="no crops"):
        write_contact_sheet(tmp_path / "empty.lmdb", sheet)


def test_bad_settings(preset: dict[str, Path]) -> None:
    with pytest.raises(ConfigError, match="aspects"):
        CropMiningSettings("x", min_aspect=3.0, max_aspect=2.0)
    with pytest.raises(ConfigError, match="max_height"):
        CropMiningSettings("x", max_height=4)
