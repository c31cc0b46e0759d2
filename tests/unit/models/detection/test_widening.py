"""A wider detector gives the map of the narrower one that it starts from, and then learns."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import cv2
import pytest
import torch
from mmengine.config import Config

from research.configs import packaged_config
from spotter.models.detection import DBNet
from spotter.registry import MODELS
from spotter.training.header import make_header
from spotter.training.weights import build_from_weights, load_into, save_weights

ROOT = Path(__file__).parents[4]
SHIPPED = ROOT / "spotter" / "hub" / "weights" / "dbnet_mobilenetv3.safetensors"
NARROW: dict[str, Any] = {
    "type": "DBNet",
    "backbone": {"type": "MobileNetV3Large"},
    "neck": {"type": "FPNC", "lateral_channels": 16, "out_channels": 4, "norm": True},
    "head": {"type": "DBHead", "hidden": 6},
}


def build(config: dict[str, Any], seed: int, **parts: dict[str, Any]) -> DBNet:
    config = copy.deepcopy(config)
    for part, changes in parts.items():
        config[part].update(changes)
    torch.manual_seed(seed)
    model = MODELS.build(config)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-1, 1)
            module.running_var.uniform_(0.5, 2)
    return model.eval()


def saved(model: DBNet, folder: Path) -> Path:
    path = folder / "narrow.safetensors"
    save_weights(path, model, make_header(task="detection", name="narrow", config=NARROW))
    return path


@pytest.mark.parametrize("upsample", ["deconv", "pixel_shuffle"])
@pytest.mark.parametrize(
    "changes",
    [
        {"neck": {"out_channels": 10, "context": (0, 1, 0, 2)}, "head": {"hidden": 9}},
        {"neck": {"lateral_channels": 24}},
        {"backbone": {"scale": 1.0}},
    ],
)
def test_a_wider_detector_starts_as_the_narrower_one(
    changes: dict[str, Any], upsample: str, tmp_path: Path
) -> None:
    narrow = build(NARROW, 0, head={"upsample": upsample})
    changes = {**changes, "head": {"upsample": upsample, **changes.get("head", {})}}
    wide = build(NARROW, 1, **changes)
    images = torch.randn(2, 3, 64, 96)
    with torch.no_grad():
        before = wide(images)
        report = load_into(wide, saved(narrow, tmp_path))
        expected = narrow(images)
        assert (wide(images) - expected).abs().max() < 1e-4
        assert (before - expected).abs().max() > 1e-2
    assert report.widened
    assert not report.mismatched


def test_the_new_channels_learn(tmp_path: Path) -> None:
    wide = build(NARROW, 1, neck={"out_channels": 8, "context": (0, 0, 1, 1)}, head={"hidden": 12})
    load_into(wide, saved(build(NARROW, 0), tmp_path))
    start = {name: value.clone() for name, value in wide.state_dict().items()}
    optimizer = torch.optim.AdamW(wide.parameters(), 1e-2)
    images, wanted = torch.randn(2, 3, 64, 64), torch.rand(2, 1, 64, 64).round()
    for _ in range(3):
        loss = torch.nn.functional.binary_cross_entropy(wide(images), wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    now = wide.state_dict()
    for name, new in {
        "neck.smooth.2.0.weight": (slice(4, 8), slice(None)),
        "head.probability.0.weight": (slice(0, 6), slice(4, 8)),
        "head.probability.3.weight": (slice(6, 12), slice(0, 6)),
        "neck.context.3.0.layers.0.weight": (slice(None), slice(None)),
    }.items():
        assert (now[name][new] != start[name][new]).any(), name


def test_fewer_channels_are_no_widening(tmp_path: Path) -> None:
    wide = build(NARROW, 1, head={"hidden": 5})
    report = load_into(wide, saved(build(NARROW, 0), tmp_path))
    assert not report.widened
    assert "head.probability.0.weight" in report.mismatched


def test_the_wide_release_starts_as_the_shipped_detector() -> None:
    cfg = Config.fromfile(packaged_config("detection/dbnet_mobilenetv3_wide_release.py"))
    cfg.model.backbone.pretrained = None
    wide = MODELS.build(cfg.model)
    wide.init_weights()
    report = load_into(wide, SHIPPED)
    assert all(name.startswith("neck.context.") for name in report.missing)
    photo = cv2.imread(str(ROOT / "demo" / "photos" / "shop_front.jpg"))
    pixels = torch.from_numpy(cv2.resize(photo, (640, 480))[..., ::-1].copy()).permute(2, 0, 1)
    images = (pixels[None].float() - 115) / 57
    with torch.no_grad():
        expected = build_from_weights(SHIPPED)[0](images)
        assert (wide.eval()(images) - expected).abs().max() < 1e-4
    assert expected.max() > 0.9
