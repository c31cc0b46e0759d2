"""Damaged annotations, predictions and submissions: samples and words, or one line."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import cv2
import numpy as np
import pytest

from spotter.data.readers.base import Reader
from spotter.errors import SpotterError
from spotter.evaluation.saved import read_readings, words_in_step
from spotter.evaluation.submissions import read_label_archive, read_submission
from spotter.evaluation.words import Refusals, predicted_words
from spotter.registry import READERS
from tests.fuzz.mutations import damaged_bytes, damaged_values, fuzz, holds, one_of
from tests.fuzz.test_data import whole_zip

POINTS = [[0, 0], [8, 0], [8, 8], [0, 8]]
FLAT = [0, 0, 8, 0, 8, 8, 0, 8]
WORD = {"points": POINTS, "transcription": "exit", "language": "Latin", "illegibility": False}
VALUE = {"x": 1, "y": 1, "width": 50, "height": 20, "rotation": 5}
REGION = {"id": "r", "type": "rectangle", "value": VALUE, "original_width": 8}
TEXT = {"id": "r", "type": "textarea", "value": {"text": ["exit"]}, "from_name": "t"}
DOCUMENTS: dict[str, Any] = {
    "CanonicalReader": {
        "img_path": "a.png",
        "instances": [{"polygon": POINTS, "text": "exit", "ignore": False}],
    },
    "COCOInstancesReader": {
        "images": [{"id": 1, "file_name": "a.png"}],
        "annotations": [
            {"id": 1, "image_id": 1, "segmentation": [FLAT], "iscrowd": 0, "text": "exit"},
            {"id": 2, "image_id": 1, "bbox": [0, 0, 8, 8], "legibility": "legible"},
        ],
    },
    "COCOTextReader": {
        "imgs": {"1": {"id": 1, "file_name": "a.png", "set": "train"}},
        "anns": {"1": {"image_id": 1, "mask": FLAT, "bbox": [0, 0, 8, 8], "utf8_string": "exit"}},
    },
    "MMOCRReader": {
        "data_list": [
            {
                "img_path": "a.png",
                "instances": [
                    {"polygon": FLAT, "ignore": False, "text": "exit"},
                    {"bbox": [0, 0, 8, 8], "text": "exit"},
                ],
            }
        ]
    },
    "HierTextReader": {
        "annotations": [
            {
                "image_id": "a",
                "paragraphs": [
                    {"lines": [{"words": [{"vertices": POINTS, "text": "exit", "legible": True}]}]}
                ],
            }
        ]
    },
    "ArTReader": {"a": [WORD]},
    "DocTRReader": {"a.png": {"polygons": [POINTS]}},
    "DocTRWordsReader": {"a.png": "exit"},
    "MMOCRWordsReader": {"data_list": [{"img_path": "a.png", "instances": [{"text": "exit"}]}]},
    "LabelStudioReader": [
        {
            "data": {"image": "/upload/a.png"},
            "annotations": [{"was_cancelled": False, "result": [REGION, TEXT]}],
        }
    ],
    "WordJSONLinesReader": {"filename": "a.png", "text": "exit"},
}
TEXTS: dict[str, bytes] = {
    "PaddleOCRReader": b"a.png\t" + json.dumps([WORD]).encode(),
    "ICDARDetectionReader": b"0,0,8,0,8,8,0,8,exit\n0,0,8,0,8,8,0,8,###\n",
    "ICDARMLTReader": b"0,0,8,0,8,8,0,8,Latin,exit\n",
    "ICDAR2013Reader": b'0 0 8 8 "exit"\n0, 0, 8, 8, "exit"\n',
    "TotalTextReader": b"x: [[0 8 8 0]], y: [[0 0 8 8]], ornt: [u'h'], transcriptions: [u'exit']\n",
    "TotalTextLinesReader": b"0,0,8,0,8,8,0,8\th\texit\n",
    "CTW1500TextReader": b"0,0,8,0,8,8,0,8,####exit\n",
    "CTW1500OffsetReader": ",".join(map(str, [0, 0, 8, 8] + FLAT * 3 + FLAT[:4])).encode(),
    "SVTPReader": b'a.png, "exit"\na.png exit\n',
    "CUTE80Reader": b"a.png EXIT 1 EXIT\n",
    "ICDARWordListReader": b'a.png, "exit"\n',
    "WordListReader": b"a.png exit\n",
    "ICDAR2003XMLReader": b'<?xml version="1.0"?><tagset><image><imageName>a.png</imageName>'
    b'<taggedRectangles><taggedRectangle x="0" y="0" width="8" height="8"><tag>exit</tag>'
    b"</taggedRectangle></taggedRectangles></image></tagset>",
}
_PREFIXES = {"ICDARDetectionReader": "gt_", "ICDARMLTReader": "gt_", "ICDAR2013Reader": "gt_"}
_PREFIXES |= {"TotalTextReader": "poly_gt_", "TotalTextLinesReader": "poly_gt_"}
_IN_FOLDERS = {*_PREFIXES, "CTW1500TextReader", "CTW1500OffsetReader"}
PREDICTION = {
    "image": "a",
    "width": 8,
    "height": 8,
    "instances": [{"polygon": POINTS, "text": "exit", "score": 0.5, "ignore": False}],
    "error": None,
}


def read_as(name: str, data: bytes, strict: bool) -> None:
    """Every sample of a reader over a folder with such a file and one picture."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        cv2.imwrite(str(root / "a.png"), np.zeros((8, 8, 3), np.uint8))
        file = root / (f"{_PREFIXES.get(name, '')}a.txt" if name in _IN_FOLDERS else "labels.json")
        file.write_bytes(data)
        place = {"annotation_root": root} if name in _IN_FOLDERS else {"annotation_file": file}
        kind: type[Reader] = READERS.get(name)
        for sample in kind(**place, image_root=root, strict=strict):
            for word in sample.get("instances", ()):
                assert np.isfinite(word["polygon"]).all()
                assert word["polygon"].dtype == np.float32
                assert isinstance(word["ignore"], bool)
                assert word["text"] is None or isinstance(word["text"], str)


CASES = [(name, json.dumps(document).encode()) for name, document in DOCUMENTS.items()]
CASES += list(TEXTS.items())


@pytest.mark.parametrize("name", [name for name, _ in CASES])
def test_whole_annotations_are_read(name: str) -> None:
    read_as(name, dict(CASES)[name], True)


def damaged_document(random: Random) -> tuple[str, bytes]:
    name = random.choice(list(DOCUMENTS))
    return name, json.dumps(damaged_values([DOCUMENTS[name]])(random)).encode()


def damaged_file(random: Random) -> tuple[str, bytes]:
    name, content = random.choice(CASES)
    return name, damaged_bytes([content])(random)


STRICT = one_of([False, True])


@fuzz(damaged_document, STRICT)
def test_values_of_annotations(case: tuple[str, bytes], strict: bool) -> None:
    holds(lambda: read_as(*case, strict))


@fuzz(damaged_file, STRICT)
def test_bytes_of_annotations(case: tuple[str, bytes], strict: bool) -> None:
    holds(lambda: read_as(*case, strict))


def in_file(data: bytes, name: str, read: Callable[[Path], Any]) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        return read(path)


@fuzz(damaged_values([PREDICTION, {**PREDICTION, "instances": None}]), STRICT)
def test_values_of_predictions(damaged: Any, strict: bool) -> None:
    line = json.dumps(damaged).encode()

    def read() -> None:
        refusals = Refusals(strict)
        for record in in_file(line, "a.jsonl", partial(read_readings, refusals=refusals)).values():
            for word in predicted_words(record, "file", refusals):
                assert math.isfinite(word.score)
                assert np.isfinite(word.polygon).all()

    holds(read, SpotterError)


@fuzz(damaged_values([{"image": "a.png", "text": "exit", "score": 0.5}]), STRICT)
def test_readings(damaged: Any, strict: bool) -> None:
    line = json.dumps(damaged).encode()
    samples = {"a": {"img_path": "a.png", "text": "exit"}}

    def read() -> None:
        refusals = Refusals(strict)
        records = in_file(line, "a.jsonl", partial(read_readings, refusals=refusals))
        scored = words_in_step(records, samples, "file", refusals=refusals)
        assert all(0 <= score <= 1 for score in scored.confidences or ())

    holds(read)


@fuzz(damaged_bytes([whole_zip()]), STRICT, STRICT)
def test_submissions(data: bytes, texts: bool, strict: bool) -> None:
    holds(lambda: in_file(data, "s.zip", lambda p: read_submission(p, texts, Refusals(strict))))
    holds(lambda: in_file(data, "s.zip", read_label_archive))
