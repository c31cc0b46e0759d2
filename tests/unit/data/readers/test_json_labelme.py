"""LabelMe: a JSON file per photo."""

from __future__ import annotations

from pathlib import Path

import pytest

from spotter.data.readers import LabelMeReader
from spotter.errors import AnnotationError
from tests.unit.data.readers.json_photos import corners_of, words_of, write_json, write_photos

CORNERS = [[10.5, 20], [50, 20], [50, 40], [10.5, 40]]


def shape(label, points=None, kind="polygon", **rest):
    return {
        "label": label,
        "points": points or CORNERS,
        "group_id": None,
        "shape_type": kind,
        "flags": {},
        **rest,
    }


def annotation(name, *shapes):
    return {
        "version": "5.4.1",
        "flags": {},
        "shapes": shapes,
        "imagePath": name,
        "imageData": None,
        "imageHeight": 100,
        "imageWidth": 200,
    }


@pytest.fixture
def root(tmp_path):
    return write_photos(tmp_path, "img_2.jpg", "img_10.jpg", "photos/img_3.jpg")


def test_shapes(root):
    closed = [*CORNERS, CORNERS[0]]
    shapes = [
        shape("word, “one”"),
        shape("###"),
        shape("closed", closed),
        shape("backwards", [CORNERS[0], *CORNERS[:0:-1]]),
        shape("box", [[50, 20], [10.5, 40]], "rectangle"),
        shape("box4", CORNERS, "rectangle"),
        shape("old", kind=None),
    ]
    write_json(root / "img_10.json", annotation("img_10.jpg", *shapes), indent=2)
    write_json(root / "img_2.json", annotation("img_2.jpg"))
    reader = LabelMeReader(root)
    assert [Path(sample["img_path"]).name for sample in reader] == ["img_2.jpg", "img_10.jpg"]
    assert words_of(reader[0]) == []
    assert [text for text, _ in words_of(reader[1])] == [
        "word, “one”", None, "closed", "backwards", "box", "box4", "old",
    ]  # fmt: skip
    assert [ignore for _, ignore in words_of(reader[1])] == [False, True] + [False] * 5
    assert all(corners_of(reader[1], number) == CORNERS for number in range(7))


def test_labels_as_classes(root):
    shapes = [
        shape("text", description="word"),
        shape("text", description=""),
        shape("text", description="###"),
        shape("logo", [[0, 0], [5, 5]], "circle", description="brand"),
    ]
    write_json(root / "img_2.json", annotation("img_2.jpg", *shapes))
    reader = LabelMeReader(root, text_key="description", labels=("text",))
    assert words_of(reader[0]) == [("word", False), (None, False), (None, True)]
    assert words_of(LabelMeReader(root, text_key=None, labels=("text",))[0]) == [(None, False)] * 3
    with pytest.raises(AnnotationError, match=r"img_2\.json, word 4: a circle is not the outline"):
        LabelMeReader(root)


def test_photos_elsewhere(root):
    folder = root / "labels"
    write_json(folder / "img_3.json", annotation("..\\photos\\img_3.jpg", shape("a")))
    assert LabelMeReader(folder)[0]["img_path"] == str(folder / "../photos/img_3.jpg")
    reader = LabelMeReader(folder, root / "photos")
    assert Path(reader[0]["img_path"]).samefile(root / "photos/img_3.jpg")
    write_json(folder / "img_4.json", annotation("img_4.jpg"))
    reader = LabelMeReader(folder, strict=False)
    assert len(reader) == 1
    assert "img_4.json: no photo" in reader.refusals[0]


def test_refusals(root):
    (root / "img_10.json").write_text('{"shapes": [')
    shapes = [shape("a", [[0, 0], [9, 9]]), shape("b", [[1], [2, 3]], "rectangle"), shape(7)]
    write_json(root / "img_2.json", annotation("img_2.jpg", *shapes, shape("good")))
    reader = LabelMeReader(root, strict=False)
    assert [words_of(sample) for sample in reader] == [[("good", False)]]
    assert [Path(refusal.split(": ")[0]).name for refusal in reader.refusals] == [
        "img_2.json, word 1", "img_2.json, word 2", "img_2.json, word 3", "img_10.json:1",
    ]  # fmt: skip
    with pytest.raises(AnnotationError, match=r"holds no \*\.json"):
        LabelMeReader(root / "photos")
