"""Readers against small files in each layout."""

import os
from pathlib import Path

import lmdb
import numpy as np
import pytest
from PIL import Image

from spotter.data.readers import (
    ICDARDetectionReader,
    ICDARWordListReader,
    ImageFolderReader,
    LMDBReader,
    SelectedReader,
    WordListReader,
    read_lmdb_value,
)
from spotter.data.readers.icdar_detection import parse_icdar_line
from spotter.errors import AnnotationError, ConfigError
from spotter.io.images import read_image
from spotter.registry import READERS

SHARED = Path(os.environ.get("SPOTTER_SHARED", Path(__file__).parents[3] / "../shared"))
needs_shared = pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="no shared data")

SQUARE = "0,0,8,0,8,4,0,4"


@pytest.fixture
def photos(tmp_path):
    """Eleven 12 x 8 photos, img_1 to img_11, each with one word named after it."""
    (tmp_path / "images").mkdir()
    (tmp_path / "gt").mkdir()
    for number in range(1, 12):
        Image.new("RGB", (12, 8)).save(tmp_path / f"images/img_{number}.png")
        (tmp_path / f"gt/gt_img_{number}.txt").write_text(f"{SQUARE},w{number}\n")
    return tmp_path


def detection(root, **options):
    return ICDARDetectionReader(root / "gt", root / "images", **options)


def test_icdar_lines():
    def parse(line):
        return parse_icdar_line(line, "gt.txt:3")

    assert parse(f"{SQUARE},Genaxis Theatre")["text"] == "Genaxis Theatre"
    assert parse(f"{SQUARE},$1,000,")["text"] == "$1,000,"
    illegible = parse(f"{SQUARE},###")
    assert (illegible["text"], illegible["ignore"]) == (None, True)
    for line in (f"{SQUARE},", SQUARE):
        unlabelled = parse(line)
        assert (unlabelled["text"], unlabelled["ignore"]) == (None, False)
    polygon = parse("1.5,-2,8,0,8,4,0,4,a")["polygon"]
    assert polygon.dtype == np.float32
    np.testing.assert_array_equal(polygon, [[1.5, -2], [8, 0], [8, 4], [0, 4]])
    for line in ("1,2,3", "0,0,8,0,8,4,x,4,word", "0,0,8,0,8,4,nan,4,word", "word"):
        with pytest.raises(AnnotationError, match=r"^gt\.txt:3: "):
            parse(line)


def test_icdar_files_bom_crlf_and_blank_lines(photos):
    text = f"\ufeff{SQUARE},caf\u00e9\r\n\r\n{SQUARE},a\u2028b\r\n"
    (photos / "gt/gt_img_1.txt").write_bytes(text.encode())
    (photos / "gt/gt_img_2.txt").write_text("")
    reader = detection(photos)
    assert [item["text"] for item in reader[0]["instances"]] == ["caf\u00e9", "a\u2028b"]
    assert reader[1]["instances"] == []


def test_icdar_order_and_selection(photos):
    reader = detection(photos)

    def names(**options):
        return [Path(sample["img_path"]).stem for sample in SelectedReader(reader, **options)]

    with pytest.raises(IndexError):
        reader[11]
    assert Path(reader[-1]["img_path"]).stem == "img_11"
    assert names() == [f"img_{number}" for number in range(1, 12)]
    assert names(stop=-9) == ["img_1", "img_2"]
    assert names(start=9) == ["img_10", "img_11"]
    assert names(indices=[10, 0]) == ["img_11", "img_1"]
    with pytest.raises(ConfigError, match="index 11"):
        names(indices=[11])
    with pytest.raises(ConfigError, match="not both"):
        names(indices=[1], stop=3)


def test_icdar_scale_and_resize(photos):
    (instance,) = detection(photos, scale=(0.5, 2.0))[0]["instances"]
    np.testing.assert_array_equal(instance["polygon"], [[0, 0], [4, 0], [4, 8], [0, 8]])
    # Photos of 12 x 8 loaded at 24 x 4: x doubles, y halves.
    sample = detection(photos, resize_to=(24, 4))[0]
    assert sample["resize_to"] == (24, 4)
    expected = [[0, 0], [16, 0], [16, 2], [0, 2]]
    np.testing.assert_array_equal(sample["instances"][0]["polygon"], expected)


def test_icdar_samples_are_the_callers_own(photos):
    reader = detection(photos)
    reader[0]["instances"][0]["polygon"] += 100
    reader[0]["instances"].clear()
    np.testing.assert_array_equal(reader[0]["instances"][0]["polygon"][0], [0, 0])


def test_icdar_errors_name_file_and_line(photos):
    (photos / "gt/gt_img_3.txt").write_text(f"{SQUARE},ok\n1,2,3,oops\n")
    with pytest.raises(AnnotationError, match=r"gt_img_3\.txt:2: .*oops"):
        detection(photos)
    (photos / "gt/gt_img_3.txt").write_bytes(b"0,0,8,0,8,4,0,4,\xff\xfe\n")
    with pytest.raises(AnnotationError, match=r"gt_img_3\.txt:1: not UTF-8"):
        detection(photos)
    (photos / "gt/gt_img_3.txt").unlink()
    (photos / "images/img_4.png").unlink()
    with pytest.raises(AnnotationError, match=r"no photo img_4"):
        detection(photos)
    with pytest.raises(AnnotationError, match="no such folder"):
        ICDARDetectionReader(photos / "labels", photos / "images")


def test_icdar_word_list(tmp_path):
    file = tmp_path / "gt.txt"
    file.write_text(
        '\ufeffword_1.png, "Genaxis Theatre"\nword_2.png, "READER\\""\n'
        'word_3.png, "a\\\\b"\nword_4.png, ""\nword_5.png, "x, "y""\n',
        encoding="utf-8",
    )
    reader = ICDARWordListReader(file, tmp_path / "crops")
    texts = ["Genaxis Theatre", 'READER"', "a\\b", None, 'x, "y"']
    assert [sample["text"] for sample in reader] == texts
    assert reader[1]["img_path"] == str(tmp_path / "crops/word_2.png")
    file.write_text('word_1.png, "a"\nword_2.png b\n')
    with pytest.raises(AnnotationError, match=r"gt\.txt:2: "):
        ICDARWordListReader(file)


def test_word_list(tmp_path):
    file = tmp_path / "labels.txt"
    file.write_text("images/1.png You\nimages/2.png two words\nimages/3.png\ttab\n")
    reader = WordListReader(file)
    assert [sample["text"] for sample in reader] == ["You", "two words", "tab"]
    assert reader[0]["img_path"] == str(tmp_path / "images/1.png")
    file.write_text("a b.png\tword\n")
    (sample,) = WordListReader(file, image_root="root", delimiter="\t")
    assert (sample["img_path"], sample["text"]) == (os.path.join("root", "a b.png"), "word")
    file.write_text("1.png one\n2.png\n")
    with pytest.raises(AnnotationError, match=r"labels\.txt:2: "):
        WordListReader(file)
    file.write_text("my crop.png\t \n")
    with pytest.raises(AnnotationError, match=r"labels\.txt:1: "):
        WordListReader(file)
    file.write_text("1.png\n2 b.png\n")
    reader = WordListReader(file, labelled=False)
    assert [Path(sample["img_path"]).name for sample in reader] == ["1.png", "2 b.png"]
    assert all(sample["text"] is None for sample in reader)
    with pytest.raises(AnnotationError, match="no such file"):
        WordListReader(tmp_path / "absent.txt")


@pytest.mark.parametrize(
    ("line", "name", "text"),
    [
        ("my crop.PNG\tHOTEL", "my crop.PNG", "HOTEL"),
        ("my crop.png \ttwo words", "my crop.png", "two words"),
        ("my crop.png\ta\ttab", "my crop.png", "a\ttab"),
        ("my crop\tHOTEL", "my crop", "HOTEL"),
        ("crop.png\ttwo words", "crop.png", "two words"),
        ("crop.png two\ttabbed words", "crop.png", "two\ttabbed words"),
        ("crop.png HOTEL\t", "crop.png", "HOTEL"),
        ("crop HOTEL\t", "crop", "HOTEL"),
    ],
)
def test_word_list_with_spaces_and_tabs(tmp_path, line, name, text):
    file = tmp_path / "labels.txt"
    file.write_text(line + "\n")
    (sample,) = WordListReader(file)
    assert (sample["img_path"], sample["text"]) == (str(tmp_path / name), text)


@pytest.fixture
def archive(tmp_path):
    """Three crops of grey 10, 20 and 30; the second has an empty label."""
    path = str(tmp_path / "words")
    with lmdb.open(path, map_size=1 << 20) as environment, environment.begin(write=True) as put:
        put.put(b"num-samples", b"3")
        for number, text in enumerate(["one", "", "drei \u00fc"], start=1):
            Image.new("L", (8, 4), 10 * number).save(tmp_path / "crop.png")
            put.put(f"image-{number:09d}".encode(), (tmp_path / "crop.png").read_bytes())
            put.put(f"label-{number:09d}".encode(), text.encode())
    return path


def test_lmdb(archive, tmp_path):
    reader = LMDBReader(archive)
    assert [sample["text"] for sample in reader] == ["one", None, "drei \u00fc"]
    sample = LMDBReader(archive)[2]
    assert sample["key"] == "image-000000003"
    image = read_image(read_lmdb_value(sample["lmdb_path"], sample["key"]))
    np.testing.assert_array_equal(image, np.full((4, 8, 3), 30))
    assert LMDBReader(archive, labelled=False)[0]["text"] is None
    with pytest.raises(AnnotationError, match="image-000000009"):
        read_lmdb_value(archive, "image-000000009")
    with pytest.raises(AnnotationError, match="no such file"):
        LMDBReader(tmp_path / "absent")


def test_folder(photos):
    (photos / "images/notes.txt").write_text("no image")
    (photos / "images/deep").mkdir()
    Image.new("RGB", (4, 4)).save(photos / "images/deep/x.JPG")
    reader = READERS.build({"type": "ImageFolderReader", "image_root": photos / "images"})
    assert [Path(sample["img_path"]).stem for sample in reader][8:] == ["img_9", "img_10", "img_11"]
    assert reader[0]["text"] is None
    assert len(ImageFolderReader(photos / "images", recursive=True)) == 12
    with pytest.raises(AnnotationError, match="no images"):
        ImageFolderReader(photos / "gt")


@needs_shared
@pytest.mark.parametrize("name", ["icdar2015_train", "mlt17_en_fr", "icdar2003"])
def test_benchmark_photos(name):
    data = SHARED / "data"
    reader = SelectedReader(
        ICDARDetectionReader(data / name / "gt", data / name / "images"), stop=60
    )
    assert len(reader) == 60
    texts = [item["text"] for sample in reader for item in sample["instances"]]
    assert (set(texts) == {None}) == (name == "mlt17_en_fr")


@needs_shared
def test_benchmark_crops():
    words = SHARED / "data/icdar2015_words_train"
    reader = ICDARWordListReader(words / "gt.txt", words / "images")
    assert len(reader) == 4468
    assert reader[1012]["text"] == 'READER"'
    assert len(WordListReader(SHARED / "data/iiit5k_train/labels.txt")) == 2000
