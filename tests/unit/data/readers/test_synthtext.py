"""SynthText: words and characters of one MATLAB file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from spotter.data.readers import SynthTextReader
from spotter.errors import AnnotationError
from tests.unit.data.readers.label_folders import write_photos


def quad(left: float, top: float, width: float, height: float) -> np.ndarray:
    """Corners (4, 2) of a box."""
    right, bottom = left + width, top + height
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def matlab(quads: list[np.ndarray]) -> np.ndarray:
    """(2, 4, N), of which MATLAB drops the last axis when N is 1."""
    boxes = np.stack(quads, axis=-1).transpose(1, 0, 2)
    return boxes[..., 0] if len(quads) == 1 else boxes


def cells(values: list[Any]) -> np.ndarray:
    row = np.empty((1, len(values)), object)
    row[0] = values
    return row


def characters(word: str, box: np.ndarray) -> list[np.ndarray]:
    left, top = box[0]
    width, height = box[2] - box[0]
    step = width / len(word)
    return [quad(left + step * at, top, step, height) for at in range(len(word))]


WORDS = ["Lines:", "I", "lost", "Kevin", "will"]
BOXES = [quad(10 * at, 5, 8, 4) for at in range(5)]
GLYPHS = [glyph for word, box in zip(WORDS, BOXES, strict=True) for glyph in characters(word, box)]
ONE = quad(3, 4, 6, 2)


@pytest.fixture
def content() -> dict[str, np.ndarray]:
    """Two photos: five words in two strings, and one word alone, given counter-clockwise."""
    mirrored = ONE[[0, 3, 2, 1]]
    return {
        "imnames": cells(["8/ballet_106_0.jpg", "9/sky_1_2.jpg"]),
        "txt": cells([np.array(["Lines:\nI lost\nKevin ", "will"]), np.array(["\u00e9t"])]),
        "wordBB": cells([matlab(BOXES), matlab([mirrored])]),
        "charBB": cells([matlab(GLYPHS), matlab(characters("\u00e9t", ONE))]),
    }


def read(root: Path, content: dict[str, np.ndarray], **options: Any) -> SynthTextReader:
    savemat(root / "gt.mat", content)
    write_photos(root, "8/ballet_106_0.jpg", "9/sky_1_2.jpg")
    return SynthTextReader(root / "gt.mat", **options)


def test_words_and_characters(tmp_path: Path, content: dict[str, np.ndarray]) -> None:
    first, second = read(tmp_path, content)
    assert first["img_path"] == str(tmp_path / "8/ballet_106_0.jpg")
    assert [word["text"] for word in first["instances"]] == WORDS
    for word, text, box in zip(first["instances"], WORDS, BOXES, strict=True):
        np.testing.assert_array_equal(word["polygon"], box)
        assert word["polygon"].dtype == word["characters"].dtype == np.float32
        np.testing.assert_allclose(word["characters"], characters(text, box), rtol=1e-6)
        assert word["ignore"] is False
    (word,) = second["instances"]
    assert word["text"] == "\u00e9t"
    np.testing.assert_array_equal(word["polygon"], ONE)
    assert word["characters"].shape == (2, 4, 2)


def test_own_copies(tmp_path: Path, content: dict[str, np.ndarray]) -> None:
    reader = read(tmp_path, content, characters=False)
    assert [len(sample["instances"]) for sample in reader] == [5, 1]
    assert "characters" not in reader[0]["instances"][0]
    reader[0]["instances"][0]["polygon"] += 100
    np.testing.assert_array_equal(reader[0]["instances"][0]["polygon"], BOXES[0])
    reader = SynthTextReader(tmp_path / "gt.mat")
    reader[1]["instances"][0]["characters"] += 100
    np.testing.assert_allclose(reader[1]["instances"][0]["characters"], characters("et", ONE))


def test_a_word_without_area_is_left_out_with_its_characters(
    tmp_path: Path, content: dict[str, np.ndarray]
) -> None:
    flat = [BOXES[0], BOXES[1] * [0, 1], *BOXES[2:]]
    content["wordBB"][0, 0] = matlab(flat)
    with pytest.raises(AnnotationError, match=r"photo 1 \(8/ballet_106_0\.jpg\), word 2: .*area"):
        read(tmp_path, content)
    reader = read(tmp_path, content, strict=False)
    words = reader[0]["instances"]
    assert [word["text"] for word in words] == ["Lines:", "lost", "Kevin", "will"]
    np.testing.assert_allclose(words[1]["characters"], characters("lost", BOXES[2]), rtol=1e-6)
    assert len(reader.refusals) == 1


def test_photos_that_do_not_match(tmp_path: Path, content: dict[str, np.ndarray]) -> None:
    content["txt"][0, 0] = np.array(["Lines:\nI lost", "will"])
    with pytest.raises(AnnotationError, match=r"photo 1 .*4 words, but 5 boxes"):
        read(tmp_path, content)
    reader = read(tmp_path, content, strict=False)
    assert [Path(sample["img_path"]).name for sample in reader] == ["sky_1_2.jpg"]

    content["charBB"][0, 1] = matlab(GLYPHS[:3])
    (first, second) = read(tmp_path, content, strict=False).refusals
    assert "photo 1" in first
    assert re.search(r"photo 2 .*2 characters, but 3 boxes", second)
    assert len(read(tmp_path, content, strict=False, characters=False)) == 1
    content["wordBB"][0, 1] = np.ones((4, 2, 3))
    second = read(tmp_path, content, strict=False, characters=False).refusals[1]
    assert re.search(r"photo 2 .*shape \(4, 2, 3\)", second)


def test_missing_photo_or_variable(tmp_path: Path, content: dict[str, np.ndarray]) -> None:
    content["imnames"][0, 1] = "9/none.jpg"
    with pytest.raises(AnnotationError, match=r"photo 2 \(9/none\.jpg\): no photo"):
        read(tmp_path, content)
    del content["charBB"]
    with pytest.raises(AnnotationError, match="has no variable charBB"):
        read(tmp_path, content)
    content["txt"] = np.ones(3)
    with pytest.raises(AnnotationError, match="not cells, one per photo"):
        read(tmp_path, content, characters=False)
