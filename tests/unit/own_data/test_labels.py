"""Labels of any layout, and the part of them that is held back."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from spotter.data.readers import CanonicalReader
from spotter.errors import AnnotationError, ConfigError
from spotter.own_data.labels import open_labels, split_samples, write_lines


@pytest.fixture
def crops(tmp_path: Path) -> Path:
    for name in ("a", "b", "c"):
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.full((8, 20, 3), 90, np.uint8))
    (tmp_path / "broken.png").write_bytes(b"no image")
    lines = "a.png Äpfel\nb.png 서울\nc.png x\nbroken.png y\ngone.png z\n"
    (tmp_path / "labels.txt").write_text(lines, encoding="utf-8")
    return tmp_path


def test_word_crops_with_unreadable_images(crops: Path) -> None:
    labels = open_labels(crops / "labels.txt")
    assert not labels.photos
    assert [sample["text"] for sample in labels.samples] == ["Äpfel", "서울", "x"]
    assert labels.samples[0]["img_path"] == str((crops / "a.png").resolve())
    assert labels.note() == "2 without a readable image"


def test_names_that_no_file_can_have(crops: Path) -> None:
    (crops / "labels.jsonl").write_text(
        '{"img_path": "a.png", "text": "x"}\n{"img_path": "a\\u0000.png", "text": "y"}\n'
    )
    labels = open_labels(crops / "labels.jsonl")
    assert [sample["text"] for sample in labels.samples] == ["x"]
    assert sum(labels.left_out.values()) == 1
    (crops / "labels.txt").write_bytes(b"a.png x\nb\0.png y\n")
    labels = open_labels(crops / "labels.txt")
    assert [sample["text"] for sample in labels.samples] == ["x"]
    assert labels.note() == "1 without a readable image"


def test_photos_of_our_own_results(crops: Path, tmp_path: Path) -> None:
    polygon = [[1, 1], [15, 1], [15, 7], [1, 7]]
    word = {"polygon": polygon, "text": "Äpfel", "score": 0.5}
    lines = [
        {"image": "a.png", "instances": [word], "error": None},
        {"image": "broken.png", "instances": [], "error": "not an image"},
    ]
    file = crops / "results.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    labels = open_labels(file)
    assert labels.photos
    assert [word["text"] for word in labels.samples[0]["instances"]] == ["Äpfel"]
    # What is written for the training reads back the same.
    again = CanonicalReader(write_lines(tmp_path / "deep" / "x.jsonl", labels.samples))
    assert again[0]["img_path"] == labels.samples[0]["img_path"]
    assert again[0]["instances"][0]["polygon"].tolist() == polygon


def test_errors(crops: Path) -> None:
    with pytest.raises(ConfigError, match="no such layout"):
        open_labels(crops, "nothing")
    with pytest.raises(ConfigError, match="word crops; labelled photos are needed"):
        open_labels(crops / "labels.txt", "word_list", photos=True)
    (crops / "labels.txt").write_text("gone.png x\n")
    with pytest.raises(AnnotationError, match="no labels that can be used"):
        open_labels(crops / "labels.txt")


def test_the_split_is_one_of_the_seed() -> None:
    samples = [{"text": str(number)} for number in range(20)]
    train, held = split_samples(samples, 0.2, 3)
    assert (len(train), len(held)) == (16, 4)
    assert sorted(int(s["text"]) for s in train + held) == list(range(20))
    assert split_samples(samples, 0.2, 3) == (train, held)
    assert split_samples(samples, 0.2, 4)[1] != held
    for share in (0.0, 1.0):
        with pytest.raises(ConfigError, match="share between 0 and 1"):
            split_samples(samples, share)
    with pytest.raises(ConfigError, match="too few"):
        split_samples(samples[:1], 0.5)
