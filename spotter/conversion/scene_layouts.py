"""Layouts of labelled photos."""

from __future__ import annotations

from typing import Any

from spotter.conversion.layout import Layout, label_files, one_file, shards
from spotter.conversion.source import Source

# Official names first: "ch4_training_images", "Challenge2_Test_Task12_Images", "ImagesPart1".
_IMAGES = (
    *("images/*", "Images/*", "images", "Images", "*_images", "*_Images"),
    *("img", "imgs", "image", "."),
)


def _coco_text(source: Source) -> dict[str, Any]:
    file = source.file("cocotext.v2.json", "COCO_Text.json", "*.json")
    # All of its photos are of COCO's training part, those of its own validation part, too.
    official = source.folder / "train2014"
    images = source.image_root or (official if official.is_dir() else source.images("images", "."))
    found: dict[str, Any] = {"annotation_file": file, "image_root": images}
    return found | ({"split": source.split} if source.split in ("train", "val") else {})


def _hiertext(source: Source) -> dict[str, Any]:
    file = source.file("gt/*.jsonl*", "*.jsonl*")
    part = file.name.partition(".")[0]
    # The file may be named alone: it lies in gt, beside the folders of photos.
    images = source.image_root
    for folder in (source.folder, source.folder.parent):
        for place in (folder / part, folder / "images" / part):
            images = images or (place if place.is_dir() else None)
    return {"annotation_file": file, "image_root": images or source.images("images", ".")}


def _photos(source: Source) -> dict[str, Any]:
    return {"image_root": source.folder}


SCENE_LAYOUTS: dict[str, Layout] = {
    "art": Layout(
        "detection",
        "ArTReader",
        "folder with train_labels.json and train_images, or the file",
        one_file("train_labels.json", "*.json", images=("train_images", *_IMAGES)),
    ),
    "canonical": Layout(
        "detection",
        "CanonicalReader",
        "labels.jsonl as --to canonical writes it, or its folder",
        one_file("labels.jsonl", "*.jsonl"),
    ),
    "coco": Layout(
        "detection",
        "COCOInstancesReader",
        "COCO instances: annotations.json or its folder",
        one_file("annotations.json", "annotations/*.json", "*.json"),
    ),
    "coco_text": Layout(
        "detection",
        "COCOTextReader",
        "folder with cocotext.v2.json (or COCO_Text.json) and train2014, or the file",
        _coco_text,
    ),
    "ctw1500": Layout(
        "detection",
        "CTW1500TextReader",
        "end-to-end label files 0001001.txt (28 numbers, ####text) and photos, below one folder",
        label_files("[0-9]*.txt", images=("test_images", *_IMAGES)),
    ),
    "ctw1500_offsets": Layout(
        "detection",
        "CTW1500OffsetReader",
        "first label files 1001.txt (box and 28 offsets) and photos, below one folder",
        label_files("[0-9]*.txt", images=("*/text_image", "text_image", *_IMAGES)),
    ),
    "ctw1500_xml": Layout(
        "detection",
        "CTW1500XMLReader",
        "label files 0001.xml and photos, below one folder",
        label_files("[0-9]*.xml", images=("train_images", *_IMAGES)),
    ),
    "doctr": Layout(
        "detection",
        "DocTRReader",
        "folder with labels.json and images, or the file",
        one_file("labels.json", "*.json"),
    ),
    "folder": Layout("detection", "ImageFolderReader", "folder of photos without labels", _photos),
    "hiertext": Layout(
        "detection",
        "HierTextReader",
        "folder with gt/train.jsonl.gz and train, or the file; words, or "
        "--reader-options level=lines",
        _hiertext,
    ),
    "icdar2003": Layout(
        "detection",
        "ICDAR2003XMLReader",
        "words.xml (or locations.xml) or its folder, such as SceneTrialTrain",
        one_file("words.xml", "*/words.xml", "locations.xml", "*/locations.xml"),
    ),
    "icdar2013": Layout(
        "detection",
        "ICDAR2013Reader",
        "folder with gt_*.txt files (boxes or quadrilaterals) and photos in folders below",
        label_files("gt_*.txt", images=_IMAGES),
    ),
    "icdar2015": Layout(
        "detection",
        "ICDARDetectionReader",
        "folder with gt_img_*.txt files and photos in folders below",
        label_files("gt_*.txt", images=_IMAGES),
    ),
    "label_studio": Layout(
        "detection",
        "LabelStudioReader",
        "JSON export and photos in one folder, or the file",
        one_file("*.json", images=_IMAGES),
    ),
    "labelme": Layout(
        "detection",
        "LabelMeReader",
        "folder of LabelMe's JSON files",
        label_files("*.json"),
    ),
    "lsvt": Layout(
        "detection",
        "ArTReader",
        "folder with train_full_labels.json and train_full_images (both parts in one), or the file",
        one_file("train_full_labels.json", "*.json", images=("train_full_images*", *_IMAGES)),
    ),
    "mlt2017": Layout(
        "detection",
        "ICDARMLTReader",
        "folder with gt_img_*.txt files (with languages) and photos in folders below; the parts of "
        "the photos in one folder",
        label_files("gt_*.txt", images=_IMAGES),
    ),
    "mlt2019": Layout(
        "detection",
        "ICDARMLTReader",
        "folder with tr_img_*.txt files (with languages) and photos in folders below; both parts "
        "of the photos in one folder",
        label_files("tr_img_*.txt", "*img_*.txt", "*.txt", images=_IMAGES, prefix=""),
    ),
    "mmocr": Layout(
        "detection",
        "MMOCRReader",
        "textdet_train.json or its folder",
        one_file("textdet_*.json", "textspotting_*.json", "*.json"),
    ),
    "msra_td500": Layout(
        "detection",
        "MSRATD500Reader",
        "folder with train or test, or one of those: photos with their .gt files",
        label_files("*.gt"),
    ),
    "paddle": Layout(
        "detection",
        "PaddleOCRReader",
        "Label.txt or its folder",
        one_file("Label.txt", "label.txt", "*abel*.txt", "*.txt"),
    ),
    "svt": Layout(
        "detection",
        "SVTXMLReader",
        "train.xml or test.xml, or their folder with --split",
        one_file("*.xml"),
    ),
    "synthtext": Layout(
        "detection",
        "SynthTextReader",
        "gt.mat or its folder (SynthText)",
        lambda source: {**one_file("gt.mat", "*.mat")(source), "characters": False},
    ),
    "textocr": Layout(
        "detection",
        "TextOCRReader",
        "TextOCR_0.1_train.json and train_images, in one folder, or the file",
        one_file("TextOCR*.json", "*.json", images=("train_val_images", *_IMAGES)),
    ),
    "total_text": Layout(
        "detection",
        "TotalTextReader",
        "folder with poly_gt_img*.txt files and Images/Train or Images/Test, anywhere below",
        label_files("poly_gt_*.txt", images=_IMAGES),
    ),
    "total_text_lines": Layout(
        "detection",
        "TotalTextLinesReader",
        "folder with poly_gt_*.txt files of lines x1,y1,...<TAB>orientation<TAB>text and photos",
        label_files("poly_gt_*.txt", images=_IMAGES),
    ),
    "total_text_mat": Layout(
        "detection",
        "TotalTextMatReader",
        "folder with poly_gt_img*.mat files and Images/Train or Images/Test, anywhere below",
        label_files("poly_gt_*.mat", images=_IMAGES),
    ),
    "webdataset": Layout(
        "detection",
        "WebDatasetReader",
        "folder of WebDataset shards (.tar) of photos with .json of instances, or one of them",
        shards,
    ),
}
