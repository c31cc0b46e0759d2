"""Word crops in one JSON document: docTR's and MMOCR 1.x's."""

from __future__ import annotations

import pytest

from spotter.data.readers import DocTRWordsReader, MMOCRWordsReader
from spotter.errors import AnnotationError
from tests.unit.data.readers.json_photos import write_json


def test_doctr(tmp_path):
    words = {"1.jpg": "I", "sub/2.jpg": "été, “a”\t", "3.jpg": " "}
    file = write_json(tmp_path / "labels.json", words, bom=True)
    reader = DocTRWordsReader(file)
    assert [sample["text"] for sample in reader] == ["I", "été, “a”", None]
    assert reader[1]["img_path"] == str(tmp_path / "images/sub/2.jpg")
    assert DocTRWordsReader(file, "crops")[2]["img_path"] == "crops/3.jpg"
    write_json(file, {"1.jpg": "a", "2.jpg": None, "3.jpg": ["b"], "4.jpg": "c"})
    with pytest.raises(AnnotationError, match=r"labels\.json: 3\.jpg: expected a string"):
        DocTRWordsReader(file)
    lenient = DocTRWordsReader(file, strict=False)
    assert [sample["text"] for sample in lenient] == ["a", None, "c"]
    assert [sample["img_path"][-5:] for sample in lenient] == ["1.jpg", "2.jpg", "4.jpg"]
    assert len(lenient.refusals) == 1
    file.write_text('{"1.jpg": "a", "2.jp')
    with pytest.raises(AnnotationError, match=r"labels\.json:1: not JSON.*column 16.*cut off"):
        DocTRWordsReader(file)


def test_mmocr(tmp_path):
    def entry(name, *texts):
        return {"img_path": name, "instances": [{"text": text} for text in texts]}

    metainfo = {"dataset_type": "TextRecogDataset", "task_name": "textrecog"}
    entries = [entry("textrecog_imgs/1.jpg", "a b"), entry("2.jpg", ""), entry("3.jpg", "店")]
    file = write_json(tmp_path / "train.json", {"metainfo": metainfo, "data_list": entries})
    reader = MMOCRWordsReader(file)
    assert [sample["text"] for sample in reader] == ["a b", None, "店"]
    assert reader[0]["img_path"] == str(tmp_path / "textrecog_imgs/1.jpg")
    bad = [entry("4.jpg", "a", "b"), entry("5.jpg"), {"instances": []}, entry("6.jpg", 7), 8]
    write_json(file, {"data_list": [*bad, entry("9.jpg", "last")]})
    with pytest.raises(
        AnnotationError, match=r"data_list\[0\] \(4\.jpg\): a crop has one instance"
    ):
        MMOCRWordsReader(file)
    lenient = MMOCRWordsReader(file, "root", strict=False)
    assert list(lenient) == [{"img_path": "root/9.jpg", "text": "last"}]
    assert [refusal.split("data_list")[1][:3] for refusal in lenient.refusals] == [
        f"[{number}]" for number in range(5)
    ]
    with pytest.raises(AnnotationError, match="has no data_list"):
        MMOCRWordsReader(write_json(file, {"images": []}))
