"""COCO-Text 1.4 and 2, and TextOCR, which has its layout."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.data.readers import COCOTextReader, TextOCRReader
from spotter.errors import AnnotationError
from tests.unit.data.readers.json_photos import corners_of, words_of, write_json, write_photos

# As published: down the left side first, so counter-clockwise.
MASK = [468.9, 286.7, 468.9, 295.2, 493.0, 295.8, 493.0, 287.2]


def photo(number, split="train"):
    name = f"COCO_train2014_{number:012d}.jpg"
    return {"id": number, "set": split, "width": 640, "height": 480, "file_name": name}


def word(number, image, **rest):
    return {
        "id": number,
        "image_id": image,
        "bbox": [468.9, 286.7, 24.1, 9.1],
        "mask": MASK,
        "utf8_string": "the",
        "legibility": "legible",
        "language": "english",
        "class": "machine printed",
        "area": 206.06,
        **rest,
    }


@pytest.fixture
def root(tmp_path):
    names = [photo(number)["file_name"] for number in (7, 8, 9)]
    return write_photos(tmp_path, *(f"train2014/{name}" for name in names))


def document(*words):
    photos = {"7": photo(7), "8": photo(8, "val"), "9": photo(9)}
    return {
        "cats": {},
        "imgs": photos,
        "anns": {str(item["id"]): item for item in words},
        "imgToAnns": {},
        "info": {},
    }


def read(root, content, **options):
    return COCOTextReader(
        write_json(root / "cocotext.v2.json", content), root / "train2014", **options
    )


def test_splits_and_photos_without_words(root):
    content = document(word(1, 7), word(2, 8, utf8_string="val"), word(3, 7, utf8_string=" two "))
    assert [words_of(sample) for sample in read(root, content)] == [
        [("the", False), ("two", False)], [("val", False)], [],
    ]  # fmt: skip
    train = read(root, content, split="train")
    assert [len(sample["instances"]) for sample in train] == [2, 0]
    assert train[1]["img_path"] == str(root / "train2014" / photo(9)["file_name"])
    assert words_of(read(root, content, split="val")[0]) == [("val", False)]
    # Photos of other splits need not be there.
    (root / "train2014" / photo(8)["file_name"]).unlink()
    assert len(read(root, content, split="train")) == 2
    with pytest.raises(AnnotationError, match=r"photo 8: no photo .*000008\.jpg"):
        read(root, content)


def test_outlines_of_both_versions(root):
    old = word(2, 7, polygon=MASK)
    del old["mask"]
    box = word(3, 7, mask=[])
    few = word(4, 7, mask=MASK[:6])
    content = document(word(1, 7), old, box, few)
    sample = read(root, content)[0]
    expected = np.array([[468.9, 286.7], [493, 287.2], [493, 295.8], [468.9, 295.2]], np.float32)
    np.testing.assert_array_equal(sample["instances"][0]["polygon"], expected)
    np.testing.assert_array_equal(sample["instances"][1]["polygon"], expected)
    corners = [[468.9, 286.7], [493, 286.7], [493, 295.8], [468.9, 295.8]]
    for number in (2, 3):
        np.testing.assert_allclose(sample["instances"][number]["polygon"], corners, atol=1e-4)


def test_what_is_ignored(root):
    words = [
        word(1, 7, legibility="illegible", language="na"),
        word(2, 7, language="not english", utf8_string="été"),
        word(3, 7, **{"class": "handwritten"}),
        word(4, 7, utf8_string=""),
        word(5, 7),
    ]
    del words[4]["utf8_string"]
    content = document(*words)
    assert words_of(read(root, content)[0]) == [
        (None, True), ("été", False), ("the", False), (None, False), (None, False),
    ]  # fmt: skip
    english = read(root, content, languages=("english",))[0]
    assert [item["ignore"] for item in english["instances"]] == [True, True, False, False, False]
    printed = read(root, content, classes=("machine printed",))[0]
    assert [item["ignore"] for item in printed["instances"]] == [True, False, True, False, False]


def test_refusals_name_the_photo_and_the_word(root):
    lost = word(3, 7)
    del lost["image_id"]
    nowhere = word(2, 7, mask=MASK[:4], bbox=[1, 2, 3])
    content = document(word(1, 7), nowhere, lost)
    with pytest.raises(AnnotationError, match=r"v2\.json: anns 3: has no image_id"):
        read(root, content)
    reader = read(root, content, strict=False)
    assert words_of(reader[0]) == [("the", False)]
    assert [refusal.split(".json: ")[1][:18] for refusal in reader.refusals] == [
        "anns 3: has no ima", "photo 7, word 2: a",
    ]  # fmt: skip
    with pytest.raises(AnnotationError, match=r"v2\.json: has no imgs"):
        read(root, {"images": []})


def test_textocr(tmp_path):
    photos = write_photos(tmp_path / "train_images", "a1.jpg", "train/b2.jpg")
    content = {
        "imgs": {
            name: {"id": name, "set": "train", "file_name": f"train/{name}.jpg"}
            for name in ("a1", "b2")
        },
        "anns": {
            f"{image}_{number}": {
                "image_id": image,
                "bbox": [0, 0, 9, 4],
                "points": points,
                "utf8_string": text,
            }
            for image, number, text, points in [
                ("a1", 1, "Mr.", [0.0, 0.0, 9.0, 0.0, 9.0, 4.0, 0.0, 4.0]),
                ("a1", 2, ".", [0, 0, 9, 0, 9, 4, 0, 4]),
                ("b2", 1, "curve", [0, 5, 4, 3, 8, 5, 8, 9, 4, 7, 0, 9]),
            ]
        },
        "imgToAnns": {"a1": ["a1_1", "a1_2"], "b2": ["b2_1"]},
    }
    reader = TextOCRReader(write_json(tmp_path / "TextOCR_0.1_train.json", content), photos)
    assert words_of(reader[0]) == [("Mr.", False), (None, True)]
    assert reader[0]["img_path"] == str(photos / "a1.jpg")
    assert reader[1]["img_path"] == str(photos / "train/b2.jpg")
    assert corners_of(reader[1]) == [[0, 5], [4, 3], [8, 5], [8, 9], [4, 7], [0, 9]]
    assert len(TextOCRReader(tmp_path / "TextOCR_0.1_train.json", photos, split="val")) == 0
