"""Crops to adapt to: gathered, and held back by their photo."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from spotter.adaptation.crops import Crops, gather_crops
from spotter.errors import ConfigError, ImageError
from spotter.labeling.crop_mining import CropMiningSettings
from tests.unit.pipeline.networks import bright_detector, photo


def test_a_folder_of_words_is_gathered_once(tmp_path: Path) -> None:
    folder = tmp_path / "words"
    (folder / "more").mkdir(parents=True)
    cv2.imwrite(str(folder / "tall.png"), np.full((128, 200, 3), 9, np.uint8))
    cv2.imwrite(str(folder / "more" / "low.png"), np.full((20, 50, 3), 200, np.uint8))
    (folder / "broken.png").write_bytes(b"no picture")
    crops = gather_crops(folder, tmp_path / "crops.lmdb", None)
    assert sorted(crops.origins) == ["more/low.png", "tall.png"]
    sizes = {name: crops.load(i).shape for i, name in enumerate(crops.origins)}
    # Taller crops than a recognizer can use are reduced.
    assert sizes == {"tall.png": (64, 100, 3), "more/low.png": (20, 50, 3)}
    # An archive is a source, too.
    again = gather_crops(tmp_path / "crops.lmdb", tmp_path / "copy.lmdb", None)
    assert again.origins == ["image-000000001", "image-000000002"]
    with pytest.raises(ConfigError, match="begun with other settings"):
        gather_crops(folder / "more", tmp_path / "copy.lmdb", None)
    with pytest.raises(ImageError, match="no such folder"):
        gather_crops(tmp_path / "nothing", tmp_path / "new.lmdb", None)


def test_words_are_found_in_photos(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    boxes = [(20, 20, 90, 24), (20, 80, 80, 40)]
    cv2.imwrite(str(folder / "two.png"), photo(200, 160, boxes, 2))
    cv2.imwrite(str(folder / "none.png"), photo(200, 160, [], 4))
    detector = bright_detector(tmp_path / "bright.onnx")
    mining = CropMiningSettings(str(detector), runtime="onnx", min_score=0.3)
    crops = gather_crops(folder, tmp_path / "crops.lmdb", mining)
    assert crops.origins == ["two.png", "two.png"]
    (folder / "two.png").unlink()
    with pytest.raises(ConfigError, match="no words were found in it; with --crops"):
        gather_crops(folder, tmp_path / "empty.lmdb", mining)


def test_words_of_one_photo_are_on_one_side() -> None:
    origins = [f"photo {index // 3}" for index in range(300)]
    crops = Crops(Path("archive"), origins)
    learned, held = crops.split(0.3, hidden={"photo 0"})
    assert sorted(learned + held) == list(range(3, 300))
    assert 0.15 < len(held) / 297 < 0.45
    assert not {origins[i] for i in learned} & {origins[i] for i in held}
    # With more photos the same ones are held back.
    more = Crops(Path("archive"), [*origins, "another"])
    assert set(held) <= set(more.split(0.3)[1])
    assert crops.split(0.0)[1] == []
