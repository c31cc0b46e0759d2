"""The JSON of MMOCR 1.x for detection and spotting."""

from __future__ import annotations

import pytest

from spotter.data.readers import MMOCRReader
from spotter.errors import AnnotationError
from tests.unit.data.readers.json_photos import corners_of, words_of, write_json, write_photos

FLAT = [10, 20, 50, 20, 50, 40, 10, 40]
CORNERS = [[10, 20], [50, 20], [50, 40], [10, 40]]


def document(*instances, path="textdet_imgs/train/1.jpg"):
    return {
        "metainfo": {"dataset_type": "TextSpotterDataset", "task_name": "textspotter"},
        "data_list": [{"img_path": path, "height": 100, "width": 200, "instances": instances}],
    }


@pytest.fixture
def root(tmp_path):
    return write_photos(tmp_path, "textdet_imgs/train/1.jpg")


def test_words(root):
    instances = [
        {
            "polygon": FLAT,
            "bbox": [10, 20, 50, 40],
            "bbox_label": 0,
            "ignore": False,
            "text": "a b",
        },
        {"polygon": FLAT[:2] + FLAT[6:] + FLAT[4:6] + FLAT[2:4], "ignore": False},
        {"polygon": FLAT, "ignore": True, "text": "###"},
        {"polygon": FLAT, "ignore": False, "text": "###"},
        {"bbox": [10, 20, 50, 40], "bbox_label": 0, "ignore": False, "text": "box"},
    ]
    reader = MMOCRReader(write_json(root / "train.json", document(*instances)))
    assert reader[0]["img_path"] == str(root / "textdet_imgs/train/1.jpg")
    assert words_of(reader[0]) == [
        ("a b", False), (None, False), (None, True), (None, True), ("box", False),
    ]  # fmt: skip
    assert all(corners_of(reader[0], number) == CORNERS for number in range(5))


def test_refusals(root):
    bad = [{"ignore": False}, {"polygon": FLAT[:7]}, {"bbox": [1, 2, 3]}, 5]
    file = write_json(root / "train.json", document({"polygon": FLAT, "text": "good"}, *bad))
    reader = MMOCRReader(file, strict=False)
    assert words_of(reader[0]) == [("good", False)]
    assert [refusal.split("1.jpg), ")[1][:7] for refusal in reader.refusals] == [
        "word 2:", "word 3:", "word 4:", "word 5:",
    ]  # fmt: skip
    with pytest.raises(AnnotationError, match=r"data_list\[0\]: no photo .*gone\.jpg"):
        MMOCRReader(write_json(root / "gone.json", document(path="gone.jpg")))
    with pytest.raises(AnnotationError, match="COCOInstancesReader"):
        MMOCRReader(write_json(root / "old.json", {"images": [], "annotations": []}))
    with pytest.raises(AnnotationError, match="has no data_list"):
        MMOCRReader(write_json(root / "other.json", {}))
