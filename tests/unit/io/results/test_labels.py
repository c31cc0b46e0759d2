"""Label formats: what our readers make of the files is what was read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from spotter.data.readers import (
    CanonicalReader,
    COCOInstancesReader,
    ICDARDetectionReader,
    LabelStudioReader,
    PaddleOCRReader,
    Reader,
)
from spotter.errors import ConfigError
from spotter.io.results.files import FORMATS, check_names, check_output, write_results
from spotter.io.results.label_studio import to_label_studio
from spotter.structures import SpottingResult, TextInstance
from tests.unit.io.results.words import failed, result, word

READERS: dict[str, Callable[[Path], Reader]] = {
    "coco": lambda folder: COCOInstancesReader(folder / "annotations.json", folder),
    "paddle": lambda folder: PaddleOCRReader(folder / "Label.txt", folder),
    "icdar": lambda folder: ICDARDetectionReader(folder, folder),
    "labelstudio": lambda folder: LabelStudioReader(
        folder / "tasks.json", folder, predictions=True
    ),
}


def curved() -> TextInstance:
    top = [[100 + 20 * i, 200 - i * (4 - i) * 3] for i in range(5)]
    bottom = [[x, y + 20] for x, y in reversed(top)]
    return TextInstance(np.array(top + bottom, np.float32), "curved")


@pytest.fixture
def results(tmp_path: Path) -> list[SpottingResult]:
    cv2.imwrite(str(tmp_path / "photo.png"), np.zeros((300, 400, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "ü b.png"), np.zeros((60, 80, 3), np.uint8))
    second = SpottingResult("ü b.png", 80, 60, [word(3, 4, 50, 20, "zwei")])
    return [result(), failed(), second]


@pytest.mark.parametrize("name", READERS)
def test_round_trip(name: str, results: list[SpottingResult], tmp_path: Path) -> None:
    write_results(results, FORMATS[name], tmp_path)
    samples = {Path(sample["img_path"]).name: sample for sample in READERS[name](tmp_path)}
    assert sorted(samples) == ["photo.png", "ü b.png"]
    for expected in (results[0], results[2]):
        words = samples[expected.image]["instances"]
        assert [each["text"] for each in words] == [each.text for each in expected.instances]
        assert not any(each["ignore"] for each in words)
        for found, given in zip(words, expected.instances, strict=True):
            # The script that scores ICDAR's files takes whole pixels only.
            exact = np.rint(given.polygon) if name == "icdar" else given.polygon
            np.testing.assert_allclose(found["polygon"], exact, atol=0.01)


@pytest.mark.parametrize("name", READERS)
def test_curved_outlines(name: str, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "c.png"), np.zeros((300, 400, 3), np.uint8))
    given = curved()
    write_results([SpottingResult("c.png", 400, 300, [given])], FORMATS[name], tmp_path)
    (found,) = next(iter(READERS[name](tmp_path)))["instances"]
    if name == "icdar":
        # Points up to 12 above 200, and the lower side at 220: an upright rectangle.
        expected = [[100, 188], [180, 188], [180, 220], [100, 220]]
        np.testing.assert_allclose(found["polygon"], expected, atol=0.1)
    else:
        np.testing.assert_allclose(found["polygon"], given.polygon, atol=0.01)


def test_json_is_the_one_schema(results: list[SpottingResult], tmp_path: Path) -> None:
    (path,) = write_results(results, FORMATS["json"], tmp_path / "new" / "all.json")
    assert json.loads(path.read_text("utf-8")) == [each.to_dict() for each in results]
    lines = tmp_path / "lines.jsonl"
    lines.write_text("".join(each.to_json() + "\n" for each in results), encoding="utf-8")
    samples = list(CanonicalReader(lines))
    assert [len(sample["instances"]) for sample in samples] == [4, 1]
    assert results[0].to_json(indent=1).startswith('{\n "image": "photo.png"')


def test_coco_numbers(results: list[SpottingResult]) -> None:
    document = results[0].to_coco()
    assert document["images"] == [{"id": 1, "file_name": "photo.png", "width": 400, "height": 300}]
    third = document["annotations"][2]
    assert third["bbox"] == [20.25, 100, 90.5, 20]
    assert third["area"] == 1810
    assert third["score"] == 0.72
    assert third["segmentation"] == [[20.25, 100, 110.75, 100, 110.75, 120, 20.25, 120]]


def test_label_studio_predicts_until_it_is_confirmed(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "photo.png"), np.zeros((300, 400, 3), np.uint8))
    (task,) = result().to_label_studio()
    assert task["data"] == {"image": "/data/local-files/?d=photo.png"}
    (prediction,) = task["predictions"]
    assert prediction["score"] == round((3 * 0.72 + 0.25) / 4, 4)
    kinds = [part["type"] for part in prediction["result"]]
    assert kinds == ["polygon", "labels", "textarea"] * 4
    # 20 of 400 pixels and 20 of 300.
    assert prediction["result"][0]["value"]["points"][0] == [5, 6.6667]
    file = tmp_path / "tasks.json"
    file.write_text(json.dumps([task]))
    assert len(LabelStudioReader(file)) == 0
    file.write_text(json.dumps(to_label_studio([result()], reviewed=True)))
    (sample,) = LabelStudioReader(file)
    assert sample["instances"][0]["text"] == "Straße"
    # What somebody corrected counts, not what was predicted.
    corrected = {**task, "annotations": [{"result": prediction["result"][:3]}]}
    file.write_text(json.dumps([corrected]))
    (sample,) = LabelStudioReader(file, predictions=True)
    assert len(sample["instances"]) == 1


def test_addresses_of_label_studio() -> None:
    names = ["https://a.example/b c.jpg", "d/e f&g.jpg"]
    tasks = to_label_studio([result(name) for name in names], "http://host/")
    assert [task["data"]["image"] for task in tasks] == [names[0], "http://host/d/e%20f%26g.jpg"]


def test_a_file_for_each_photo(tmp_path: Path) -> None:
    pages = [SpottingResult("a/scan.pdf", 9, 9, page=page) for page in (1, 2)]
    files = write_results([*pages, failed()], FORMATS["hocr"], tmp_path)
    assert [file.name for file in files] == ["scan.page1.hocr", "scan.page2.hocr"]
    check_names(["a/x.jpg", "b/x.jpg"], FORMATS["coco"])
    with pytest.raises(ConfigError, match=r"a/x\.jpg and b/x\.png would both .* gt_x\.txt"):
        check_names(["a/x.jpg", "b/x.png"], FORMATS["icdar"])
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be written"):
        write_results(pages, FORMATS["alto"], tmp_path / "file")


@pytest.mark.parametrize("name", READERS)
def test_labels_are_of_the_picture_that_is_opened(name: str, tmp_path: Path) -> None:
    levels = [Image.new("L", (90, 60), level) for level in (10, 20)]
    levels[0].save(tmp_path / "two.tif", save_all=True, append_images=levels[1:])
    pages = [
        SpottingResult("two.tif", 90, 60, [word(3, 4, 50, 20, f"page{page}")], page=page)
        for page in (1, 2)
    ]
    document = SpottingResult("scan.pdf", 90, 60, [word(3, 4, 50, 20, "pdf")], page=1)
    write_results([*pages, document], FORMATS[name], tmp_path)
    (sample,) = READERS[name](tmp_path)
    assert Path(sample["img_path"]).name == "two.tif"
    assert [each["text"] for each in sample["instances"]] == ["page1"]
    assert [FORMATS["json"].leaves_out(page) for page in pages] == [False, False]


def test_no_picture_and_nothing_that_is_read_is_written_over(tmp_path: Path) -> None:
    photo = tmp_path / "b.jpg"
    photo.write_bytes(b"pixels")
    for name in ("b.jpg", "new.PNG", "scan.pdf"):
        with pytest.raises(ConfigError, match="ends like a picture"):
            write_results([result()], FORMATS["coco"], tmp_path / name)
    assert photo.read_bytes() == b"pixels"
    assert [path.name for path in tmp_path.iterdir()] == ["b.jpg"]
    names = tmp_path / "Label.txt"
    names.write_text("b.jpg")
    for out in (names, tmp_path):
        with pytest.raises(ConfigError, match=r"Label\.txt: is what is read"):
            check_output(out, FORMATS["paddle"], ["http://host/a.jpg", photo, names])
    check_output(names, FORMATS["paddle"], [photo])


def test_names_and_texts_keep_to_their_lines() -> None:
    odd = SpottingResult("a\tb\n c.png", 9, 9, [word(1, 1, 5, 5, "one\ntwo\tthree ")])
    (line,) = odd.to_paddle().splitlines()
    name, _, words = line.partition("\t")
    assert name == "a\ufffdb\ufffd c.png"
    assert json.loads(words)[0]["transcription"] == "one two three"
    assert odd.to_icdar() == "1,1,6,1,6,6,1,6,one two three\n"
