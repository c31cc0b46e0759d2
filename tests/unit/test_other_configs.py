"""Configs that the tests of detectors and recognizers pass over: language models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope

from spotter.registry import DATASETS, HOOKS, METRICS, MODELS
from spotter.training.header import buildable_config, header_from_config, register_models
from spotter.training.launch import load_config
from spotter.training.schedules import fit_to_run
from spotter.training.weights import load_all, save_weights

ROOT = Path(__file__).parents[2] / "configs"
CONFIGS = sorted((ROOT / "recipes").glob("masked_language*.py"))


@pytest.fixture
def data_root(tmp_path: Path) -> Path:
    (tmp_path / "words").mkdir()
    text = " ".join(f"word{i} The book's end." for i in range(300))
    (tmp_path / "words" / "books.txt").write_text(text, encoding="utf-8")
    return tmp_path


def small(path: Path, data_root: Path) -> Config:
    cfg = load_config(path, {"data_root": str(data_root)})
    cfg.model.language.update(channels=16, num_layers=1, heads=2)
    return cfg


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_language_configs_train_and_predict(path: Path, data_root: Path) -> None:
    register_models()
    HOOKS.import_from_location()
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002
    with DefaultScope.overwrite_default_scope("spotter"):
        cfg = small(path, data_root)
        model = MODELS.build(cfg.model)
        wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    assert cfg.task == "language"
    train = DATASETS.build(dict(cfg.train_dataloader.dataset, length=8))
    before = [p.detach().clone() for p in model.parameters()]
    losses = model.train_step(pseudo_collate([train[i] for i in range(8)]), wrapper)
    assert torch.isfinite(losses["loss"])
    assert any(not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    heldout = DATASETS.build(dict(cfg.val_dataloader.dataset, heldout=0.2))
    model.eval()
    metric = METRICS.build(cfg.val_evaluator)
    metric.process({}, model.test_step(pseudo_collate([heldout[i] for i in range(9)])))
    scores = metric.evaluate(9)
    assert cfg.default_hooks.checkpoint.save_best in scores
    assert "language/correction_accuracy" in scores
    for schedule in fit_to_run(cfg.param_scheduler, cfg.train_cfg.max_iters):
        assert 0 <= schedule["begin"] < schedule["end"] <= cfg.train_cfg.max_iters


def test_contrast_teaches_the_transformer_of_stage_1() -> None:
    """SemiMTR contrasts what its whole vision model sees, not what its convolutions do."""
    register_models()
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope("spotter"):
        cfg = load_config(ROOT / "recipes" / "multimodal_vision_abinet.py").model
        cfg.recognizer.feature_extraction.out_channels = 16
        cfg.recognizer.sequence_modeling.update(num_layers=1, heads=2)
        cfg.recognizer.prediction.key_channels = 8
        model = MODELS.build(cfg)
    views = {name: torch.randn(2, 3, 32, 64) for name in ("view0", "view1")}
    model(views, {}, "loss")["loss_contrastive"].backward()
    transformer = model.recognizer.sequence_modeling
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in transformer.parameters())


def test_stages_hand_everything_over(tmp_path: Path) -> None:
    """What stages 1 and 2 save fills vision and language of stage 3, and only the fusion is new."""
    register_models()
    cfgs = {
        name: load_config(ROOT / "recipes" / f"{name}.py")
        for name in (
            "multimodal_vision_abinet",
            "masked_language_cloze",
            "multimodal_fusion_abinet",
        )
    }
    vision, language, fusion = cfgs.values()
    narrow = {"channels": 16, "num_layers": 1, "heads": 2}
    for recognizer in (vision.model.recognizer, fusion.model.recognizer.vision):
        recognizer.feature_extraction.out_channels = 16
        recognizer.sequence_modeling.update(num_layers=1, heads=2)
        recognizer.prediction.key_channels = 8
    language.model.language.update(narrow)
    fusion.model.recognizer.language.update(narrow)
    built = {name: MODELS.build(cfg.model) for name, cfg in cfgs.items()}
    for name in list(cfgs)[:2]:
        model, cfg = built[name], cfgs[name]
        part = model.deployable
        cfg.model = cfg.model[part]
        header = header_from_config(cfg, getattr(model, part), name)
        assert MODELS.build(buildable_config(header["config"], name)) is not None
        folder = tmp_path / "work_dirs" / name
        folder.mkdir(parents=True)
        save_weights(folder / "best.safetensors", getattr(model, part), header)
    last = built["multimodal_fusion_abinet"]
    sources = [{**s, "path": tmp_path / s["path"]} for s in fusion.load_from]
    report = load_all(last, sources)
    assert report.missing
    assert all(name.startswith("fusion.") for name in report.missing)
    assert report.unused == report.mismatched == []
    own = last.recognizer.state_dict()
    stages = {
        "vision": built["multimodal_vision_abinet"].recognizer,
        "language": built["masked_language_cloze"].language,
    }
    for part, stage in stages.items():
        for name, tensor in stage.state_dict().items():
            assert torch.equal(own[f"{part}.{name}"], tensor)
