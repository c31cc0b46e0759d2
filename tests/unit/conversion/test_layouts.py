"""The table of layouts: complete, and the official places of files are found."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from spotter.conversion import LAYOUTS, Source
from spotter.errors import ConfigError
from spotter.registry import READERS


def tree(root: Path, *files: str) -> Path:
    for file in files:
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return root


def found(layout: str, root: Path, split: str | None = None, **options: Path) -> dict[str, str]:
    """Arguments of a reader, paths relative to ``root``."""
    arguments = LAYOUTS[layout].find(Source(root, split, **options))
    folder = root if root.is_dir() else root.parent
    return {
        key: value.relative_to(folder).as_posix() if isinstance(value, Path) else value
        for key, value in arguments.items()
    }


def test_every_reader_has_a_layout() -> None:
    READERS.import_from_location()
    used = {layout.reader for layout in LAYOUTS.values()}
    assert used <= set(READERS.module_dict)
    # Those that take other readers, such as that of the words of photos, are no layouts.
    own = {
        name
        for name, reader in READERS.module_dict.items()
        if reader.__module__.startswith("spotter.data.readers.")
        and not {"reader", "annotations"} & set(inspect.signature(reader).parameters)
    }
    # This one opens whichever of two layouts a path holds.
    assert own - {"UnlabelledCropsReader"} == used
    assert all(layout.source for layout in LAYOUTS.values())


def test_icdar2015_as_it_unpacks(tmp_path: Path) -> None:
    tree(
        tmp_path,
        "ch4_training_images/img_1.jpg",
        "ch4_training_localization_transcription_gt/gt_img_1.txt",
        "ch4_test_images/img_1.jpg",
        "Challenge4_Test_Task1_GT/gt_img_1.txt",
        "__MACOSX/ch4/._gt_img_1.txt",
    )
    assert found("icdar2015", tmp_path, "train") == {
        "annotation_root": "ch4_training_localization_transcription_gt",
        "image_root": "ch4_training_images",
    }
    assert found("icdar2015", tmp_path, "test") == {
        "annotation_root": "Challenge4_Test_Task1_GT",
        "image_root": "ch4_test_images",
    }
    with pytest.raises(ConfigError, match=r"several folders with gt_\*.txt: Challenge4.*--split"):
        found("icdar2015", tmp_path)
    with pytest.raises(ConfigError, match=r"holds no files gt_.* of the split 'val'"):
        found("icdar2015", tmp_path, "val")
    labels = tmp_path / "Challenge4_Test_Task1_GT"
    photos = tmp_path / "ch4_test_images"
    named = LAYOUTS["icdar2015"].find(Source(labels, None, photos))
    assert named == {"annotation_root": labels, "image_root": photos}


def test_icdar2013_and_the_shape_of_our_own_sets(tmp_path: Path) -> None:
    tree(
        tmp_path / "a",
        "Challenge2_Training_Task1_GT/gt_100.txt",
        "Challenge2_Training_Task12_Images/100.jpg",
        "Challenge2_Test_Task1_GT/gt_img_1.txt",
        "Challenge2_Test_Task12_Images/img_1.jpg",
    )
    assert found("icdar2013", tmp_path / "a", "test") == {
        "annotation_root": "Challenge2_Test_Task1_GT",
        "image_root": "Challenge2_Test_Task12_Images",
    }
    tree(tmp_path / "b", "gt/gt_img_1.txt", "images/img_1.jpg")
    ours = {"annotation_root": "gt", "image_root": "images"}
    assert found("icdar2013", tmp_path / "b") == found("icdar2015", tmp_path / "b", "train") == ours


def test_folders_of_label_files(tmp_path: Path) -> None:
    tree(
        tmp_path / "total",
        "Images/Train/img11.jpg",
        "Images/Test/img1.jpg",
        "Groundtruth/Text/Train/poly_gt_img11.txt",
        "Groundtruth/Text/Test/poly_gt_img1.txt",
        "Groundtruth/Polygon/Test/poly_gt_img1.mat",
    )
    assert found("total_text", tmp_path / "total", "test") == {
        "annotation_root": "Groundtruth/Text/Test",
        "image_root": "Images/Test",
    }
    assert found("total_text_mat", tmp_path / "total", "test") == {
        "annotation_root": "Groundtruth/Polygon/Test",
        "image_root": "Images/Test",
    }
    tree(tmp_path / "msra", "train/IMG_1.gt", "train/IMG_1.JPG", "test/IMG_2.gt", "test/IMG_2.JPG")
    assert found("msra_td500", tmp_path / "msra", "train") == {"annotation_root": "train"}
    assert found("msra_td500", tmp_path / "msra/test") == {"annotation_root": "."}
    tree(tmp_path / "mlt", "gt/tr_img_00001.txt", "images/tr_img_00001.jpg", "README.txt")
    assert found("mlt2019", tmp_path / "mlt") == {
        "annotation_root": "gt",
        "image_root": "images",
        "prefix": "",
    }


def test_json_files(tmp_path: Path) -> None:
    tree(tmp_path / "hier", "gt/train.jsonl.gz", "gt/validation.jsonl.gz", "validation/1.jpg")
    wanted = {"annotation_file": "gt/validation.jsonl.gz", "image_root": "validation"}
    assert found("hiertext", tmp_path / "hier", "val") == wanted
    file = tmp_path / "hier/gt/validation.jsonl.gz"
    assert LAYOUTS["hiertext"].find(Source(file))["image_root"] == tmp_path / "hier/validation"
    tree(tmp_path / "coco", "cocotext.v2.json", "train2014/1.jpg")
    assert found("coco_text", tmp_path / "coco", "val") == {
        "annotation_file": "cocotext.v2.json",
        "image_root": "train2014",
        "split": "val",
    }
    tree(tmp_path / "textocr", "TextOCR_0.1_train.json", "TextOCR_0.1_val.json", "train_images/1")
    assert found("textocr", tmp_path / "textocr", "val", image_root=tmp_path / "textocr") == {
        "annotation_file": "TextOCR_0.1_val.json",
        "image_root": ".",
    }


def test_word_crops(tmp_path: Path) -> None:
    root = tree(tmp_path / "Union14M-L", "train_annos/mmocr-0.x/train_easy.jsonl")
    file = root / "train_annos/mmocr-0.x/train_easy.jsonl"
    for source in (root, file):
        assert LAYOUTS["union14m"].find(Source(source))["image_root"] == root.absolute()
    tree(tmp_path / "mj", "annotation_train.txt", "annotation_val.txt", "2425/1/115_Lube_45484.jpg")
    assert found("mjsynth", tmp_path / "mj") == {"image_root": "."}
    assert found("mjsynth", tmp_path / "mj", "val") == {"annotation_file": "annotation_val.txt"}
    tree(tmp_path / "lmdb", "train/data.mdb", "test/data.mdb")
    assert found("lmdb", tmp_path / "lmdb", "test") == {"lmdb_path": "test"}
    assert found("lmdb", tmp_path / "lmdb/train") == {"lmdb_path": "."}
    for name in ("images", "ch4_test_word_images"):
        tree(tmp_path / name, f"{name}/word_1.png")
        (tmp_path / name / "gt.txt").write_text('\ufeffword_1.png, "A"\n', encoding="utf-8")
        assert found("icdar_words", tmp_path / name)["image_root"] == name
    tree(tmp_path / "iiit", "traindata.mat", "testdata.mat")
    assert found("iiit5k", tmp_path / "iiit", "test") == {"annotation_file": "testdata.mat"}
    with pytest.raises(ConfigError, match="--split train or test"):
        found("iiit5k", tmp_path / "iiit")


def test_options_of_a_reader(tmp_path: Path) -> None:
    file = tmp_path / "labels.txt"
    file.write_text("1.png one\n2.png\n3.png three\n")
    layout = LAYOUTS["word_list"]
    reader = layout.open(Source(file))
    assert [sample["text"] for sample in reader] == ["one", "three"]
    assert len(reader.refusals) == 1
    assert reader.refusals[0].startswith(f"{file}:2: ")
    unlabelled = layout.open(Source(file), {"labelled": False})
    assert [sample["text"] for sample in unlabelled] == [None] * 3
    with pytest.raises(ConfigError, match="WordListReader has no level; it has annotation_file"):
        layout.open(Source(file), {"level": "line"})


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file or folder"):
        Source(tmp_path / "none")
    with pytest.raises(ConfigError, match=r"holds no file labels\.txt or gt\.txt or \*\.txt"):
        found("word_list", tmp_path)
    tree(tmp_path, "gt/gt_img_1.txt")
    (tmp_path / "gt/gt_img_1.txt").write_text("0,0,1,0,1,1,0,1,word\n")
    reader = LAYOUTS["icdar2015"].open(Source(tmp_path))
    assert len(reader) == 0
    assert "no photo img_1" in reader.refusals[0]
