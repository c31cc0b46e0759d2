"""Samples as they are stored and as a pipeline packs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spotter.data.browsing import browse, browsing_page, look_at, open_datasets
from spotter.errors import ConfigError

CROP = [{"type": "LoadCrop"}, {"type": "RecResize", "height": 32, "mode": "fixed", "width": 64}]


@pytest.fixture
def scenes(tmp_path: Path) -> dict[str, Any]:
    """Two photos of 80 x 40: a labelled, an unlabelled and an ignored word; none."""
    for name in ("images", "gt"):
        (tmp_path / name).mkdir()
    for number in (1, 2):
        Image.new("RGB", (80, 40), (10, 20, 30)).save(tmp_path / f"images/img_{number}.png")
    boxes = ["4,4,44,4,44,20,4,20,A<B", "50,4,70,4,70,20,50,20,", "4,24,40,24,40,36,4,36,###"]
    (tmp_path / "gt/gt_img_1.txt").write_text("\n".join(boxes))
    (tmp_path / "gt/gt_img_2.txt").write_text("")
    reader = {
        "type": "ICDARDetectionReader",
        "annotation_root": str(tmp_path / "gt"),
        "image_root": str(tmp_path / "images"),
    }
    steps = [
        {"type": "LoadImage"},
        {"type": "ResizeByLimit", "limit_side": 64, "limit_type": "max", "size_divisor": 32},
        {"type": "DBTargets", "min_side": 2},
        {"type": "PackDetInputs"},
    ]
    return {"type": "TextDetDataset", "name": "photos", "reader": reader, "pipeline": steps}


@pytest.fixture
def words(tmp_path: Path) -> dict[str, Any]:
    """Six crops of 20 x 10, the last one damaged."""
    lines = []
    for number in range(6):
        Image.new("RGB", (20, 10), (40 * number, 0, 0)).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png w{number}\n")
    (tmp_path / "5.png").write_bytes(b"")
    (tmp_path / "labels.txt").write_text("".join(lines))
    reader = {"type": "WordListReader", "annotation_file": str(tmp_path / "labels.txt")}
    pack = {"type": "PackRecInputs"}
    return {"type": "TextRecDataset", "name": "words", "reader": reader, "pipeline": [*CROP, pack]}


def config(dataset: dict[str, Any]) -> dict[str, Any]:
    return {"train_dataloader": {"dataset": dataset}}


def test_a_photo_its_input_and_its_targets(scenes: dict[str, Any]) -> None:
    (dataset,) = open_datasets(config(scenes), "train")
    sample = look_at(dataset, 0)
    titles = [figure.title for figure in sample.figures]
    maps = ["shrink map", "shrink mask", "threshold map", "threshold mask"]
    assert titles == ["stored", "input", *maps]
    stored, packed = sample.figures[:2]
    assert stored.image.shape == (40, 80, 3)
    assert stored.image[0, 0].tolist() == [30, 20, 10]
    assert packed.image.shape == (32, 64, 3)
    assert [outline.kind for outline in stored.outlines] == ["true", "unlabelled", "ignored"]
    # 64 of 80 and 32 of 40 pixels are left.
    np.testing.assert_allclose(packed.outlines[0].polygon[2], (44 * 0.8, 20 * 0.8), rtol=1e-5)
    by_title = dict(zip(titles, sample.figures, strict=True))
    shrink_map, shrink_mask = by_title["shrink map"].image, by_title["shrink mask"].image
    assert set(np.unique(shrink_map)) == {0, 255}
    assert shrink_map[10, 19] == 255
    assert shrink_mask[24, 16] == 0
    assert by_title["threshold map"].image.min() == round(0.3 * 255)
    page = browsing_page("a & b", [sample])
    assert page.count("data:image/jpeg;base64,") == 6
    assert page.count("<title>A&lt;B</title>") == 2
    assert 'class="ignored"' in page
    assert 'class="samples"' in page


def test_words_of_several_sources(words: dict[str, Any]) -> None:
    both = {"type": "ConcatDataset", "datasets": [words, {**words, "name": "more"}]}
    datasets = open_datasets(config(both), "train")
    steps: list[int] = []
    samples = list(browse(datasets, 5, advance=steps.append))
    # Three of the first and two of the second, at even distances.
    assert [(sample.source, sample.index) for sample in samples] == [
        ("words", 0),
        ("words", 2),
        ("words", 4),
        ("more", 0),
        ("more", 3),
    ]
    assert steps == [1] * 5
    assert [figure.text for figure in samples[1].figures] == ["w2", "w2"]
    assert [figure.image.shape for figure in samples[1].figures] == [(10, 20, 3), (32, 64, 3)]
    assert samples[1].place.endswith("2.png")
    assert len(list(browse(datasets, 100))) == 12


def test_what_is_turned_down(words: dict[str, Any]) -> None:
    (dataset,) = open_datasets(config(words), "train")
    sample = look_at(dataset, 5)
    assert sample.figures == []
    assert "5.png" in sample.refusal
    dataset.pipeline.transforms.insert(1, lambda results: None)
    sample = look_at(dataset, 1)
    assert [figure.title for figure in sample.figures] == ["stored"]
    assert sample.refusal == "the pipeline passes over this sample"
    assert "passes over" in browsing_page("words", [sample])


def test_all_views_of_a_recipe(words: dict[str, Any]) -> None:
    pack = {"type": "PackRecInputs"}
    views = {"weak": [*CROP[1:], pack], "strong": [dict(CROP[1], width=32), pack]}
    branch = {
        "type": "MultiBranch",
        "fields": ("labelled", "weak", "strong"),
        "shared": CROP[:1],
        "branches": views,
    }
    (dataset,) = open_datasets(config({**words, "pipeline": [branch]}), "train")
    sample = look_at(dataset, 2)
    assert [(figure.title, figure.image.shape[1]) for figure in sample.figures] == [
        ("stored", 20),
        ("weak", 64),
        ("strong", 32),
    ]
    assert 'class="samples crops"' in browsing_page("recipe", [sample])


def test_configs_without_data(words: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="no val_dataloader"):
        open_datasets(config(words), "val")
