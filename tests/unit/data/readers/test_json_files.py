"""Damage to a JSON annotation is named by file, line and column; a wrong field by its place."""

from __future__ import annotations

import gzip
import json

import pytest

from spotter.data.readers.json_files import checked, field, load_json, parse_json, text_of
from spotter.errors import AnnotationError


def test_documents_with_marks_line_ends_and_gzip(tmp_path):
    file = tmp_path / "a.json"
    file.write_bytes(b'\xef\xbb\xbf{"word":\r\n "caf\xc3\xa9 \\u00fc"}\r\n')
    assert load_json(file) == {"word": "café ü"}
    packed = tmp_path / "a.json.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    assert load_json(packed) == {"word": "café ü"}
    packed.write_bytes(packed.read_bytes()[:-9])
    with pytest.raises(AnnotationError, match=r"a\.json\.gz: is not readable gzip"):
        load_json(packed)


def test_a_truncated_document_is_called_so_with_its_position(tmp_path):
    file = tmp_path / "a.json"
    whole = json.dumps({"gt_1": [{"transcription": "word"}]}, indent=1)
    # Line 4 is '   "transcription": "word"'; it is cut in the string, which starts in column 21.
    file.write_text(whole[: whole.index("word") + 2])
    with pytest.raises(AnnotationError, match=r"a\.json:4: not JSON.*column 21.*cut off"):
        load_json(file)
    file.write_text(whole[: whole.index("transcription") - 1])
    with pytest.raises(AnnotationError, match=r"a\.json:[34]: not JSON.*cut off"):
        load_json(file)
    file.write_text('{"a": 1,\n "b": x}')
    with pytest.raises(AnnotationError, match=r"a\.json:2: not JSON.*column 7$"):
        load_json(file)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"a\.json: is empty"),
        (b"\xef\xbb\xbf \n", r"a\.json: is empty"),
        (b'{"a":\n"\xff"}', r"a\.json:2: not UTF-8"),
        (b"[" * 100_000, r"a\.json:1: not JSON"),
    ],
)
def test_what_is_no_document_is_one_error(tmp_path, data, message):
    file = tmp_path / "a.json"
    file.write_bytes(data)
    with pytest.raises(AnnotationError, match=message):
        load_json(file)
    with pytest.raises(AnnotationError, match=r"absent\.json: no such file"):
        load_json(tmp_path / "absent.json")


def test_the_line_of_a_text_inside_a_file_counts_on():
    with pytest.raises(AnnotationError, match=r"^labels\.txt:8: not JSON"):
        parse_json('[1,\n"', "labels.txt", 7)


def test_fields():
    assert field({"a": [1]}, "a", list, "here") == [1]
    with pytest.raises(AnnotationError, match=r"^here: has no b$"):
        field({"a": [1]}, "b", list, "here")
    with pytest.raises(AnnotationError, match=r"^here: a: expected an object, found 1$"):
        field({"a": 1}, "a", dict, "here")
    with pytest.raises(AnnotationError, match=r"^here: expected an object with a, found 'text'$"):
        field("text", "a", dict, "here")
    with pytest.raises(AnnotationError, match="expected a string or a list, found None"):
        checked(None, (str, list), "here")
    assert [text_of(value, "") for value in (" a b\t", " ", "", None)] == ["a b", None, None, None]
    with pytest.raises(AnnotationError, match="expected a string, found 5"):
        text_of(5, "here")
