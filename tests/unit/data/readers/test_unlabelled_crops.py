"""One's own crops without labels, wherever they lie, in every self-supervised config."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from spotter.data.readers import UnlabelledCropsReader
from spotter.errors import AnnotationError, ConfigError
from spotter.labeling.crop_archive import CropArchive
from spotter.registry import DATASETS
from spotter.training.launch import load_config

RECIPES = Path(__file__).parents[4] / "configs" / "recipes"
SELF_SUPERVISED = sorted(
    path
    for kind in ("byol", "context_prediction", "moco", "seqclr", "simclr", "simsiam")
    for path in RECIPES.glob(f"{kind}_*.py")
)


def picture(value: int) -> np.ndarray:
    return np.full((30, 90, 3), value, np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "crops" / "more").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "crops" / "a.png"), picture(10))
    cv2.imwrite(str(tmp_path / "crops" / "more" / "b.png"), picture(20))
    return tmp_path / "crops"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    with CropArchive(tmp_path / "lmdb", {}) as written:
        data = cv2.imencode(".png", picture(30))[1].tobytes()
        written.add("photo.jpg", [(data, {"n": 1})])
    return tmp_path / "lmdb"


def test_a_folder_and_an_archive(folder: Path, archive: Path, tmp_path: Path) -> None:
    read = list(UnlabelledCropsReader(folder))
    assert [Path(sample["img_path"]).name for sample in read] == ["a.png", "b.png"]
    [crop] = UnlabelledCropsReader(archive)
    assert crop["lmdb_path"] == str(archive)
    assert {sample["text"] for sample in [*read, crop]} == {None}
    with pytest.raises(AnnotationError, match="no such folder"):
        UnlabelledCropsReader(tmp_path / "nothing")


@pytest.mark.parametrize("path", SELF_SUPERVISED, ids=lambda path: path.stem)
def test_self_supervised_configs_take_them(path: Path, folder: Path) -> None:
    cfg = load_config(path, {"data.crops": str(folder)})
    [own] = cfg.train_dataloader.dataset.datasets
    # Nothing else is read.
    assert cfg.custom_hooks == []
    dataset = DATASETS.build(dict(own, _scope_="spotter"))
    assert len(dataset) == 2
    sample = dataset[0]
    assert set(sample["inputs"]) <= {"view0", "view1", "crop"}
    # Without them it is the benchmarks' words.
    others = load_config(path).train_dataloader.dataset.datasets
    assert [words.name for words in others] == ["mlt17", "icdar2015", "iiit5k"]


def test_other_configs_do_not_take_them(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"does not take data\.crops"):
        load_config(RECIPES / "supervised_ctc_compact.py", {"data.crops": str(folder)})
