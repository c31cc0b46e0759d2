"""Weights that studies start from."""

from __future__ import annotations

from pathlib import Path

import pytest
from mmengine.registry import DefaultScope

from spotter.registry import MODELS
from spotter.training.header import make_header, register_models
from spotter.training.weights import save_weights

PREPROCESSING = {
    "mean": 127.5,
    "std": 127.5,
    "height": 32,
    "mode": "buckets",
    "widths": [32, 64],
    "stretch": 1.2,
}
RECOGNIZER = {
    "type": "FourStageRecognizer",
    "data_preprocessor": {"type": "RecDataPreprocessor", "mean": 127.5, "std": 127.5},
    "transformation": None,
    "feature_extraction": {"type": "CompactMixer", "size": "tiny", "depths": [1, 1, 1, 1]},
    "sequence_modeling": None,
    "prediction": {"type": "CTCPrediction"},
    "charset": "36",
    "max_length": 8,
    "rescorer": {"type": "TransformerPrediction", "weight": 0.5, "channels": 16},
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    register_models()
    with DefaultScope.overwrite_default_scope("spotter"):
        model = MODELS.build(RECOGNIZER)
    path = tmp_path_factory.mktemp("start") / "start.safetensors"
    characters = model.charset.characters
    header = make_header("recognition", "start", RECOGNIZER, characters, PREPROCESSING)
    save_weights(path, model, header)
    return path
