"""Lines that survive interruptions."""

from __future__ import annotations

import errno
import io
import json
import os
from pathlib import Path

import pytest

from spotter.errors import AnnotationError
from spotter.io.jsonl import JsonLines, read_json_lines


class Full(io.BytesIO):
    """A file on a full disk."""

    def write(self, data: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def write(path: Path, *names: str) -> None:
    with JsonLines(path) as lines:
        for name in names:
            lines.append({"image": name, "text": "ü"})


def test_append_and_go_on(tmp_path: Path) -> None:
    path = tmp_path / "new" / "out.jsonl"
    write(path, "a", "b")
    with JsonLines(path) as lines:
        assert lines.done == {"a", "b"}
        lines.append({"image": "c"})
        assert lines.done == {"a", "b", "c"}
    assert [record["image"] for record in read_json_lines(path)] == ["a", "b", "c"]
    assert "ü" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("tail", ['{"image": "c", "tex', '{"image"', "{", '{"image": "\\u00'])
def test_a_truncated_last_line_is_removed(tmp_path: Path, tail: str) -> None:
    path = tmp_path / "out.jsonl"
    write(path, "a", "b")
    whole = path.read_text()
    path.write_text(whole + tail)
    write(path, "c")
    assert path.read_text().startswith(whole)
    assert [record["image"] for record in read_json_lines(path)] == ["a", "b", "c"]


def test_a_line_cut_inside_a_character_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    write(path, "a")
    path.write_bytes(path.read_bytes() + '{"image": "ü'.encode()[:-1])
    write(path, "b")
    assert [record["image"] for record in read_json_lines(path)] == ["a", "b"]


def test_a_whole_last_line_without_its_end_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    write(path, "a", "b")
    path.write_text(path.read_text().rstrip("\n"))
    write(path, "c")
    assert [record["image"] for record in read_json_lines(path)] == ["a", "b", "c"]


def test_a_foreign_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("some notes\nmore\n")
    with pytest.raises(AnnotationError, match=r"notes\.txt:1: not a result line"):
        JsonLines(path)
    assert path.read_text() == "some notes\nmore\n"


def test_reading_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text(json.dumps({"image": "a"}) + "\nx\n")
    with pytest.raises(AnnotationError, match=r"out\.jsonl:2"):
        list(read_json_lines(path))
    with pytest.raises(AnnotationError, match="cannot be read"):
        list(read_json_lines(tmp_path / "none"))


def test_what_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AnnotationError, match="cannot be written"):
        JsonLines(tmp_path / "file" / "out.jsonl")
    path = tmp_path / "out.jsonl"
    write(path, "a")
    with JsonLines(path) as lines:
        lines._file.close()
        lines._file = Full()
        with pytest.raises(AnnotationError, match=r"written \(No space left on device\)"):
            lines.append({"image": "b"})
        lines._file = io.BytesIO()
    assert [record["image"] for record in read_json_lines(path)] == ["a"]


def test_lines_of_strangers(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("[" * 100_000 + "\n")
    with pytest.raises(AnnotationError, match=r"out\.jsonl:1: "):
        list(read_json_lines(path))
    with pytest.raises(AnnotationError, match="not a result line"):
        JsonLines(path)
    path.write_bytes(b"\xff\n")
    with pytest.raises(AnnotationError, match="cannot be read"):
        list(read_json_lines(path))
