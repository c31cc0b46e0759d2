"""Sets written in each layout and read back."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spotter.conversion import LAYOUTS, WRITERS, Source, convert
from spotter.data.readers import Reader, SceneWordsReader, read_lmdb_value
from spotter.errors import AnnotationError, ConfigError
from spotter.io.images import image_size, read_image
from tests.unit.conversion.conftest import BOX, CURVE, QUAD, Samples, word

SCENES = {"canonical": "canonical", "icdar": "icdar2015", "paddle": "paddle", "coco": "coco"}
WORDS = {
    "canonical": "canonical_words",
    "icdar": "icdar_words",
    "paddle": "paddle_words",
    "lmdb": "lmdb",
}


def open_layout(name: str, root: Path) -> Reader:
    return LAYOUTS[name].open(Source(root))


def assert_same_words(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert len(found["instances"]) == len(wanted["instances"])
    for one, other in zip(found["instances"], wanted["instances"], strict=True):
        np.testing.assert_array_equal(one["polygon"], other["polygon"])
        assert (one["text"], one["ignore"]) == (other["text"], other["ignore"])


@pytest.mark.parametrize("target", SCENES)
@pytest.mark.parametrize("images", ["copy", "link"])
def test_photos_there_and_back(
    target: str, images: Any, photos: list[dict[str, Any]], tmp_path: Path
) -> None:
    if target != "icdar":
        photos[2]["instances"].append(word(CURVE, "curved"))
    root = tmp_path / "set"
    counts = convert(Samples(photos), "detection", root, target, images, tmp_path / "source")
    labelled = 2 if target == "icdar" else 3
    assert (counts.samples, counts.words, counts.unlabelled, counts.ignored) == (3, labelled, 1, 1)
    reader = open_layout(SCENES[target], root)
    assert reader.refusals == []
    for found, wanted in zip(reader, photos, strict=True):
        assert Path(found["img_path"]) == root / "images" / Path(wanted["img_path"]).name
        assert Path(found["img_path"]).is_symlink() == (images == "link")
        np.testing.assert_array_equal(read_image(found["img_path"]), read_image(wanted["img_path"]))
        if target == "icdar":
            for each in wanted["instances"]:
                each["polygon"] = np.rint(each["polygon"])
        assert_same_words(found, wanted)


@pytest.mark.parametrize("target", ["canonical", "paddle", "coco"])
def test_kept_photos_are_named_relative_to_the_set(
    target: str, photos: list[dict[str, Any]], tmp_path: Path
) -> None:
    root = tmp_path / "deep" / "set"
    convert(Samples(photos), "detection", root, target)
    assert not (root / "images").exists()
    for found, wanted in zip(open_layout(SCENES[target], root), photos, strict=True):
        assert os.path.samefile(found["img_path"], wanted["img_path"])
    # Moved together, both are still found: nothing in the set is absolute.
    text = next(path for path in root.iterdir() if path.name != "conversion.json").read_text()
    assert "../../source/images/img_1.png" in text
    assert str(tmp_path) not in text


@pytest.mark.parametrize("target", WORDS)
def test_words_there_and_back(target: str, crops: list[dict[str, Any]], tmp_path: Path) -> None:
    root = tmp_path / "set"
    counts = convert(Samples(crops), "recognition", root, target, "copy", tmp_path / "source")
    assert (counts.samples, counts.words, counts.refused) == (5, 5, 0)
    found = list(open_layout(WORDS[target], root))
    assert [sample["text"] for sample in found] == [sample["text"] for sample in crops]
    for one, other in zip(found, crops, strict=True):
        data = Path(other["img_path"]).read_bytes()
        if target == "lmdb":
            assert read_lmdb_value(one["lmdb_path"], one["key"]) == data
        else:
            assert Path(one["img_path"]).read_bytes() == data
            assert "images/part_" in one["img_path"].replace(os.sep, "/") or target == "icdar"


def test_an_lmdb_becomes_files_or_stays(crops: list[dict[str, Any]], tmp_path: Path) -> None:
    convert(Samples(crops), "recognition", tmp_path / "lmdb", "lmdb")
    for images, key in (("keep", "lmdb_path"), ("copy", "img_path")):
        root = tmp_path / images
        convert(open_layout("lmdb", tmp_path / "lmdb"), "recognition", root, "canonical", images)
        found = open_layout("canonical_words", root)
        assert [sample["text"] for sample in found] == [sample["text"] for sample in crops]
        assert key in found[0]
    assert Path(found[4]["img_path"]).name == "word_5.png"
    assert image_size(found[4]["img_path"]) == (15, 8)


def test_unlabelled_crops(crops: list[dict[str, Any]], tmp_path: Path) -> None:
    crops[1]["text"] = None
    for target in ("canonical", "lmdb", "icdar"):
        counts = convert(Samples(crops), "recognition", tmp_path / target, target)
        assert (counts.words, counts.unlabelled) == (4, 1)
        assert open_layout(WORDS[target], tmp_path / target)[1]["text"] is None
    counts = convert(Samples(crops), "recognition", tmp_path / "paddle", "paddle")
    assert (counts.samples, counts.refused) == (4, 1)


def test_what_canonical_alone_keeps(photos: list[dict[str, Any]], tmp_path: Path) -> None:
    photos[0]["lexicon"] = ["SALE"]
    photos[0]["instances"][0] |= {"language": "Latin", "centres": np.ones((2, 2), np.float32)}
    convert(Samples(photos), "detection", tmp_path / "set", "canonical")
    sample = open_layout("canonical", tmp_path / "set")[0]
    assert (sample["lexicon"], sample["width"], sample["height"]) == (["SALE"], 48, 32)
    assert sample["instances"][0]["language"] == "Latin"
    assert sample["instances"][0]["centres"] == [[1, 1], [1, 1]]


def test_polygons_return_to_the_stored_frame(photos: list[dict[str, Any]], tmp_path: Path) -> None:
    photos[2]["resize_to"] = (96, 96)
    convert(Samples(photos[2:]), "detection", tmp_path / "set", "canonical")
    sample = open_layout("canonical", tmp_path / "set")[0]
    assert "resize_to" not in sample
    np.testing.assert_allclose(sample["instances"][0]["polygon"], BOX * (48 / 96, 32 / 96))


def test_icdar_takes_the_rectangle_of_a_curve(photos: list[dict[str, Any]], tmp_path: Path) -> None:
    photos[2]["instances"] = [word(np.array([[0, 0], [5, 0], [10, 0], [10, 4], [0, 4]]), "X")]
    counts = convert(Samples(photos[2:]), "detection", tmp_path / "set", "icdar")
    assert counts.flattened == 1
    text = (tmp_path / "set/gt/gt_img_3.txt").read_text()
    assert text == "0,0,10,0,10,4,0,4,X\n"


def test_icdar_has_whole_pixels(photos: list[dict[str, Any]], tmp_path: Path) -> None:
    photos[2]["instances"] = [word(np.array([[0.4, 1.6], [9.7, 1], [9, 8.2], [-0.3, 8]]), "X")]
    convert(Samples(photos[2:]), "detection", tmp_path / "set", "icdar")
    assert (tmp_path / "set/gt/gt_img_3.txt").read_text() == "0,2,10,1,9,8,0,8,X\n"


def test_line_breaks_in_a_text_end_no_line(photos: list[dict[str, Any]], tmp_path: Path) -> None:
    photos[2]["instances"] = [word(QUAD, "two\nlines\tand a tab")]
    for target in ("icdar", "paddle", "canonical"):
        convert(Samples(photos[2:]), "detection", tmp_path / target, target, "link")
        text = open_layout(SCENES[target], tmp_path / target)[0]["instances"][0]["text"]
        assert text.split() == ["two", "lines", "and", "a", "tab"]
        assert ("\n" in text) == (target != "icdar")


def test_coco_has_what_pycocotools_asks_for(photos: list[dict[str, Any]], tmp_path: Path) -> None:
    convert(Samples(photos), "detection", tmp_path / "set", "coco")
    content = json.loads((tmp_path / "set/annotations.json").read_text())
    assert [photo["id"] for photo in content["images"]] == [1, 2, 3]
    assert content["images"][0]["width"] == 48
    assert content["categories"][0]["name"] == "text"
    words = content["annotations"]
    assert [(w["id"], w["image_id"], w["iscrowd"]) for w in words] == [
        (1, 1, 0),
        (2, 1, 0),
        (3, 1, 1),
        (4, 3, 0),
    ]
    assert words[3]["bbox"] == [32, 4, 12, 8]
    assert words[3]["area"] == 96
    assert words[3]["segmentation"] == [[32, 4, 44, 4, 44, 12, 32, 12]]
    assert "utf8_string" not in words[1]
    assert not list((tmp_path / "set").glob("*.part"))


def test_a_coco_set_without_photos_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="nothing could be converted"):
        convert(Samples([]), "detection", tmp_path / "set", "coco")


@pytest.mark.parametrize("target", WRITERS)
@pytest.mark.parametrize("interrupt_at", [0, 2, 3])
def test_interrupted_conversions_go_on(
    target: str,
    interrupt_at: int,
    photos: list[dict[str, Any]],
    crops: list[dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("spotter.conversion.conversion._SAMPLES_PER_CHECKPOINT", 2)
    task: Any = "recognition" if target == "lmdb" else "detection"
    samples = crops if target == "lmdb" else [*photos, {**photos[0], "img_path": "none.png"}]
    if target != "lmdb":
        (tmp_path / "source/images/img_5.png").write_bytes(
            (tmp_path / "source/images/img_1.png").read_bytes()
        )
        samples.append({**photos[0], "img_path": str(tmp_path / "source/images/img_5.png")})
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    convert(Samples(samples), task, whole, target, "copy")
    with pytest.raises(KeyboardInterrupt):
        convert(Samples(samples, interrupt_at), task, parts, target, "copy")
    steps: list[int] = []
    counts = convert(Samples(samples), task, parts, target, "copy", advance=steps.append)
    # The first step brings the bar to where the run before it was sure to be.
    assert steps[0] == interrupt_at // 2 * 2
    assert sum(steps) == 5
    assert (counts.samples, counts.refused) == ((5, 0) if target == "lmdb" else (4, 1))
    if target == "lmdb":
        texts = [sample["text"] for sample in open_layout("lmdb", parts)]
        assert texts == [sample["text"] for sample in crops]
        return
    files = sorted(path.relative_to(whole) for path in whole.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(parts) for path in parts.rglob("*") if path.is_file())
    for file in files:
        assert (whole / file).read_bytes() == (parts / file).read_bytes(), file
    assert (parts / "refused.txt").read_text() == "none.png: no such file\n"


def test_a_complete_set_is_not_written_again(crops: list[dict[str, Any]], tmp_path: Path) -> None:
    root = tmp_path / "set"
    first = convert(Samples(crops), "recognition", root, "paddle")
    before = (root / "rec_gt.txt").stat().st_mtime_ns
    assert convert(Samples(crops), "recognition", root, "paddle") == first
    assert (root / "rec_gt.txt").stat().st_mtime_ns == before


def test_foreign_folders_are_left_alone(crops: list[dict[str, Any]], tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.tex").write_text("")
    with pytest.raises(ConfigError, match=r"not empty \(thesis.tex\)"):
        convert(Samples(crops), "recognition", tmp_path / "mine", "paddle")
    convert(Samples(crops), "recognition", tmp_path / "set", "paddle")
    with pytest.raises(ConfigError, match="was begun with target paddle"):
        convert(Samples(crops), "recognition", tmp_path / "set", "lmdb")
    with pytest.raises(ConfigError, match=r"add --crops, or write to canonical, icdar"):
        convert(Samples([]), "detection", tmp_path / "new", "lmdb")
    with pytest.raises(ConfigError, match="coco holds photos"):
        convert(Samples(crops), "recognition", tmp_path / "new", "coco")
    with pytest.raises(ConfigError, match="no such target"):
        convert(Samples(crops), "recognition", tmp_path / "new", "yaml")
    assert not (tmp_path / "new").exists()


def test_unreadable_images_are_refused(crops: list[dict[str, Any]], tmp_path: Path) -> None:
    Path(crops[1]["img_path"]).write_bytes(b"no image")
    Path(crops[3]["img_path"]).unlink()
    counts = convert(Samples(crops), "recognition", tmp_path / "set", "lmdb")
    assert (counts.samples, counts.refused) == (3, 2)
    texts = [sample["text"] for sample in open_layout("lmdb", tmp_path / "set")]
    assert texts == ["one", 'say "no"', "Straße"]
    first, second = (tmp_path / "set/refused.txt").read_text().splitlines()
    assert first.startswith(f"{crops[1]['img_path']}: not an image")
    assert second == f"{crops[3]['img_path']}: no such file"


def test_the_wrong_kind_of_layout(
    photos: list[dict[str, Any]], crops: list[dict[str, Any]], tmp_path: Path
) -> None:
    with pytest.raises(AnnotationError, match="nothing could be converted"):
        convert(Samples(crops), "detection", tmp_path / "a", "canonical")
    assert "is a word crop" in (tmp_path / "a/refused.txt").read_text()
    with pytest.raises(AnnotationError, match="nothing could be converted"):
        convert(Samples(photos), "recognition", tmp_path / "b", "lmdb")
    assert "is a labelled photo" in (tmp_path / "b/refused.txt").read_text()


def test_two_photos_of_one_name(photos: list[dict[str, Any]], tmp_path: Path) -> None:
    other = tmp_path / "source/more/img_1.png"
    other.parent.mkdir()
    Image.new("RGB", (5, 5)).save(other)
    samples = [photos[0], {"img_path": str(other), "instances": []}]
    counts = convert(Samples(samples), "detection", tmp_path / "keep", "icdar")
    assert (counts.samples, counts.refused) == (1, 1)
    source = tmp_path / "source"
    counts = convert(Samples(samples), "detection", tmp_path / "copy", "icdar", "copy", source)
    assert counts.samples == 2
    names = {path.name for path in (tmp_path / "copy/images").iterdir()}
    assert names == {"img_1.png", "more_img_1.png"}
    assert (tmp_path / "copy/gt/gt_more_img_1.txt").read_text() == ""


@pytest.mark.parametrize("target", WORDS)
def test_word_crops_of_photos(target: str, photos: list[dict[str, Any]], tmp_path: Path) -> None:
    low = word(np.array([[0, 0], [9, 0], [9, 2], [0, 2]], np.float32), "low")
    photos[1]["instances"].append(low)
    words = SceneWordsReader(Samples(photos))
    counts = convert(words, "recognition", tmp_path / "set", target)
    assert (counts.samples, counts.words, counts.ignored) == (2, 2, 1)
    assert counts.left_out == {"unlabelled": 1, "lower than 4 pixels": 1}
    found = list(open_layout(WORDS[target], tmp_path / "set"))
    assert [sample["text"] for sample in found] == ['Café, "5"', "SALE"]
    sample = found[1]
    data = (
        read_lmdb_value(sample["lmdb_path"], sample["key"])
        if target == "lmdb"
        else sample["img_path"]
    )
    crop = read_image(data)
    assert crop.shape == (8, 12, 3)
    assert np.abs(crop.astype(int) - (50, 100, 200)).max() <= 4
