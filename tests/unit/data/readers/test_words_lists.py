"""SVTP, CUTE80 and JSON lines: one crop per line."""

from __future__ import annotations

import json

import pytest

from spotter.data.readers import CUTE80Reader, SVTPReader, WordJSONLinesReader
from spotter.errors import AnnotationError, ImageError
from spotter.io.images import read_image
from spotter.registry import READERS


def texts(reader):
    return [sample["text"] for sample in reader]


def test_svtp_in_all_its_forms(tmp_path):
    file = tmp_path / "gt.txt"
    lines = [
        "13_15_0_par.jpg WYNDHAM",
        "13_15_1_par.jpg\tHOTEL",
        '12_16_0_par.jpg, "UNITED"',
        '"12 16 1_par.jpg" "STATES"',
        "par1/1.jpg,COMMA",
        '2.jpg "',
        '3.jpg ""',
        "4.jpg two words",
    ]
    file.write_bytes(b"\xef\xbb\xbf" + "\r\n".join([*lines, ""]).encode())
    reader = SVTPReader(file)
    words = ["WYNDHAM", "HOTEL", "UNITED", "STATES", "COMMA", '"', None, "two words"]
    assert texts(reader) == words
    assert reader[3]["img_path"] == str(tmp_path / "12 16 1_par.jpg")
    assert reader[4]["img_path"] == str(tmp_path / "par1/1.jpg")
    file.write_text("1.jpg one\n2.jpg\n")
    with pytest.raises(AnnotationError, match=r"gt\.txt:2: expected a name and a word"):
        SVTPReader(file)
    assert texts(SVTPReader(file, strict=False)) == ["one"]


def test_cute80_in_all_its_forms(tmp_path):
    file = tmp_path / "gt.txt"
    lines = [
        "timage/001.jpg RONALDO 1 RONALDO",
        "timage/002.jpg 7 1 7",
        "timage/003.jpg SEACREST 1 seacrest",
        "image004.jpg 5 BEACH",
        "image005.jpg BEACH 1",
        "image006.jpg It's",
    ]
    file.write_text("\n".join(lines))
    reader = CUTE80Reader(file, tmp_path / "crops")
    assert texts(reader) == ["RONALDO", "7", "SEACREST", "BEACH", "BEACH", "It's"]
    assert reader[0]["img_path"] == str(tmp_path / "crops/timage/001.jpg")
    for line in ("1.jpg", "1.jpg 7 1", "1.jpg A B", "1.jpg A B C", "1.jpg A 1 B C", "     "):
        file.write_text(f"1.jpg good\n{line}\n")
        with pytest.raises(AnnotationError, match=r"gt\.txt:2: expected 001\.jpg WORD 1 WORD"):
            CUTE80Reader(file)


def test_union14m_lines(tmp_path):
    file = tmp_path / "train_annos/mmocr-0.x/train_easy.jsonl"
    file.parent.mkdir(parents=True)
    records = [
        {"filename": "art_curve/1.jpg", "text": 'a "b", {c}\t'},
        {"filename": "2.jpg", "text": ""},
        {"filename": "3.jpg"},
        {"filename": "4.jpg", "text": "店\u2028"},
    ]
    lines = "\r\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    file.write_bytes(b"\xef\xbb\xbf" + lines.encode())
    reader = WordJSONLinesReader(file, tmp_path)
    assert texts(reader) == ['a "b", {c}', None, None, "店"]
    assert reader[0]["img_path"] == str(tmp_path / "art_curve/1.jpg")
    # A missing crop is met by whoever loads it.
    with pytest.raises(ImageError, match=r"art_curve/1\.jpg"):
        read_image(reader[0]["img_path"])


def test_damaged_json_lines(tmp_path):
    file = tmp_path / "a.jsonl"
    lines = ['{"filename": "1.jpg", "text": "one"}', '{"text": "two"}', '{"filename": "3.jpg", "te']
    file.write_text("\n".join([*lines, '["4.jpg"]', '{"filename": "5.jpg", "text": 5}']))
    reader = WordJSONLinesReader(file)
    assert len(reader) == 5
    messages = [
        r"a\.jsonl:2: has no filename",
        r"a\.jsonl:3: not JSON.*column 23; it seems to be cut off",
        r"a\.jsonl:4: expected an object with filename",
        r"a\.jsonl:5: text: expected a string, found 5",
    ]
    for index, message in enumerate(messages, start=1):
        with pytest.raises(AnnotationError, match=message):
            reader[index]
    with pytest.raises(AnnotationError, match=messages[0]):
        WordJSONLinesReader(file, check=True)
    lenient = WordJSONLinesReader(file, strict=False)
    assert (texts(lenient), len(lenient.refusals)) == (["one"], 4)
    file.write_text('{"image": "1.jpg", "label": "x"}\n')
    config = {"type": "WordJSONLinesReader", "path_key": "image", "text_key": "label"}
    assert texts(READERS.build({**config, "annotation_file": file})) == ["x"]
