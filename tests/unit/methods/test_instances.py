"""Instance mappings: windows, padding, and which instances of two views are pairs."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from spotter.errors import ConfigError
from spotter.methods.self_supervised.contrastive import nt_xent
from spotter.methods.self_supervised.instances import (
    AllToInstance,
    FrameToInstance,
    InstanceMapping,
    WindowToInstance,
    paired_instances,
)


def frames(count: int, length: int, channels: int = 6) -> torch.Tensor:
    return torch.randn(count, length, channels, generator=torch.Generator().manual_seed(length))


def prefix_mask(lengths: list[int], total: int) -> torch.Tensor:
    return torch.arange(total)[None] < torch.tensor(lengths)[:, None]


@pytest.mark.parametrize("length", [1, 3, 5, 7, 16, 26])
def test_five_windows_whatever_the_width(length: int) -> None:
    x = frames(2, length)
    instances, exists = WindowToInstance(windows=5)(x)
    assert instances.shape == (2, 5, 6)
    assert exists.all()
    expected = F.adaptive_avg_pool1d(x.transpose(1, 2), 5).transpose(1, 2)
    assert torch.allclose(instances, expected, atol=1e-6)


@pytest.mark.parametrize(
    "mapping", [AllToInstance(), WindowToInstance(windows=5), WindowToInstance(width=3)]
)
def test_padded_frames_never_enter(mapping: InstanceMapping) -> None:
    x = frames(3, 12)
    mask = prefix_mask([12, 7, 3], 12)
    instances, exists = mapping(x, mask)
    poisoned, _ = mapping(x.masked_fill(~mask[..., None], 1e6), mask)
    assert torch.equal(instances[exists], poisoned[exists])
    for row, length in enumerate([12, 7, 3]):
        alone, alone_exists = mapping(x[row : row + 1, :length])
        assert torch.allclose(instances[row][exists[row]], alone[alone_exists], atol=1e-6)


def test_frames_of_the_padding_are_no_instances() -> None:
    x = frames(2, 4)
    instances, exists = FrameToInstance()(x, prefix_mask([4, 1], 4))
    assert exists.tolist() == [[True] * 4, [True, False, False, False]]
    assert torch.equal(instances, x)


def test_fixed_windows_by_hand() -> None:
    x = torch.arange(7.0).reshape(1, 7, 1).repeat(2, 1, 1)
    instances, exists = WindowToInstance(width=3)(x, prefix_mask([7, 2], 7))
    # Frames 0-2 and 3-5; frame 6 is an incomplete window. Of the short word only frames 0 and 1.
    assert exists.tolist() == [[True, True], [True, False]]
    assert instances[0, :, 0].tolist() == [1.0, 4.0]
    assert instances[1, 0, 0] == 0.5


def test_pairs_exist_in_both_views() -> None:
    first, second = frames(2, 6), frames(2, 5)
    masks = (prefix_mask([6, 2], 6), prefix_mask([4, 3], 5))
    left, right = paired_instances(FrameToInstance(), (first, second), masks)
    assert torch.equal(left, torch.cat([first[0, :4], first[1, :2]]))
    assert torch.equal(right, torch.cat([second[0, :4], second[1, :2]]))


@pytest.mark.parametrize("arguments", [{}, {"windows": 0}, {"windows": 5, "width": 2}])
def test_senseless_windows_are_refused(arguments: dict) -> None:
    with pytest.raises(ConfigError, match="windows"):
        WindowToInstance(**arguments)


def test_permuting_the_frames_of_a_view_hurts_all_but_the_mean() -> None:
    x = frames(4, 20, 16)
    y = x + 0.05 * frames(4, 20, 16).flip(0)
    shuffled = y[:, torch.randperm(20, generator=torch.Generator().manual_seed(2))]

    def loss(mapping: InstanceMapping, view: torch.Tensor) -> float:
        return float(nt_xent(*paired_instances(mapping, (x, view), (None, None))))

    mean = AllToInstance()
    assert loss(mean, shuffled) == pytest.approx(loss(mean, y), abs=1e-5)
    for mapping in (WindowToInstance(windows=5), FrameToInstance()):
        assert loss(mapping, shuffled) > loss(mapping, y) + 0.5
