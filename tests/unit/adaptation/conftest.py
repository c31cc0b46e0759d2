"""Crops in a folder and in an archive, and a small recognizer to adapt."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from spotter.adaptation.crops import Crops, gather_crops
from spotter.registry import MODELS
from spotter.training.header import make_header
from spotter.training.weights import save_weights

CHARACTERS = "0123456789"


def text_of(number: int) -> str:
    """What crop ``number`` says."""
    return f"{number * 37 % 100:02d}"


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 40 crops that say two digits."""
    folder = tmp_path_factory.mktemp("crops")
    for number in range(40):
        image = np.full((24, 40, 3), 220, np.uint8)
        cv2.putText(image, text_of(number), (2, 19), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (20,) * 3, 2)
        cv2.imwrite(str(folder / f"{number:02d}.png"), image)
    return folder


@pytest.fixture
def crops(pictures: Path, tmp_path: Path) -> Crops:
    """The crops in an archive."""
    return gather_crops(pictures, tmp_path / "crops.lmdb", None)


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recognizer of digits that has not learned anything."""
    torch.manual_seed(0)
    config = {
        "type": "FourStageRecognizer",
        "data_preprocessor": {"type": "RecDataPreprocessor"},
        "transformation": {"type": "NoTransformation"},
        "feature_extraction": {"type": "CompactMixer", "channels": (8, 8, 16), "depths": (1, 1, 1)},
        "sequence_modeling": {"type": "NoSequence"},
        "prediction": {"type": "CTCPrediction"},
        "charset": {"characters": CHARACTERS},
        "max_length": 8,
    }
    size = {"height": 32, "mode": "buckets", "widths": [48, 96]}
    header = make_header(
        "recognition", "small", config, CHARACTERS, {"mean": 127.5, "std": 127.5, **size}
    )
    file = tmp_path_factory.mktemp("weights") / "small.safetensors"
    save_weights(file, MODELS.build(config), header)
    return file
