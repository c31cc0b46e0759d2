"""Every experiment config: built, one training step, one prediction, on random pictures."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.optim import build_optim_wrapper
from mmengine.registry import FUNCTIONS, DefaultScope
from torch import nn

from spotter.registry import DATASETS, HOOKS, METRICS, MODELS, READERS, TRANSFORMS
from spotter.training.header import (
    buildable_config,
    header_from_config,
    model_charset,
    register_models,
)
from spotter.training.launch import load_config
from spotter.training.schedules import fit_to_run

ROOT = Path(__file__).parents[2]
CONFIGS = sorted(
    path
    for path in (ROOT / "configs").rglob("*.py")
    # Text without pictures, and settings of inference: see test_other_configs.py.
    if "_base_" not in path.parts
    and "spotting" not in path.parts
    and not path.stem.startswith("masked_language")
)
SHARED = Path(os.environ.get("SPOTTER_SHARED", ROOT.parent / "shared")) / "data"


def config_id(path: Path) -> str:
    return path.relative_to(ROOT / "configs").with_suffix("").as_posix()


@pytest.fixture(autouse=True)
def scope() -> Iterator[None]:
    """What the runner does: names are looked up among ours first."""
    register_models()
    HOOKS.import_from_location()
    with DefaultScope.overwrite_default_scope("spotter"):
        yield


def walk(value: Any) -> Iterator[dict]:
    """Every dict inside a config."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from walk(item)


def tiny(cfg: Config) -> Config:
    """The same experiment, small enough for a test, and without files."""
    for part in walk(cfg.model):
        if "pretrained" in part:
            part["pretrained"] = None if part["type"] != "ResNet" else False
        if part.get("type") in ("ResNet29", "ResNet45"):
            part["out_channels"] = 64
        if part.get("type") == "ClozeLanguageModel":
            part.update(channels=64, num_layers=1)
        if part.get("type") in ("BYOL", "SimSiam"):
            part["channels"] = 64
    for step in walk([cfg.train_dataloader, cfg.val_dataloader]):
        if step.get("type") == "RandomAffineCrop":
            step["size"] = 96
        if step.get("type") == "ResizeByLimit":
            step["limit_side"] = 96
    return cfg


def random_sample(task: str, generator: np.random.Generator) -> dict[str, Any]:
    """A canonical sample, as a reader gives it."""
    if task == "recognition":
        image = generator.integers(0, 256, (32, 90, 3), np.uint8)
        return {"img": image, "text": "ab12", "source": "random"}
    image = generator.integers(0, 256, (90, 120, 3), np.uint8)
    words = [np.array([[x, 10], [x + 40, 12], [x + 40, 60], [x, 58]], np.float32) for x in (5, 65)]
    instances = [{"polygon": word, "text": "ab", "ignore": False} for word in words]
    return {"img": image, "instances": instances}


def pipelines_of(loader: dict) -> list[list]:
    """The pipeline of every source of a loader."""
    return [part["pipeline"] for part in walk(loader["dataset"]) if "pipeline" in part]


def batch_of(loader: dict, task: str, per_source: int = 2) -> Any:
    """A collated batch that went through the pipeline of every source of a loader."""
    generator = np.random.default_rng(0)
    items = []
    for pipeline in pipelines_of(loader):
        steps = Compose([TRANSFORMS.build(copy.deepcopy(dict(step))) for step in pipeline])
        items += [steps(random_sample(task, generator)) for _ in range(per_source)]
    collate = dict(loader["collate_fn"])
    return partial(FUNCTIONS.get(collate.pop("type")), **collate)(items)


_rebuilt: set[str] = set()


def assert_header_rebuilds(cfg: Config, model: nn.Module, path: Path) -> None:
    """What a weights file of this model says is enough to build it again."""
    if str(cfg.model) in _rebuilt:
        return
    _rebuilt.add(str(cfg.model))
    cfg = copy.deepcopy(cfg)
    part = getattr(model, "deployable", None)
    if part is not None:
        model, cfg.model = getattr(model, part), cfg.model[part]
    header = header_from_config(cfg, model, path.stem)
    config = buildable_config(header["config"], path)
    if header["charset"] is not None:
        config["charset"] = {"characters": header["charset"]}
    again = MODELS.build(config)
    assert model_charset(again) == model_charset(model)
    shapes = {k: v.shape for k, v in model.state_dict().items()}
    assert {k: v.shape for k, v in again.state_dict().items()} == shapes


@pytest.mark.parametrize("path", CONFIGS, ids=config_id)
def test_config_trains_and_predicts(path: Path) -> None:
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002
    cfg = tiny(load_config(path))
    model = MODELS.build(cfg.model)
    optim_wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    before = [p.detach().clone() for p in model.parameters() if p.requires_grad]

    model.train()
    losses = model.train_step(batch_of(cfg.train_dataloader, cfg.task), optim_wrapper)
    assert "loss" in losses
    assert all(torch.isfinite(value) for value in losses.values())
    after = [p for p in model.parameters() if p.requires_grad]
    assert any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))

    model.eval()
    assert_header_rebuilds(cfg, model, path)
    if cfg.val_dataloader is None:
        # Without labels there is nothing to validate.
        assert cfg.default_hooks.checkpoint.save_last
        return
    with torch.no_grad():
        predictions = model.test_step(batch_of(cfg.val_dataloader, cfg.task))
    assert len(predictions) == 2 * len(pipelines_of(cfg.val_dataloader))
    for metric in [cfg.val_evaluator] if isinstance(cfg.val_evaluator, dict) else cfg.val_evaluator:
        built = METRICS.build(metric)
        built.process({}, predictions)
        assert cfg.default_hooks.checkpoint.save_best in built.evaluate(len(predictions))


@pytest.mark.parametrize("path", CONFIGS, ids=config_id)
def test_config_is_whole(path: Path) -> None:
    cfg = load_config(path)
    assert cfg.task in ("detection", "recognition")
    loaders = [cfg.train_dataloader, *([cfg.val_dataloader] if cfg.val_dataloader else [])]
    assert len({loader.collate_fn.type for loader in loaders}) == 1
    for schedule in fit_to_run(cfg.param_scheduler or [], cfg.train_cfg.max_iters):
        assert 0 <= schedule["begin"] < schedule["end"] <= cfg.train_cfg.max_iters
    for hook in [*cfg.custom_hooks, *cfg.default_hooks.values()]:
        HOOKS.build(dict(hook))
    resizes = [
        step
        for loader in loaders
        for step in walk(loader.dataset)
        if step.get("type") in ("RecResize", "RecAugment", "ResizeByLimit")
    ]
    assert resizes
    if cfg.model.type == "ContextPrediction":
        # It cuts its recognizer's inputs out of larger crops.
        return
    for key in cfg.preprocessing.keys() - {"mean", "std"}:
        assert {str(step[key]) for step in resizes} == {str(cfg.preprocessing[key])}


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")
def test_readers_find_the_data() -> None:
    seen: set[str] = set()
    for path in CONFIGS:
        if Path(path).parent.name == "own_data":
            continue  # of data that the user brings
        cfg = load_config(path, {"data_root": str(SHARED)})
        for part in walk([cfg.train_dataloader, cfg.val_dataloader]):
            reader = part.get("reader")
            # Archives and pseudo-labels are made by tools of ours.
            made = ("LMDBReader", "PseudoLabelReader")
            if reader is None or reader["type"] in made or str(reader) in seen:
                continue
            seen.add(str(reader))
            assert len(READERS.build(dict(reader))) > 50
    assert len(seen) >= 7


@pytest.mark.parametrize(
    "name", ["recognition/crnn_vgg_synthetic", "detection/dbnet_mobilenetv3_synthetic"]
)
def test_synthetic_configs_need_no_data(name: str) -> None:
    cfg = load_config(ROOT / "configs" / f"{name}.py", {"data_root": "/nowhere"})
    assert "/nowhere" not in str([cfg.train_dataloader, cfg.val_dataloader, cfg.model])
    dataset = dict(cfg.train_dataloader.dataset)
    if "Scene" in dataset["type"]:
        dataset["size"] = (128, 128)
    packed = DATASETS.build(dataset)[0]
    assert packed["inputs"].dtype == torch.uint8
