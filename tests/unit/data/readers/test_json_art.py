"""ArT and LSVT: one JSON of all photos, words with outlines of any number of vertices."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from spotter.data.readers import ArTReader
from spotter.errors import AnnotationError
from spotter.registry import READERS
from tests.unit.data.readers.json_photos import corners_of, words_of, write_json, write_photos

SQUARE = [[10, 20], [50, 20], [50, 40], [10, 40]]
# The first side is the top, from left to right; two neighbours are the same point.
CURVE = [[0, 30], [20, 10], [40, 30], [40, 30], [40, 50], [20, 30], [0, 50]]


def word(text, points=None, **rest):
    return {"transcription": text, "points": points or SQUARE, "illegibility": False, **rest}


@pytest.fixture
def root(tmp_path):
    write_photos(tmp_path / "images", "gt_1.jpg", "gt_2.png", "gt_10.jpg")
    return tmp_path


def read(root, document, **options):
    file = write_json(root / "train_labels.json", document, bom=True)
    return ArTReader(file, root / "images", **options)


def test_words_their_flags_and_texts(root):
    document = {
        "gt_1": [
            word("燎申集团", language="Chinese"),
            word("a, b\tc “d”", language="Latin"),
            word("###", language="Latin"),
            word("faint", language="Latin", illegibility=True),
            word("", language="Latin"),
        ],
        "gt_2": [],
    }
    reader = read(root, document)
    assert words_of(reader[0]) == [
        ("燎申集团", False), ("a, b\tc “d”", False), (None, True), (None, True), (None, False),
    ]  # fmt: skip
    assert reader[1] == {"img_path": str(root / "images/gt_2.png"), "instances": []}
    latin = read(root, document, languages=("Latin",))
    assert words_of(latin[0])[:2] == [(None, True), ("a, b\tc “d”", False)]
    assert reader.refusals == []


def test_lsvt_has_no_languages_and_weak_labels_no_outlines(root):
    reader = read(root, {"gt_1": [word("店"), word("###", illegibility=True)]})
    assert words_of(reader[0]) == [("店", False), (None, True)]
    with pytest.raises(AnnotationError, match=r"train_labels\.json: gt_1, word 1: has no points"):
        read(root, {"gt_1": [{"transcription": "店"}]})


def test_outlines_run_clockwise_from_the_first_character_without_repeats(root):
    backwards = [SQUARE[0], SQUARE[3], SQUARE[2], SQUARE[1]]
    reader = read(root, {"gt_1": [word("a"), word("b", backwards), word("c", CURVE)]})
    sample = reader[0]
    assert corners_of(sample, 0) == corners_of(sample, 1) == SQUARE
    assert corners_of(sample, 2) == CURVE[:3] + CURVE[4:]
    assert sample["instances"][2]["polygon"].dtype == np.float32


def test_samples_are_the_callers_own_and_the_reader_can_be_pickled(root):
    reader = read(root, {"gt_1": [word("a")], "gt_2": [word("b"), word("c", CURVE)]})
    sample = reader[1]
    sample["instances"][1]["polygon"] += 100
    sample["instances"].pop()
    again = pickle.loads(pickle.dumps(reader))
    assert words_of(again[1]) == [("b", False), ("c", False)]
    assert corners_of(again[1], 1)[0] == [0, 30]


def test_what_is_refused_is_an_error_or_a_note(root):
    document = {
        "gt_1": [
            word("good"),
            word("two", [[0, 0], [9, 9]]),
            word("flat", [[0, 0], [5, 0], [9, 0], [3, 0]]),
            word("bad", [[0, 0], [9, "x"], [9, 9], [0, 9]]),
            word(5),
            "no word",
        ],
        "gt_7": [word("no photo")],
        "gt_10": {"no": "list"},
        "gt_2": [word("last")],
    }
    with pytest.raises(AnnotationError, match=r"train_labels\.json: gt_1, word 2: "):
        read(root, document)
    reader = read(root, document, strict=False)
    assert [words_of(sample) for sample in reader] == [[("good", False)], [("last", False)]]
    places = [refusal.removeprefix(f"{root}/train_labels.json: ") for refusal in reader.refusals]
    assert [place.split(":")[0] for place in places] == [
        "gt_1, word 2", "gt_1, word 3", "gt_1, word 4", "gt_1, word 5", "gt_1, word 6",
        "gt_7", "gt_10",
    ]  # fmt: skip
    assert "no photo gt_7.*" in reader.refusals[5]


def test_registry(root):
    document = {f"gt_{number}": [word(f"w{number}")] for number in (1, 2, 10)}
    assert [words_of(s)[0][0] for s in read(root, document)] == ["w1", "w2", "w10"]
    config = {"type": "ArTReader", "annotation_file": root / "train_labels.json"}
    reader = READERS.build({**config, "image_root": root / "images"})
    assert words_of(reader[0]) == [("w1", False)]
    with pytest.raises(AnnotationError, match="expected an object"):
        read(root, [document])
    assert len(read(root, {})) == 0
