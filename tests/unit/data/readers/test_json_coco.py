"""Plain COCO instances, with the text of the words in one of several fields."""

from __future__ import annotations

import pytest

from spotter.data.readers import COCOInstancesReader
from spotter.errors import AnnotationError
from tests.unit.data.readers.json_photos import corners_of, words_of, write_json, write_photos

FLAT = [10, 20, 50, 20, 50, 40, 10, 40]
CORNERS = [[10, 20], [50, 20], [50, 40], [10, 40]]


def word(number, **rest):
    box = {"bbox": [10, 20, 40, 20], "segmentation": [FLAT]}
    return {"id": number, "image_id": 1, "category_id": 1, "iscrowd": 0, **box, **rest}


def document(*words):
    photos = [{"id": number, "file_name": f"images/{number}.jpg"} for number in (1, 2)]
    return {"images": photos, "annotations": words, "categories": [{"id": 1, "name": "text"}]}


@pytest.fixture
def root(tmp_path):
    return write_photos(tmp_path, "images/1.jpg", "images/2.jpg")


def test_words(root):
    words = [
        word(1, utf8_string="été"),
        word(2, text="a, b", segmentation=[[0, 0, 2, 0, 2, 1, 0, 1], FLAT]),
        word(3, iscrowd=1, segmentation={"counts": [3], "size": [1, 3]}),
        word(4, segmentation=[], transcription="box"),
        word(5, text="###"),
        word(6, segmentation=[FLAT[:2] + FLAT[6:] + FLAT[4:6] + FLAT[2:4]]),
        word(7, legibility="illegible"),
    ]
    reader = COCOInstancesReader(write_json(root / "a.json", document(*words), bom=True))
    found = [(text, ignore) for text, ignore in words_of(reader[0])]
    assert found == [
        ("été", False), ("a, b", False), (None, True), ("box", False), (None, True), (None, False),
        (None, True),
    ]  # fmt: skip
    assert all(corners_of(reader[0], number) == CORNERS for number in range(7))
    assert reader[1] == {"img_path": str(root / "images/2.jpg"), "instances": []}


def test_refusals(root):
    bad = [word(2, segmentation=[FLAT[:4]]), word(3, segmentation=[], bbox=[1, 2])]
    file = write_json(root / "a.json", document(word(1, text="good"), *bad))
    with pytest.raises(AnnotationError, match=r"a\.json: annotation 2: "):
        COCOInstancesReader(file)
    reader = COCOInstancesReader(file, strict=False)
    assert words_of(reader[0]) == [("good", False)]
    assert len(reader.refusals) == 2
    (root / "images/2.jpg").unlink()
    assert len(COCOInstancesReader(file, strict=False)) == 1
    file.write_text('{"images": [{"id"')
    with pytest.raises(AnnotationError, match=r"a\.json:1: not JSON.*cut off"):
        COCOInstancesReader(file)
    with pytest.raises(AnnotationError, match="not COCO instances"):
        COCOInstancesReader(write_json(root / "b.json", {"data_list": []}))
