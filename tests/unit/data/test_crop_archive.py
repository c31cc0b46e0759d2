"""An archive of crops that is written photo by photo and read as an unlabelled set."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import cv2
import lmdb
import numpy as np
import pytest

from spotter.data.datasets import TextRecDataset
from spotter.data.readers import LMDBReader
from spotter.errors import ConfigError
from spotter.labeling.crop_archive import CropArchive


def crop(value: int) -> bytes:
    return cv2.imencode(".png", np.full((8, 20, 3), value, np.uint8))[1].tobytes()


def test_crops_are_read_without_labels(tmp_path: Path) -> None:
    path = tmp_path / "crops.lmdb"
    with CropArchive(path, {"a": 1}) as archive:
        archive.add("p" * 3000, [(crop(10), {"n": 1}), (crop(20), {"n": 2})])
        archive.add("empty.jpg", [])
    with CropArchive(path, {"a": 1}) as archive:
        assert archive.count == 2
        assert archive.has_seen("p" * 3000)
        assert archive.has_seen("empty.jpg")
        assert not archive.has_seen("other.jpg")
        archive.add("other.jpg", [(crop(30), {"n": 3})])
        assert [record["n"] for record in archive.records()] == [1, 2, 3]
    for labelled in (True, False):
        reader = LMDBReader(path, labelled=labelled)
        assert [sample["text"] for sample in reader] == [None] * 3
    pack = [{"type": "LoadCrop"}, {"type": "PackRecInputs"}]
    last = TextRecDataset({"type": "LMDBReader", "lmdb_path": str(path)}, pack)[2]
    assert last["data_samples"].text is None
    assert last["inputs"].shape == (3, 8, 20)
    assert int(last["inputs"].max()) == 30


def test_an_archive_that_was_read_is_read_in_forked_processes_too(tmp_path: Path) -> None:
    with CropArchive(tmp_path / "crops.lmdb", {}) as archive:
        archive.add("a.jpg", [(crop(10), {"n": 1}), (crop(20), {"n": 2})])
    reader = LMDBReader(tmp_path / "crops.lmdb", labelled=False)
    dataset = TextRecDataset(
        {"type": "LMDBReader", "lmdb_path": reader.lmdb_path},
        [{"type": "LoadCrop"}, {"type": "PackRecInputs"}],
    )
    assert int(dataset[0]["inputs"].max()) == 10
    with multiprocessing.get_context("fork").Pool(1) as pool:
        samples = pool.map(dataset.__getitem__, [0, 1])
    assert [int(sample["inputs"].max()) for sample in samples] == [10, 20]
    assert int(dataset[1]["inputs"].max()) == 20


def test_a_photo_is_stored_whole_or_not_at_all(tmp_path: Path) -> None:
    with CropArchive(tmp_path, {}) as archive:
        with pytest.raises(TypeError):
            archive.add("a.jpg", [(crop(1), {"n": 1}), (crop(2), {"n": object()})])
        assert archive.count == 0
        assert not archive.has_seen("a.jpg")
        archive.add("a.jpg", [(crop(3), {"n": 3})])
        assert [record["n"] for record in archive.records()] == [3]


def test_other_settings_and_other_archives_are_refused(tmp_path: Path) -> None:
    with CropArchive(tmp_path / "mine", {"min_score": 0.5}):
        pass
    with pytest.raises(ConfigError, match="other settings"):
        CropArchive(tmp_path / "mine", {"min_score": 0.6})
    with (
        lmdb.open(str(tmp_path / "foreign"), map_size=1 << 20) as foreign,
        foreign.begin(write=True) as transaction,
    ):
        transaction.put(b"num-samples", b"3")
    with pytest.raises(ConfigError, match="not made here"):
        CropArchive(tmp_path / "foreign", {})
