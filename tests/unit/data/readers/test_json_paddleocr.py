"""PaddleOCR's label files: a path, a tab, a JSON list."""

from __future__ import annotations

import json

import pytest

from spotter.data.readers import PaddleOCRReader
from spotter.errors import AnnotationError
from tests.unit.data.readers.json_photos import corners_of, words_of, write_photos

SQUARE = [[310, 104], [416, 141], [418, 216], [312, 179]]


def line(path, *words):
    items = [{"transcription": text, "points": points, **rest} for text, points, rest in words]
    return f"{path}\t{json.dumps(items, ensure_ascii=False)}"


@pytest.fixture
def root(tmp_path):
    return write_photos(tmp_path, "ch4/img_61.jpg", "ch4/a b.jpg", "other.jpg")


def write(root, *lines):
    file = root / "Label.txt"
    file.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    return file


def test_words(root):
    words = [("MASA", {}), ("###", {}), ("*", {}), ("", {}), ("a\tb, c", {}), ("店", {})]
    marked = [("hard", {"difficult": True}), ("easy", {"difficult": False})]
    items = [(text, SQUARE, rest) for text, rest in words + marked]
    file = write(root, line("ch4/img_61.jpg", *items), "", line("ch4/a b.jpg"))
    reader = PaddleOCRReader(file)
    assert words_of(reader[0]) == [
        ("MASA", False), (None, True), (None, True), (None, False), ("a\tb, c", False),
        ("店", False), (None, True), ("easy", False),
    ]  # fmt: skip
    assert corners_of(reader[0]) == SQUARE
    assert reader[1] == {"img_path": str(root / "ch4/a b.jpg"), "instances": []}


def test_paths_are_relative_to_a_root_or_to_the_photos_own_folder(root):
    file = write(root, line("ch4/img_61.jpg", ("a", SQUARE, {})))
    assert PaddleOCRReader(file, root / "ch4")[0]["img_path"] == str(root / "ch4/img_61.jpg")
    with pytest.raises(AnnotationError, match=r"Label\.txt:1: no photo .*gone\.jpg"):
        PaddleOCRReader(write(root, line("gone.jpg")))


def test_malformed_lines(root):
    lines = [
        line("other.jpg", ("good", SQUARE, {}), ("bad", SQUARE[:3], {})),
        "other.jpg [no tab]",
        'other.jpg\t[{"transcription": "cut',
        'other.jpg\t{"transcription": "no list"}',
        line("other.jpg", ("last", SQUARE, {})),
    ]
    file = write(root, *lines)
    with pytest.raises(AnnotationError, match=r"Label\.txt:1, word 2: .*4 points"):
        PaddleOCRReader(file)
    reader = PaddleOCRReader(file, strict=False)
    assert [words_of(sample) for sample in reader] == [[("good", False)], [("last", False)]]
    told = ["1, word 2: ", "2: expected a path, a tab", "3: not JSON", "4: expected a list"]
    for refusal, expected in zip(reader.refusals, told, strict=True):
        assert f"Label.txt:{expected}" in refusal
    assert "cut off" in reader.refusals[2]
    assert len(PaddleOCRReader(write(root))) == 0
