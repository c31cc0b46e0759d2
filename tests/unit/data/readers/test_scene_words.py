"""Words of labelled photos as recognition samples, from label file to pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spotter.data import TextRecDataset
from spotter.data.readers import ICDARDetectionReader, SceneWordsReader, SVTXMLReader
from spotter.errors import AnnotationError

LABELS = """\
10,10,50,10,50,20,10,20,left
60,10,90,10,90,20,60,20,###
60,30,90,30,90,40,60,40
5,30,9,30,9,32,5,32,tiny
10,30,50,30,50,40,10,40,unreasonably
"""


@pytest.fixture
def photos(tmp_path: Path) -> dict:
    """A photo of 100 x 50 whose red value is the column, with five words."""
    for folder in ("gt", "images"):
        (tmp_path / folder).mkdir()
    (tmp_path / "gt" / "gt_img_1.txt").write_text(LABELS)
    pixels = np.zeros((50, 100, 3), np.uint8)
    pixels[..., 0] = np.arange(100)
    Image.fromarray(pixels).save(tmp_path / "images" / "img_1.png")
    return {
        "type": "ICDARDetectionReader",
        "annotation_root": tmp_path / "gt",
        "image_root": tmp_path / "images",
    }


def test_labelled_words_of_enough_height_are_kept(photos: dict) -> None:
    words = SceneWordsReader(photos, max_length=10)
    assert [word["text"] for word in words] == ["left"]
    assert SceneWordsReader(photos)[1]["text"] == "unreasonably"
    unlabelled = SceneWordsReader(photos, max_length=10, unlabelled=True)
    assert [word["text"] for word in unlabelled] == ["left", None]
    assert len(SceneWordsReader(photos, max_length=10, min_height=2)) == 2


def test_pixels_are_those_of_the_word(photos: dict, tmp_path: Path) -> None:
    word = TextRecDataset(SceneWordsReader(photos)).sample(0)
    assert word["polygon"].tolist() == [[10, 10], [50, 10], [50, 20], [10, 20]]
    cached = TextRecDataset(
        SceneWordsReader(photos), pipeline=[{"type": "LoadCrop"}], cache_dir=tmp_path / "cache"
    )
    image = cached[0]["img"]
    assert image.shape == (10, 40, 3)
    assert image[5, :, 2].tolist() == list(range(10, 50))


def test_margin_and_resized_photos(photos: dict) -> None:
    words = SceneWordsReader({**photos, "resize_to": (200, 100)}, margin=0.1)
    np.testing.assert_allclose(words[0]["polygon"], [[18, 18], [102, 18], [102, 42], [18, 42]])
    assert words[0]["resize_to"] == (200, 100)
    loaded = TextRecDataset(words, pipeline=[{"type": "LoadCrop"}])[0]["img"]
    assert loaded.shape == (24, 84, 3)


def test_another_polygon_makes_another_cache(photos: dict, tmp_path: Path) -> None:
    for margin in (0.0, 0.5):
        TextRecDataset(SceneWordsReader(photos, margin=margin), cache_dir=tmp_path)
    assert len(list(tmp_path.glob("*.bin"))) == 2


XML = """<?xml version="1.0" encoding="utf-8"?>
<tagset><image><imageName>img/a.png</imageName><lex>ONE,TWO, ,THREE</lex>
<Resolution x="60" y="40"/><taggedRectangles>
<taggedRectangle height="10" width="20.5" x="5" y="7"><tag>TWO</tag></taggedRectangle>
</taggedRectangles></image></tagset>"""


def test_street_view_text(tmp_path: Path) -> None:
    (tmp_path / "img").mkdir()
    Image.new("RGB", (60, 40)).save(tmp_path / "img" / "a.png")
    (tmp_path / "train.xml").write_text(XML)
    (sample,) = SVTXMLReader(tmp_path / "train.xml")
    assert sample["img_path"] == str(tmp_path / "img" / "a.png")
    assert sample["lexicon"] == ["ONE", "TWO", "THREE"]
    (word,) = sample["instances"]
    assert word["polygon"].tolist() == [[5, 7], [25.5, 7], [25.5, 17], [5, 17]]
    assert (word["text"], word["ignore"]) == ("TWO", False)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('x="5"', 'x="five"', "rectangle 1"),
        ("img/a.png", "img/b.png", "no photo"),
        ("<imageName>img/a.png</imageName>", "", "imageName"),
        ("</tagset>", "", "not XML"),
    ],
)
def test_faults_of_street_view_text(tmp_path: Path, old: str, new: str, message: str) -> None:
    (tmp_path / "img").mkdir()
    Image.new("RGB", (60, 40)).save(tmp_path / "img" / "a.png")
    (tmp_path / "train.xml").write_text(XML.replace(old, new))
    with pytest.raises(AnnotationError, match=message):
        SVTXMLReader(tmp_path / "train.xml")
    with pytest.raises(AnnotationError, match="no such file"):
        SVTXMLReader(tmp_path / "missing.xml")


def test_a_reader_is_taken_as_it_is(photos: dict) -> None:
    options = {key: value for key, value in photos.items() if key != "type"}
    assert len(SceneWordsReader(ICDARDetectionReader(**options))) == 2


def test_context_is_shown_told_and_cut_away_again(photos: dict, tmp_path: Path) -> None:
    """A word of 40 x 10 with half its height around it, and a tenth of it when it is cut out."""
    reader = SceneWordsReader(photos, context=0.5)
    assert reader[0]["polygon"].tolist() == [[5, 5], [55, 5], [55, 25], [5, 25]]
    assert reader[0]["context"] == 0.5
    assert "context" not in SceneWordsReader(photos)[0]
    steps = [{"type": "LoadCrop"}, {"type": "RecResize", "height": 12, "width": 42}]
    for options in ({}, {"cache_dir": tmp_path / "cache"}):
        dataset = TextRecDataset(reader, steps, **options)
        assert dataset.image_size(0) == (42, 12)
        image = dataset[0]["img"]
        assert image.shape == (12, 42, 3)
        assert image[5, :, 2].tolist() == list(range(9, 51))
    assert TextRecDataset(SceneWordsReader(photos)).image_size(0) == (40, 10)
