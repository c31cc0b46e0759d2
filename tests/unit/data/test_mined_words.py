"""Crops of labelled photos know what they say, and keep it to themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from spotter.data.readers import ICDARDetectionReader, MinedWordsReader
from spotter.labeling.crop_archive import CropArchive


def box(x: float, y: float, w: float, h: float) -> list[list[float]]:
    return [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]


def record(image: str, polygon: list[list[float]]) -> dict[str, Any]:
    return {"image": image, "polygon": polygon, "score": 0.9, "hash": "0"}


def test_truth_by_overlap(tmp_path: Path) -> None:
    photos = tmp_path / "new" / "set" / "images"
    labels = tmp_path / "new" / "set" / "gt"
    photos.mkdir(parents=True)
    labels.mkdir()
    cv2.imwrite(str(photos / "img_1.png"), np.zeros((100, 200, 3), np.uint8))
    words = ["10,10,50,10,50,20,10,20,Hello", "100,10,140,10,140,20,100,20,###"]
    (labels / "gt_img_1.txt").write_text("\n".join(words) + "\n")
    # The annotation comes in a frame of twice the width and three times the height.
    annotation = ICDARDetectionReader(str(labels), str(photos), resize_to=(400, 300))
    seen = "old/place/set/images/img_1.png"
    crops = [
        record(seen, box(11, 10, 40, 10)),
        record(seen, box(25, 10, 40, 10)),
        record(seen, box(100, 10, 40, 10)),
        record("old/place/other/images/img_1.png", box(10, 10, 40, 10)),
    ]
    image = cv2.imencode(".png", np.zeros((8, 20, 3), np.uint8))[1].tobytes()
    with CropArchive(tmp_path / "crops.lmdb", {}) as archive:
        archive.add("photo", [(image, crop) for crop in crops])
    reader = MinedWordsReader(tmp_path / "crops.lmdb", [annotation])
    samples = list(reader)
    assert [sample["text"] for sample in samples] == [None] * 4
    # Overlapping by 39/41; by 25/55; an illegible word; another photo of the same name.
    assert [sample["hidden_text"] for sample in samples] == ["Hello", None, None, None]
    loose = MinedWordsReader(tmp_path / "crops.lmdb", [annotation], min_iou=0.4)
    assert [sample["hidden_text"] for sample in loose][:2] == ["Hello", "Hello"]
    bare = MinedWordsReader(tmp_path / "crops.lmdb")
    assert [sample["hidden_text"] for sample in bare] == [None] * 4
