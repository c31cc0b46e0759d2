"""Sequences of millions in a few bytes: lines of a file, strings, photos."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.data.readers import packed
from spotter.data.readers.lines import LineReader
from spotter.data.readers.packed import LineFile, PackedScenes, PackedStrings, progress
from spotter.errors import AnnotationError


class Words(LineReader):
    """Lines ``name=word``."""

    def _parse(self, line: str, number: int) -> dict[str, Any]:
        name, sign, word = line.partition("=")
        if not sign:
            raise AnnotationError(f"{self.file}:{number}: no sign")
        return {"img_path": str(self.image_root / name), "text": word}


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("last", [b"", b"\n", b"\r\n\r\n"])
def test_lines_with_marks_blank_lines_and_either_end(tmp_path, mark, end, last):
    file = tmp_path / "a.txt"
    # A line separator of Unicode is part of a word.
    words = ["one", "zwölf", "a\u2028b ", "\tx"]
    lines = [*(word.encode() for word in words[:2]), b"", *(word.encode() for word in words[2:])]
    file.write_bytes(mark + end.join(lines) + last)
    found = LineFile(file)
    assert [found[index] for index in range(len(found))] == words
    assert [found.number(index) for index in range(4)] == [1, 2, 4, 5]


@pytest.mark.parametrize(
    ("data", "count"), [(b"", 0), (b"\n\n", 0), (b"\xef\xbb\xbf", 0), (b"a", 1)]
)
def test_files_of_next_to_nothing(tmp_path, data, count):
    file = tmp_path / "a.txt"
    file.write_bytes(data)
    assert len(LineFile(file)) == count
    with pytest.raises(AnnotationError, match=r"absent\.txt: no such file"):
        LineFile(tmp_path / "absent.txt")


@settings(max_examples=40, deadline=None)
@given(
    lines=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1, max_size=6),
        max_size=6,
    ),
    chunk=st.integers(1, 9),
)
def test_lines_do_not_depend_on_the_chunks_they_are_found_in(tmp_path_factory, lines, chunk):
    lines = [line for line in lines if line.strip()]
    file = tmp_path_factory.getbasetemp() / "chunks.txt"
    file.write_bytes(b"\xef\xbb\xbf" + "\n".join(lines).encode())
    whole, packed._CHUNK = packed._CHUNK, chunk
    try:
        found = LineFile(file)
    finally:
        packed._CHUNK = whole
    assert [found[index] for index in range(len(found))] == lines


def test_a_million_lines_take_four_megabytes(tmp_path):
    file = tmp_path / "a.txt"
    file.write_bytes(b"".join(b"%d\n" % number for number in range(10_000)))
    lines = LineFile(file)
    assert lines._starts.nbytes == 4 * len(lines) == 40_000
    assert lines._kept is None
    assert [lines[0], lines[9_999]] == ["0", "9999"]
    assert pickle.loads(pickle.dumps(lines))[777] == "777"
    lines.keep(range(0, 10_000, 2))
    lines.keep([1, 4_999])
    assert [(lines[index], lines.number(index)) for index in (0, 1)] == [("2", 3), ("9998", 9_999)]


def test_lines_are_checked_at_once_or_when_read(tmp_path):
    file = tmp_path / "a.txt"
    file.write_bytes(b"a=1\nb\n\nc=2\n\xff=3\nd=4\n")
    with pytest.raises(AnnotationError, match=r"a\.txt:2: no sign"):
        Words(file)
    unchecked = Words(file, check=False)
    assert (len(unchecked), unchecked[2]["text"]) == (5, "2")
    for index, message in ((1, r"a\.txt:2: no sign"), (3, r"a\.txt:5: not UTF-8")):
        with pytest.raises(AnnotationError, match=message):
            unchecked[index]
    lenient = Words(file, "root", check=False, strict=False)
    assert [sample["text"] for sample in lenient] == ["1", "2", "4"]
    assert [reason.partition(" (")[0] for reason in lenient.refusals] == [
        f"{file}:2: no sign",
        f"{file}:5: not UTF-8",
    ]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters()), max_size=6))
def test_strings(strings):
    stored = PackedStrings(strings)
    assert list(stored) == strings
    assert [stored[index] for index in reversed(range(len(stored)))] == strings[::-1]


def test_scenes():
    square = np.array([[0, 0], [4, 0], [4, 2], [0, 2]], np.float32)
    curve = np.arange(20, dtype=np.float32).reshape(10, 2)
    words = [
        {"polygon": square, "text": "é", "ignore": False},
        {"polygon": curve, "text": None, "ignore": True},
    ]
    scenes = PackedScenes([("1.jpg", words), ("2.jpg", []), ("3.jpg", words[1:])])
    assert [scenes.path(index) for index in range(len(scenes))] == ["1.jpg", "2.jpg", "3.jpg"]
    first = scenes.instances(0)
    assert [(word["text"], word["ignore"]) for word in first] == [("é", False), (None, True)]
    np.testing.assert_array_equal(first[0]["polygon"], square)
    np.testing.assert_array_equal(scenes.instances(2)[0]["polygon"], curve)
    assert scenes.instances(1) == []
    first[1]["polygon"] += 1
    np.testing.assert_array_equal(scenes.instances(0)[1]["polygon"], curve)
    assert len(PackedScenes([])) == 0


def test_only_long_work_has_a_bar(capsys):
    assert list(progress(range(3), "Short")) == [0, 1, 2]
    assert capsys.readouterr().err == ""
    assert list(progress(range(3), "Long", long=3)) == [0, 1, 2]
