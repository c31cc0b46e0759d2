"""MSRA-TD500: boxes turned about their centres."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from spotter.data.readers import MSRATD500Reader
from spotter.errors import AnnotationError
from tests.unit.data.readers.label_folders import write_labels, write_photos


def read(root: Path, content: str, strict: bool = True) -> MSRATD500Reader:
    write_photos(root, "IMG_0030.JPG")
    return MSRATD500Reader(write_labels(root, {"IMG_0030.gt": content}), strict=strict)


def test_rotated_boxes(tmp_path: Path) -> None:
    lines = (
        "0 0 100 200 60 20 0.000000\r\n"
        f"1 1 100 200 60 20 {math.pi / 2:.9f}\r\n"
        f"2 0 100 200 60 20 {-math.pi / 4:.9f}\r\n"
    )
    (sample,) = read(tmp_path, lines)
    assert Path(sample["img_path"]).name == "IMG_0030.JPG"
    upright, turned, tilted = sample["instances"]
    assert upright["polygon"].tolist() == [[100, 200], [160, 200], [160, 220], [100, 220]]
    # The centre is (130, 210); a quarter turn clockwise takes the top left to the top right.
    expected = [[140, 180], [140, 240], [120, 240], [120, 180]]
    np.testing.assert_allclose(turned["polygon"], expected, atol=1e-4)
    # Tilted upwards: (-30, -10) turned by -45 degrees is (-40, 20) / sqrt(2).
    top_left = np.array([130, 210]) + np.array([-40, 20]) / math.sqrt(2)
    np.testing.assert_allclose(tilted["polygon"][0], top_left, atol=1e-4)
    sides = np.linalg.norm(np.diff(tilted["polygon"], axis=0), axis=1)
    np.testing.assert_allclose(sides, [60, 20, 60], rtol=1e-5)
    assert [line["ignore"] for line in sample["instances"]] == [False, True, False]
    assert {line["text"] for line in sample["instances"]} == {None}


@pytest.mark.parametrize(
    "line", ["0 0 100 200 60 20", "0 2 100 200 60 20 0", "0 0 1 2 x 4 0", "0 0 1 2 0 4 0"]
)
def test_malformed_lines(tmp_path: Path, line: str) -> None:
    content = f"0 0 100 200 60 20 0\n{line}\n"
    with pytest.raises(AnnotationError, match=r"IMG_0030\.gt:2: "):
        read(tmp_path, content)
    reader = read(tmp_path, content, strict=False)
    assert len(reader[0]["instances"]) == len(reader.refusals) == 1


def test_empty_file_and_missing_photo(tmp_path: Path) -> None:
    (sample,) = read(tmp_path, "")
    assert sample["instances"] == []
    (tmp_path / "IMG_0030.JPG").unlink()
    with pytest.raises(AnnotationError, match=r"IMG_0030\.gt: no photo IMG_0030"):
        MSRATD500Reader(tmp_path)
