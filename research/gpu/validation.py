"""Scores on what no training has seen: words exactly and folded, photos by their boxes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor

from research.gpu.sources import input_size, open_source
from spotter.data.transforms import LoadCrop, LoadImage, PackDetInputs, PackRecInputs, RecResize
from spotter.data.transforms.det_resize import ResizeByLimit
from spotter.evaluation.protocols.detection import evaluate_detection
from spotter.registry import MODELS

_BATCH = 128


def validate(
    cfg: Config, state: dict[str, Tensor], device: torch.device, cache: Path, limit: int | None
) -> dict[str, float]:
    """Scores of a state of the config's model, computed in float32 without compiling."""
    model = MODELS.build(dict(cfg.model))
    model.load_state_dict(state)
    model = model.to(device).eval()
    score = photo_scores if cfg.task == "detection" else word_scores
    with torch.inference_mode():
        return score(cfg, model, cache, limit)


def word_scores(cfg: Config, model: Any, cache: Path, limit: int | None) -> dict[str, float]:
    """``NAME/exact`` (marks and case count) and ``NAME/folded`` (letters and digits) per set.

    ``accuracy`` is the mean of the sets: exact, of a set whose labels lack case or marks, folded.
    """
    scores: dict[str, float] = {}
    counted = []
    for row in cfg.words_val:
        pipeline = [LoadCrop(), RecResize(**input_size(cfg)), PackRecInputs()]
        dataset = open_source(row, pipeline, cache, limit)
        by_width: dict[int, list[dict[str, Any]]] = {}
        for index in range(len(dataset)):
            item = dataset[index]
            by_width.setdefault(item["inputs"].shape[-1], []).append(item)
        pairs = []
        for items in by_width.values():
            for start in range(0, len(items), _BATCH):
                part = items[start : start + _BATCH]
                data = {
                    "inputs": [item["inputs"] for item in part],
                    "data_samples": [item["data_samples"] for item in part],
                }
                data = model.data_preprocessor(data)
                read = model(data["inputs"], data["data_samples"], mode="predict")
                pairs += [(sample.text or "", sample.predicted_text or "") for sample in read]
        exact = sum(_spelled(true) == _spelled(said) for true, said in pairs) / len(pairs)
        folded = sum(_folded(true) == _folded(said) for true, said in pairs) / len(pairs)
        scores[f"{row['name']}/folded"] = folded
        if not row.get("folded"):
            scores[f"{row['name']}/exact"] = exact
        counted.append(folded if row.get("folded") else exact)
    return {"accuracy": sum(counted) / len(counted), **scores}


def photo_scores(cfg: Config, model: Any, cache: Path, limit: int | None) -> dict[str, float]:
    """``hmean``, ``precision`` and ``recall`` at IoU 0.5, with the config's fixed thresholds."""
    names = ("limit_side", "limit_type", "size_divisor")
    resize = ResizeByLimit(**{name: cfg.preprocessing[name] for name in names})
    dataset = open_source(cfg.photos_val, [LoadImage(), resize, PackDetInputs()], cache, limit)
    truths, found = [], []
    for index in range(len(dataset)):
        item = dataset[index]
        truths.append(dataset.sample(index)["instances"])
        batch = {"inputs": [item["inputs"]], "data_samples": [item["data_samples"]]}
        data = model.data_preprocessor(batch)
        (sample,) = model(data["inputs"], data["data_samples"], mode="predict")
        found.append(
            [
                {"polygon": word.polygon, "text": None, "ignore": False, "score": word.score}
                for word in sample.predictions
            ]
        )
    scores = evaluate_detection(found, truths)
    return {name: getattr(scores, name) for name in ("hmean", "precision", "recall")}


def _spelled(text: str) -> str:
    """Without spaces, which some labels leave out."""
    return "".join(text.split())


def _folded(text: str) -> str:
    """Letters and digits in lower case."""
    return "".join(c for c in text.lower() if c.isascii() and c.isalnum())
