"""Layouts of word crops."""

from __future__ import annotations

from typing import Any

from spotter.conversion.layout import Layout, one_file, shards
from spotter.conversion.source import Source
from spotter.data.readers.base import read_lines
from spotter.errors import ConfigError


def _crops(source: Source) -> dict[str, Any]:
    return {"image_root": source.folder}


def _lmdb(source: Source) -> dict[str, Any]:
    return {"lmdb_path": source.file("data.mdb", "*/data.mdb").parent}


def _icdar_words(source: Source) -> dict[str, Any]:
    file = source.file("gt.txt", "*word_images_gt/gt.txt", "*Task3_GT.txt", "*.txt")
    if source.image_root is not None:
        return {"annotation_file": file, "image_root": source.image_root}
    # Crops lie beside gt.txt in the training archive, and in one of their own in the test's.
    places = [file.parent, file.parent / "images", *sorted(file.parent.glob("*_[Ii]mages*"))]
    lines = read_lines(file)
    first = lines[0][1].partition(",")[0].strip() if lines else ""
    here = [place for place in places if (place / first).is_file()]
    return {"annotation_file": file, "image_root": [*here, file.parent][0]}


def _mjsynth(source: Source) -> dict[str, Any]:
    root = {} if source.image_root is None else {"image_root": source.image_root}
    listed = (source.path / "annotation.txt").exists()
    if source.path.is_dir() and source.split is None and not listed:
        return {"image_root": source.path}
    split = "" if source.split is None else f"_{source.split}"
    return {"annotation_file": source.file(f"annotation{split}.txt"), **root}


def _union14m(source: Source) -> dict[str, Any]:
    file = source.file("train_annos/mmocr-0.x/*.jsonl", "*/*.jsonl", "*.jsonl").absolute()
    if source.image_root is not None:
        return {"annotation_file": file, "image_root": source.image_root}
    annotations = [folder for folder in file.parents if folder.name.endswith("_annos")]
    root = annotations[0].parent if annotations else file.parent
    return {"annotation_file": file, "image_root": root}


def _iiit5k(source: Source) -> dict[str, Any]:
    if source.path.is_dir() and source.split is None:
        raise ConfigError(f"{source.path}: choose --split train or test, or name traindata.mat")
    names = (f"{source.split}data.mat", f"{source.split}CharBound.mat")
    return one_file(*names)(source)


def _tabbed(source: Source) -> dict[str, Any]:
    return {**one_file("rec_gt*.txt", "*.txt")(source), "delimiter": "\t"}


WORD_LAYOUTS: dict[str, Layout] = {
    "canonical_words": Layout(
        "recognition",
        "CanonicalReader",
        "labels.jsonl as --to canonical writes it, or its folder",
        one_file("labels.jsonl", "*.jsonl"),
    ),
    "cute80": Layout(
        "recognition",
        "CUTE80Reader",
        "list of crops (timage/001.jpg RONALDO 1 RONALDO) or its folder",
        one_file("gt*.txt", "label*.txt", "*.txt"),
    ),
    "doctr_words": Layout(
        "recognition",
        "DocTRWordsReader",
        "folder with labels.json and images, or the file",
        one_file("labels.json", "*.json"),
    ),
    "folder_words": Layout(
        "recognition", "ImageFolderReader", "folder of crops without labels", _crops
    ),
    "icdar_words": Layout(
        "recognition",
        "ICDARWordListReader",
        'list of lines word_1.png, "text" (gt.txt) or its folder',
        _icdar_words,
    ),
    "iiit5k": Layout(
        "recognition",
        "IIIT5KReader",
        "folder with traindata.mat and train (testdata.mat and test), or the file",
        _iiit5k,
    ),
    "lmdb": Layout("recognition", "LMDBReader", "folder with data.mdb", _lmdb),
    "mjsynth": Layout(
        "recognition",
        "MJSynthReader",
        "mnt/ramdisk/max/90kDICT32px, or one of its annotation files",
        _mjsynth,
    ),
    "mmocr_words": Layout(
        "recognition",
        "MMOCRWordsReader",
        "textrecog_train.json or its folder",
        one_file("textrecog_*.json", "*.json"),
    ),
    "paddle_words": Layout(
        "recognition",
        "WordListReader",
        "list of paths and words parted by tabs (rec_gt_train.txt) or its folder",
        _tabbed,
    ),
    "svtp": Layout(
        "recognition",
        "SVTPReader",
        "list of crops (13_15_0_par.jpg WYNDHAM) or its folder",
        one_file("gt*.txt", "label*.txt", "*.txt"),
    ),
    "union14m": Layout(
        "recognition",
        "WordJSONLinesReader",
        'a file of lines {"filename", "text"}, such as Union14M-L/train_annos/mmocr-0.x/'
        "train_easy.jsonl",
        _union14m,
    ),
    "webdataset_words": Layout(
        "recognition",
        "WebDatasetReader",
        "folder of WebDataset shards (.tar) of crops with .txt or .json, or one of them",
        shards,
    ),
    "word_list": Layout(
        "recognition",
        "WordListReader",
        "list of paths and words (labels.txt) or its folder",
        one_file("labels.txt", "gt.txt", "*.txt"),
    ),
}
