"""HierText: words in lines in paragraphs, each a level of its own."""

from __future__ import annotations

import gzip

import pytest

from spotter.data.readers import HierTextReader
from spotter.errors import AnnotationError, ConfigError
from tests.unit.data.readers.json_photos import corners_of, words_of, write_json, write_photos


def box(left, right, top=0, bottom=10):
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def part(vertices, text, legible=True, vertical=False, handwritten=False, **rest):
    flags = {"legible": legible, "vertical": vertical, "handwritten": handwritten}
    return {"vertices": vertices, "text": text, **flags, **rest}


LINES = [
    part(
        box(0, 60),
        "one two",
        words=[part(box(0, 20), "one"), part(box(30, 60), "two", handwritten=True)],
    ),
    part(
        box(0, 60, 20, 30),
        "",
        legible=False,
        words=[part(box(0, 20, 20, 30), "", legible=False), part(box(30, 60, 20, 30), "four")],
    ),
    part(box(70, 80, 0, 90), "five", vertical=True, words=[part(box(70, 80, 0, 90), "five")]),
]
DOCUMENT = {
    "info": {"date": "", "version": ""},
    "annotations": [
        {
            "image_id": "000abc",
            "image_width": 200,
            "image_height": 100,
            "paragraphs": [
                {"vertices": box(0, 80, 0, 90), "legible": True, "lines": LINES[:2]},
                {"vertices": box(70, 80, 0, 90), "legible": False, "lines": LINES[2:]},
            ],
        },
        {"image_id": "empty", "image_width": 200, "image_height": 100, "paragraphs": []},
    ],
}


@pytest.fixture
def file(tmp_path):
    write_photos(tmp_path / "train", "000abc.jpg", "empty.jpg")
    return write_json(tmp_path / "train.jsonl", DOCUMENT, indent=2)


def read(file, **options):
    return HierTextReader(file, file.parent / "train", **options)


def test_levels(file):
    words = read(file)
    assert words_of(words[0]) == [
        ("one", False), ("two", False), (None, True), ("four", False), ("five", False),
    ]  # fmt: skip
    assert corners_of(words[0], 3) == [[30, 20], [60, 20], [60, 30], [30, 30]]
    assert words[1]["instances"] == []
    lines = read(file, level="lines")[0]
    assert words_of(lines) == [("one two", False), (None, True), ("five", False)]
    paragraphs = read(file, level="paragraphs")[0]
    assert words_of(paragraphs) == [(None, False), (None, True)]
    assert corners_of(paragraphs)[2] == [80, 90]


def test_vertical_and_handwritten(file):
    ignore = [item["ignore"] for item in read(file, ignore=("handwritten",))[0]["instances"]]
    assert ignore == [False, True, True, False, False]
    lines = read(file, level="lines", ignore=("vertical",))[0]
    assert words_of(lines)[2] == (None, True)
    for options in ({"level": "word"}, {"ignore": ("curved",)}):
        with pytest.raises(ConfigError):
            read(file, **options)


def test_packed_as_it_is_published(file):
    packed = file.with_suffix(".jsonl.gz")
    packed.write_bytes(gzip.compress(file.read_bytes()))
    assert len(read(packed)[0]["instances"]) == 5


def test_truncated_and_incomplete(file):
    text = file.read_text()
    file.write_text(text[: text.index('"four"')])
    line = text[: text.index('"four"')].count("\n") + 1
    with pytest.raises(AnnotationError, match=rf"train\.jsonl:{line}: not JSON.*cut off"):
        read(file)
    paragraph = {"vertices": box(0, 9), "legible": True, "lines": [{"vertices": box(0, 9)}]}
    photos = [{"image_id": "000abc", "paragraphs": [paragraph]}, {"image_id": "nowhere"}]
    write_json(file, {"annotations": photos})
    reader = read(file, strict=False)
    assert len(reader) == 0
    assert [refusal.split("jsonl: ")[1] for refusal in reader.refusals] == [
        "annotations[0] (000abc): has no words",
        f"annotations[1] (nowhere): no photo nowhere.* in {file.parent / 'train'}",
    ]
