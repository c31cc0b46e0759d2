import numpy as np
import pytest
import torch
import torchvision

from spotter.errors import ConfigError
from spotter.models.detection import FPNC, AdaptiveScaleFusion, DBNet, ModulatedDeformConv2d, ResNet
from spotter.registry import MODELS
from spotter.structures import TextDetSample

BACKBONES = {
    "mobilenetv3": {"type": "MobileNetV3Large"},
    "resnet18": {"type": "ResNet", "depth": 18},
    "resnet50_dcn": {"type": "ResNet", "depth": 50, "deformable": True},
}


def build(backbone: str = "mobilenetv3", **neck: object) -> DBNet:
    torch.manual_seed(0)
    return MODELS.build(
        {
            "type": "DBNet",
            "backbone": BACKBONES[backbone],
            "neck": {"type": "FPNC", "lateral_channels": 16, "out_channels": 4, **neck},
            "head": {"type": "DBHead"},
        }
    )


@pytest.mark.parametrize("backbone", BACKBONES)
def test_every_backbone_trains_and_predicts(backbone: str) -> None:
    model = build(backbone, asf=True)
    targets = {
        name: np.full((64, 96), value, np.float32)
        for name, value in {
            "shrink_map": 1,
            "shrink_mask": 1,
            "threshold_map": 0.5,
            "threshold_mask": 1,
        }.items()
    }
    samples = [
        TextDetSample(targets=targets, input_shape=(60, 90), original_shape=(120, 180))
        for _ in range(2)
    ]
    images = torch.randn(2, 3, 64, 96)
    sum(model(images, samples, mode="loss").values()).backward()
    assert all(p.grad is not None for p in model.parameters() if p.requires_grad)
    model.eval()
    assert model(images).shape == (2, 1, 64, 96)
    assert model(images, samples, mode="predict") is samples
    with pytest.raises(ConfigError, match="mode"):
        model(images, mode="train")
    with pytest.raises(ConfigError, match="data_samples"):
        model(images, mode="loss")


def test_padding_is_cut_off_before_words_are_looked_for() -> None:
    model = build().eval()
    model.head.forward = lambda features: torch.ones(1, 1, 64, 64)
    sample = TextDetSample(input_shape=(32, 64), original_shape=(64, 128), scale=(0.5, 0.5))
    (predicted,) = model(torch.zeros(1, 3, 64, 64), [sample], mode="predict")
    (word,) = predicted.predictions
    assert word.polygon.tolist() == [[0, 0], [128, 0], [128, 64], [0, 64]]


def test_probability_does_not_depend_on_the_batch() -> None:
    model = build().eval()
    images = torch.randn(3, 3, 64, 64)
    with torch.no_grad():
        together = model(images)
        alone = torch.cat([model(image[None]) for image in images])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_scale_fusion_weighs_each_level() -> None:
    fusion = AdaptiveScaleFusion(2, 4)
    with torch.no_grad():
        fusion.attention[0].weight.zero_()
    levels = [torch.randn(1, 4, 8, 8) for _ in range(2)]
    # sigmoid(0) = 1/2 for every level and pixel
    torch.testing.assert_close(fusion(levels), torch.cat(levels, 1) / 2)


def test_pyramid_adds_coarse_levels_to_fine_ones() -> None:
    neck = FPNC([2, 2], lateral_channels=2, out_channels=2)
    identity = torch.eye(2).view(2, 2, 1, 1)
    with torch.no_grad():
        for lateral, smooth in zip(neck.lateral, neck.smooth, strict=True):
            lateral.weight.copy_(identity)
            smooth.weight.zero_()
            smooth.weight[:, :, 1:2, 1:2] = identity
    fine, coarse = torch.randn(1, 2, 4, 4), torch.randn(1, 2, 2, 2)
    grown = coarse.repeat_interleave(2, 2).repeat_interleave(2, 3)
    torch.testing.assert_close(neck((fine, coarse)), torch.cat([fine + grown, grown], 1))


def test_context_names_every_level() -> None:
    with pytest.raises(ConfigError, match="context names 2 levels of 4"):
        build(context=(1, 1))


def test_deformable_convolution_starts_as_half_a_convolution() -> None:
    conv = torch.nn.Conv2d(3, 4, 3, 2, 1, bias=False)
    x = torch.randn(1, 3, 9, 9)
    torch.testing.assert_close(ModulatedDeformConv2d(conv)(x), conv(x) / 2, atol=1e-5, rtol=1e-4)


def test_resnet_is_torchvisions() -> None:
    ours = ResNet(18).eval()
    theirs = torchvision.models.resnet18(weights=None)
    theirs.fc = torch.nn.Identity()
    for mine, its in ((ours.stem[0], "conv1"), (ours.stem[1], "bn1")):
        getattr(theirs, its).load_state_dict(mine.state_dict())
    for i, stage in enumerate(ours.stages):
        getattr(theirs, f"layer{i + 1}").load_state_dict(stage.state_dict())
    x = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(ours(x)[-1].mean((2, 3)), theirs.eval()(x))
    with pytest.raises(ConfigError, match="depth"):
        ResNet(34)
