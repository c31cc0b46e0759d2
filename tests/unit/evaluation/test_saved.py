from __future__ import annotations

import json
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from spotter.errors import AnnotationError, ConfigError
from spotter.evaluation.saved import GroundTruth, load_photos, load_words, parse_scale
from spotter.evaluation.words import Refusals, predicted_words

SQUARE = [[0, 0], [10, 0], [10, 10], [0, 10]]
QUAD = "0,0,10,0,10,10,0,10"


def lines(path: Path, *records: dict) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def result(image: str, *instances: dict, **fields) -> dict:
    return {"image": image, "instances": list(instances), "error": None, **fields}


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    path = tmp_path / "gt.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("gt_img_1.txt", f"{QUAD},Hotel\n{QUAD},###")
        archive.writestr("gt_img_2.txt", "")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos of 20x10 pixels with labels."""
    root = tmp_path / "set"
    (root / "images").mkdir(parents=True)
    for number in (1, 2):
        cv2.imwrite(str(root / f"images/img_{number}.png"), np.zeros((10, 20, 3), np.uint8))
        (root / f"gt_img_{number}.txt").write_text(f"{QUAD},Hotel\n")
    return root


def test_json_lines_against_an_official_archive(tmp_path, truth):
    word = {"polygon": SQUARE, "text": "hotel", "detection_score": 0.81, "recognition_score": 0.5}
    predictions = lines(tmp_path / "p.jsonl", result("photos/img_1.jpg", word))
    photos = load_photos(predictions, GroundTruth(truth), texts=True)
    assert list(photos.truths) == ["img_1", "img_2"]
    assert photos.unanswered == 1
    (found,) = photos.predictions["img_1"]
    assert (found.text, found.detection_score, found.score) == ("hotel", 0.81, 0.45)
    assert [(w.text, w.ignore) for w in photos.truths["img_1"]] == [("Hotel", False), (None, True)]
    only = load_photos(predictions, GroundTruth(truth), texts=True, predicted_only=True)
    assert list(only.truths) == ["img_1"]


def test_official_submission(tmp_path, truth):
    path = tmp_path / "res.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("res_img_1.txt", f"{QUAD},hotel")
    photos = load_photos(path, GroundTruth(truth), texts=True)
    assert photos.predictions["img_1"][0].text == "hotel"


def test_unknown_image(tmp_path, truth):
    predictions = lines(tmp_path / "p.jsonl", result("img_3.jpg"))
    with pytest.raises(AnnotationError, match=r"img_3.jpg: predicted, but there is no ground"):
        load_photos(predictions, GroundTruth(truth), texts=False)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ({"text": "a"}, ": img_1.*word 1: needs a polygon"),
        ({"polygon": [[0, 0], [1, 1]]}, ": img_1.*three points or more"),
        ({"polygon": [[0, 0], [1, 1], [0, float("nan")]]}, ":1: not JSON"),
        ({"polygon": SQUARE, "score": "high"}, ": img_1.*numeric scores"),
    ],
)
def test_bad_words_are_named(tmp_path, truth, word, message):
    predictions = lines(tmp_path / "p.jsonl", result("img_1", word))
    with pytest.raises(AnnotationError, match=rf"p.jsonl{message}"):
        load_photos(predictions, GroundTruth(truth), texts=False)


def test_outlines_without_area_are_wrong_detections(tmp_path, truth):
    predictions = lines(tmp_path / "p.jsonl", result("img_1", {"polygon": [[1, 1]] * 4}))
    photos = load_photos(predictions, GroundTruth(truth), texts=False)
    assert len(photos.predictions["img_1"]) == 1


def test_frame_of_the_truth(tmp_path, folder):
    records = [result("img_1", {"polygon": SQUARE}, width=40, height=30), result("img_2")]
    predictions = lines(tmp_path / "p.jsonl", *records)
    truth = GroundTruth(folder, "icdar2015")
    fitted = load_photos(predictions, truth, False, "fit").truths
    assert fitted["img_1.png"][0].polygon.max(axis=0).tolist() == [20, 30]
    # Without predictions there is no frame to fit, and nothing to match.
    assert fitted["img_2.png"][0].polygon.max(axis=0).tolist() == [10, 10]
    scaled = load_photos(predictions, truth, False, (0.5, 2.0)).truths
    assert scaled["img_2.png"][0].polygon.max(axis=0).tolist() == [5, 20]
    predictions = lines(tmp_path / "q.jsonl", result("img_1", {"polygon": SQUARE}))
    with pytest.raises(ConfigError, match="width and height"):
        load_photos(predictions, truth, False, "fit")


def test_fit_needs_photos(tmp_path, truth):
    record = result("img_1", {"polygon": SQUARE}, width=40, height=30)
    with pytest.raises(ConfigError, match="needs the photo"):
        load_photos(lines(tmp_path / "p.jsonl", record), GroundTruth(truth), False, "fit")


def test_scales():
    assert parse_scale("fit") == "fit"
    assert parse_scale("1.5,2") == (1.5, 2.0)
    for text in ("1.5", "a,b", "1,2,3"):
        with pytest.raises(ConfigError, match="--scale"):
            parse_scale(text)


def test_layouts(folder, tmp_path):
    with pytest.raises(ConfigError, match="no such layout"):
        GroundTruth(folder, "icdar2051").samples(True)
    with pytest.raises(ConfigError, match="one of photos"):
        GroundTruth(folder, "icdar2015").samples(False)
    (folder / "gt_img_2.txt").write_text("1,2,3\n")
    with pytest.raises(AnnotationError, match=r"gt_img_2.txt:1"):
        GroundTruth(folder, "icdar2015").samples(True)


@pytest.fixture
def word_list(tmp_path: Path) -> Path:
    path = tmp_path / "labels.txt"
    path.write_text("images/w1.png Hotel\nimages/w2.png Bar\nimages/w3.png Exit\n")
    return path


def test_words(tmp_path, word_list):
    predictions = lines(
        tmp_path / "r.jsonl",
        {"image": "w2.png", "text": "bar", "score": 0.9, "error": None},
        {"image": "images/w1.png", "text": None, "score": 0.0, "error": "not an image"},
    )
    words = load_words(predictions, GroundTruth(word_list))
    assert words.names == ["w1.png", "w2.png", "w3.png"]
    assert words.predictions == [None, "bar", None]
    assert words.truths == ["Hotel", "Bar", "Exit"]
    assert words.confidences == [0.0, 0.9, 0.0]
    assert words.unanswered == 1
    only = load_words(predictions, GroundTruth(word_list), predicted_only=True)
    assert only.truths == ["Hotel", "Bar"]


def test_subsets(tmp_path, word_list):
    predictions = lines(tmp_path / "r.jsonl", {"image": "w2.png", "text": "bar"})
    subset = tmp_path / "subset.txt"
    subset.write_text("2\n0\n")
    assert load_words(predictions, GroundTruth(word_list), subset).truths == ["Hotel", "Exit"]
    subset.write_text("images/w2.png\n")
    words = load_words(predictions, GroundTruth(word_list), subset)
    assert (words.truths, words.confidences) == (["Bar"], None)
    subset.write_text("0\n3\n")
    with pytest.raises(AnnotationError, match=r"subset.txt:2: 3 of 3 words"):
        load_words(predictions, GroundTruth(word_list), subset)
    subset.write_text("w9.png\n")
    with pytest.raises(AnnotationError, match=r"w9\.png"):
        load_words(predictions, GroundTruth(word_list), subset)


def test_readings_in_the_layout_of_icdar(tmp_path, word_list):
    path = tmp_path / "submission.txt"
    path.write_text('w1.png, "Hotel"\nw3.png, "Exit"\n')
    assert load_words(path, GroundTruth(word_list)).predictions == ["Hotel", None, "Exit"]
    path.write_text('w1.png, "a"\nw1.png, "b"\n')
    with pytest.raises(AnnotationError, match=r"submission.txt:2: a second line of w1.png"):
        load_words(path, GroundTruth(word_list))


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ({"ignore": "no"}, "ignore: expected true or false, found 'no'"),
        ({"ignore": 0.5}, "ignore: expected true or false"),
        ({"polygon": [[0, 0, 1], [9, 0, 1], [9, 9, 1]]}, r"must have shape \(N, 2\)"),
        ({"polygon": [[True, 0], [9, 0], [9, 9]]}, "list of numeric"),
        ({"polygon": [["0", 0], [9, 0], [9, 9]]}, "list of numeric"),
        ({"polygon": [[1e9, 0], [9, 0], [9, 9]]}, "beyond"),
        ({"score": True}, "score: expected a number"),
        ({"score": "0.9"}, "score: expected a number"),
        ({"detection_score": None}, "detection_score: expected a number"),
        ({"text": 42}, "text is 42"),
    ],
)
def test_values_of_another_type_are_refused_and_counted(tmp_path, truth, word, message):
    good = {"polygon": SQUARE, "text": "Hotel"}
    line = result("img_1", good, {**good, **word})
    predictions = lines(tmp_path / "p.jsonl", line)
    given = GroundTruth(truth)
    with pytest.raises(AnnotationError, match=rf"img_1, word 2: {message}|word 2: .*{message}"):
        load_photos(predictions, given, texts=True)
    photos = load_photos(predictions, given, texts=True, strict=False)
    assert len(photos.predictions["img_1"]) == 1
    assert len(photos.refused) == 1


def test_lines_without_words_are_refused_and_counted(tmp_path, truth):
    broken = {"image": "img_1", "instances": None}
    failed = {"image": "img_2", "instances": [], "error": "not an image"}
    predictions = lines(tmp_path / "p.jsonl", broken, failed)
    with predictions.open("a") as file:
        file.write('{"image": "img_3", "instances": [NaN]}\n{"image": 3}\n')
    with pytest.raises(AnnotationError, match=r":3: not JSON \(NaN"):
        load_photos(predictions, GroundTruth(truth), texts=False)
    photos = load_photos(predictions, GroundTruth(truth), texts=False, strict=False)
    assert (photos.failed, photos.unanswered, len(photos.refused)) == (1, 0, 3)
    assert any("needs a list of instances, found None" in line for line in photos.refused)


def test_readings_of_another_type_are_refused_and_counted(tmp_path, word_list):
    predictions = lines(
        tmp_path / "r.jsonl",
        {"image": "w1.png", "text": "Hotel", "score": 95},
        {"image": "w2.png", "text": ["Bar"], "score": 0.5},
        {"image": "w3.png", "text": "Exit", "score": 0.5},
    )
    with pytest.raises(AnnotationError, match=r"w1.png: a score is in 0\.\.1, not 95"):
        load_words(predictions, GroundTruth(word_list))
    words = load_words(predictions, GroundTruth(word_list), strict=False)
    assert words.predictions == [None, None, "Exit"]
    assert (words.unanswered, len(words.refused)) == (2, 2)


def test_negative_scores_of_others_keep_their_order() -> None:
    words = [{"polygon": SQUARE, "text": "a", "score": score} for score in (-9.0, -4.0, 0.25)]
    read = predicted_words({"image": "a", "instances": words}, "file", Refusals(strict=True))
    assert [word.score for word in read] == [-3.0, -2.0, 0.5]
