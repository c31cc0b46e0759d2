import os
from pathlib import Path

import numpy as np
import pytest
import torch

from spotter.errors import WeightsError
from spotter.models.detection import MobileNetV3Large
from spotter.models.detection.backbones.mobilenetv3 import _LARGE, make_divisible

SHARED = Path(os.environ.get("SPOTTER_SHARED", Path(__file__).parents[5] / "shared"))
IMAGENET = SHARED / "data/backbones/mobilenetv3_large_x0_5_imagenet.npz"

# Mean and standard deviation of each stage's output for `picture()`, from `numpy_forward`.
STATISTICS = {
    4: (0.836063, 6.143585),
    8: (-1.738654, 8.548678),
    16: (0.420640, 4.669940),
    32: (0.295303, 1.155898),
}


def picture(size: int = 64) -> np.ndarray:
    y, x = np.mgrid[:size, :size] / size
    waves = [np.sin(7 * x + 2 * y), np.cos(5 * y * x), np.sin(9 * (x - y) ** 2)]
    return np.stack(waves).astype(np.float64)


def conv(x: np.ndarray, weight: np.ndarray, stride: int, groups: int = 1) -> np.ndarray:
    pad = weight.shape[-1] // 2
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    side = weight.shape[-1]
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(1, 2))
    windows = windows[:, ::stride, ::stride]
    if groups == 1:
        return np.einsum("ihwkl,oikl->ohw", windows, weight, optimize=True)
    return np.einsum("chwkl,ckl->chw", windows, weight[:, 0], optimize=True)


def numpy_forward(file: dict, x: np.ndarray) -> dict[int, np.ndarray]:
    """The network as the weights' description words it, without torch."""

    def layer(x: np.ndarray, name: str, stride: int, groups: int, act: str | None) -> np.ndarray:
        x = conv(x, file[f"{name}_weights"], stride, groups)
        scale, offset, mean, variance = (
            np.asarray(file[f"{name}_bn_{part}"], np.float64)[:, None, None]
            for part in ("scale", "offset", "mean", "variance")
        )
        x = (x - mean) / np.sqrt(variance + 1e-5) * scale + offset
        if act == "relu":
            return np.maximum(x, 0)
        return x * np.clip(x + 3, 0, 6) / 6 if act == "hardswish" else x

    def squeeze(x: np.ndarray, name: str) -> np.ndarray:
        pooled = x.mean((1, 2))
        hidden = np.maximum(
            file[f"{name}_1_weights"][:, :, 0, 0] @ pooled + file[f"{name}_1_offset"], 0
        )
        gate = file[f"{name}_2_weights"][:, :, 0, 0] @ hidden + file[f"{name}_2_offset"]
        return x * np.clip(0.2 * gate + 0.5, 0, 1)[:, None, None]

    x = layer(x, "conv1", 2, 1, "hardswish")
    maps = {}
    for i, (_, _, _, se, swish, stride) in enumerate(_LARGE, start=2):
        act = "hardswish" if swish else "relu"
        inner = layer(x, f"conv{i}_expand", 1, 1, act)
        inner = layer(inner, f"conv{i}_depthwise", stride, len(inner), act)
        if se:
            inner = squeeze(inner, f"conv{i}_se")
        inner = layer(inner, f"conv{i}_linear", 1, 1, None)
        x = inner + x if inner.shape == x.shape and stride == 1 else inner
        if i in (4, 7, 13):
            maps[{4: 4, 7: 8, 13: 16}[i]] = x
    maps[32] = layer(x, "conv_last", 1, 1, "hardswish")
    return maps


def random_weights(path: Path) -> Path:
    rng = np.random.default_rng(0)
    arrays: dict[str, np.ndarray] = {}

    def add(name: str, c_out: int, c_in: int, kernel: int) -> None:
        fan = c_in * kernel * kernel
        weights = rng.normal(0, (2 / fan) ** 0.5, (c_out, c_in, kernel, kernel))
        arrays[f"{name}_weights"] = weights.astype(np.float32)
        for part, low, high in (
            ("scale", 0.8, 1.2),
            ("offset", -0.1, 0.1),
            ("mean", -0.2, 0.2),
            ("variance", 0.5, 1.5),
        ):
            arrays[f"{name}_bn_{part}"] = rng.uniform(low, high, c_out).astype(np.float32)

    width = 8
    add("conv1", width, 3, 3)
    for i, (kernel, exp, out, se, _, _) in enumerate(_LARGE, start=2):
        c_exp, c_out = make_divisible(exp * 0.5), make_divisible(out * 0.5)
        add(f"conv{i}_expand", c_exp, width, 1)
        add(f"conv{i}_depthwise", c_exp, 1, kernel)
        add(f"conv{i}_linear", c_out, c_exp, 1)
        if se:
            for layer, shape in (("se_1", (c_exp // 4, c_exp)), ("se_2", (c_exp, c_exp // 4))):
                weights = rng.normal(0, 0.1, (*shape, 1, 1)).astype(np.float32)
                arrays[f"conv{i}_{layer}_weights"] = weights
                arrays[f"conv{i}_{layer}_offset"] = rng.normal(0, 0.1, shape[0]).astype(np.float32)
        width = c_out
    add("conv_last", 480, width, 1)
    np.savez(path, **arrays)
    return path


def torch_forward(network: MobileNetV3Large, x: np.ndarray) -> dict[int, np.ndarray]:
    network.eval()
    with torch.no_grad():
        maps = network(torch.from_numpy(x).float()[None])
    return {stride: m[0].numpy() for stride, m in zip((4, 8, 16, 32), maps, strict=True)}


def test_loaded_network_equals_the_numpy_forward(tmp_path: Path) -> None:
    path = random_weights(tmp_path / "weights.npz")
    with np.load(path) as file:
        expected = numpy_forward(dict(file), picture(32))
    found = torch_forward(MobileNetV3Large(0.5, pretrained=str(path)), picture(32))
    for stride, value in expected.items():
        np.testing.assert_allclose(found[stride], value, rtol=1e-3, atol=1e-4)


@pytest.mark.skipif(not IMAGENET.exists(), reason="needs the ImageNet weights")
def test_imagenet_weights_reproduce_stored_statistics() -> None:
    maps = torch_forward(MobileNetV3Large(0.5, pretrained=str(IMAGENET)), picture())
    for stride, (mean, deviation) in STATISTICS.items():
        assert maps[stride].mean() == pytest.approx(mean, abs=2e-4)
        assert maps[stride].std() == pytest.approx(deviation, rel=1e-3)


def test_torchvision_variant_has_torchvisions_parameters() -> None:
    torchvision = pytest.importorskip("torchvision")
    theirs = torchvision.models.mobilenet_v3_large(weights=None).features
    ours = MobileNetV3Large(1.0, variant="torchvision")
    values = list(theirs.state_dict().values())
    ours.load_state_dict(dict(zip(ours.state_dict(), values, strict=True)))
    x = torch.from_numpy(picture(64)).float()[None]
    torch.testing.assert_close(ours.eval()(x)[-1], theirs.eval()(x), rtol=1e-4, atol=1e-5)


def test_wrong_weights_are_refused(tmp_path: Path) -> None:
    path = random_weights(tmp_path / "weights.npz")
    with pytest.raises(WeightsError, match="do not fit"):
        MobileNetV3Large(1.0, pretrained=str(path))
    with pytest.raises(WeightsError, match="no such file"):
        MobileNetV3Large(0.5, pretrained=str(tmp_path / "none.npz"))


def test_frozen_blocks_keep_weights_and_statistics() -> None:
    network = MobileNetV3Large(0.5, frozen_blocks=2).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    sum(m.square().mean() for m in network(torch.randn(2, 3, 64, 64))).backward()
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.grad is not None:
                parameter -= parameter.grad
    changed = {
        name for name, value in network.state_dict().items() if not torch.equal(value, before[name])
    }
    frozen = ("stem.", "blocks.0.", "blocks.1.")
    assert not any(name.startswith(frozen) for name in changed)
    assert {"blocks.2.layers.0.0.weight", "blocks.2.layers.0.1.running_mean"} <= changed
