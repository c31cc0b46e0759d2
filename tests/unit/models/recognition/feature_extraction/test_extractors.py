"""Feature extractors: sizes of the published networks, and masks."""

import pytest
import torch

from spotter.errors import ConfigError
from spotter.models.recognition.feature_extraction import (
    CompactMixer,
    MobileNetV3Features,
    ResNet29,
    ResNet45,
    VGGFeatures,
)

SMALL_MIXER = {"channels": (8, 8, 16), "depths": (1, 1, 1)}


@pytest.mark.parametrize(
    ("extractor", "width", "expected"),
    [
        (VGGFeatures(16), 100, (16, 1, 24)),
        (ResNet29(16), 100, (16, 1, 26)),
        (ResNet45(16), 128, (16, 8, 32)),
        (MobileNetV3Features(0.25, 16), 128, (16, 1, 32)),
        (CompactMixer(**SMALL_MIXER), 128, (16, 2, 32)),
        (CompactMixer("tiny", depths=(1, 1, 1, 1)), 128, (224, 1, 32)),
    ],
)
def test_shape(extractor: torch.nn.Module, width: int, expected: tuple[int, int, int]) -> None:
    with torch.no_grad():
        features = extractor.eval()(torch.zeros(1, 3, 32, width))
    assert features.shape == (1, *expected)
    assert extractor.out_channels == expected[0]


@pytest.mark.parametrize(
    ("extractor", "layers"), [(VGGFeatures, 7), (ResNet29, 29), (ResNet45, 45)]
)
def test_depth_is_that_of_the_name(extractor: type, layers: int) -> None:
    convolutions = [
        name
        for name, module in extractor(16).named_modules()
        if isinstance(module, torch.nn.Conv2d) and "shortcut" not in name
    ]
    assert len(convolutions) == layers


def test_published_sizes() -> None:
    def millions(extractor: torch.nn.Module) -> float:
        return sum(p.numel() for p in extractor.parameters()) / 1e6

    # CRNN's VGG, and FAN's ResNet as four-stage benchmarks report it.
    assert millions(VGGFeatures()) == pytest.approx(5.6, abs=0.1)
    assert millions(ResNet29()) == pytest.approx(44.3, abs=0.5)


@pytest.mark.parametrize("mixer", ["conv", "local", "global"])
def test_every_mixer_keeps_the_shape(mixer: str) -> None:
    extractor = CompactMixer(**SMALL_MIXER, mixers=(mixer,) * 3, drop_path=0.1)
    assert extractor(torch.randn(2, 3, 32, 16)).shape == (2, 16, 2, 4)


def test_attention_does_not_look_at_padding() -> None:
    torch.manual_seed(0)
    extractor = CompactMixer(**SMALL_MIXER).eval()
    images = torch.randn(1, 3, 32, 256)
    changed = images.clone()
    changed[..., 192:] += 5.0
    ratios = torch.tensor([0.5])
    with torch.no_grad():
        # The convolutions reach less than 16 columns beyond the crop; only attention reaches on.
        masked = extractor(images, ratios) - extractor(changed, ratios)
        unmasked = extractor(images) - extractor(changed)
    assert masked[..., :32].abs().max() < 1e-5
    assert unmasked[..., :32].abs().max() > 1e-3


@pytest.mark.parametrize(
    "options", [{"size": "huge"}, {"depths": (1, 1)}, {"mixers": ("local",) * 3 + ("mlp",)}]
)
def test_bad_options(options: dict) -> None:
    with pytest.raises(ConfigError, match="CompactMixer"):
        CompactMixer(**options)


@pytest.mark.parametrize("mixer", ["conv", "local", "global"])
def test_new_blocks_change_nothing_at_first_and_learn(mixer: str) -> None:
    torch.manual_seed(0)
    options = dict(SMALL_MIXER, mixers=(mixer,) * 3, depths=(1, 1, 1))
    small = CompactMixer(**options).eval()
    deep = CompactMixer(**{**options, "depths": (2, 1, 3)}, zero_init_residual=True).eval()
    missing, unused = deep.load_state_dict(small.state_dict(), strict=False)
    assert missing
    assert not unused
    images = torch.randn(2, 3, 32, 64)
    torch.testing.assert_close(deep(images), small(images))
    deep.train()(images).square().sum().backward()
    ends = [deep.stages[0][1], deep.stages[2][2]]
    assert all(any(p.grad.abs().sum() > 0 for p in block.parameters()) for block in ends)
