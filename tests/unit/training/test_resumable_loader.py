"""The k-th training batch is a function of the seed and of k."""

from __future__ import annotations

import random
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.dataset import DefaultSampler, InfiniteSampler
from torch.utils.data import BatchSampler, DataLoader, Dataset

from spotter.data.samplers import EndlessSampler
from spotter.errors import ConfigError
from spotter.training.randomness import (
    generator_states,
    preserved_generators,
    restore_generators,
    seeded_generators,
)
from spotter.training.resumable_loader import PositionedBatchSampler, resumable


class Noise(Dataset):
    """Gives its index and a number from each generator."""

    metainfo = {"name": "noise"}

    def __init__(self, length: int = 10) -> None:
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[float, ...]:
        draws = random.random(), float(np.random.rand()), float(torch.rand(()))  # noqa: NPY002
        return (float(index), *draws)


def draw() -> tuple[float, ...]:
    return random.random(), float(np.random.rand()), float(torch.rand(()))  # noqa: NPY002


def loader(
    sampler: Any = DefaultSampler, workers: int = 0, seed: int = 1, rank: int = 0, length: int = 10
) -> DataLoader:
    data = Noise(length)
    plain = DataLoader(
        data,
        batch_size=4,
        sampler=sampler(data, shuffle=True, seed=seed),
        collate_fn=list,
        num_workers=workers,
    )
    return resumable(plain, seed, rank)


def batches(source: DataLoader, count: int, start: int = 0) -> list:
    source.batch_sampler.start = start
    return list(islice(iter(source), count))


@pytest.mark.parametrize("sampler", [DefaultSampler, InfiniteSampler, EndlessSampler])
@pytest.mark.parametrize("start", [1, 3, 5])
def test_batches_from_a_position_are_those_of_the_whole_run(sampler: Any, start: int) -> None:
    whole = batches(loader(sampler), 7)
    assert batches(loader(sampler), 7 - start, start) == whole[start:]


def test_workers_do_not_change_the_batches() -> None:
    assert batches(loader(workers=2), 4) == batches(loader(), 4)


def test_seed_and_rank_do() -> None:
    first = batches(loader(), 1)
    assert batches(loader(seed=2), 1) != first
    other = batches(loader(rank=1), 1)
    assert [sample[0] for sample in other[0]] == [sample[0] for sample in first[0]]
    assert all(a[1:] != b[1:] for a, b in zip(other[0], first[0], strict=True))


def test_every_pass_is_another_order_of_the_same_data() -> None:
    indices = [sample[0] for batch in batches(loader(), 6) for sample in batch]
    assert sorted(indices[:10]) == sorted(indices[10:]) == list(range(10))
    assert indices[:10] != indices[10:]


def test_same_sample_is_augmented_differently_in_each_pass() -> None:
    seen: dict[float, set] = {}
    for batch in batches(loader(), 6):
        for index, *draws in batch:
            seen.setdefault(index, set()).add(tuple(draws))
    assert all(len(draws) == 2 for draws in seen.values())


def test_reading_data_does_not_touch_the_generators_of_the_model() -> None:
    source = iter(loader())
    states = generator_states()
    expected = draw()
    restore_generators(states)
    next(source)
    assert draw() == expected


def test_loader_shows_the_attributes_and_length_of_its_data() -> None:
    source = loader()
    assert source.dataset.metainfo == {"name": "noise"}
    assert len(source.dataset) == 10
    assert len(source) == 3


def test_data_of_less_than_one_batch_is_an_error_not_an_endless_loop() -> None:
    sampler = PositionedBatchSampler(BatchSampler(range(3), 4, drop_last=True))
    with pytest.raises(ConfigError, match="less than one batch"):
        next(iter(sampler))


def test_states_restore_every_generator_through_a_file(tmp_path: Any) -> None:
    torch.save(generator_states(), tmp_path / "states.pth")
    expected = draw()
    draw()
    restore_generators(torch.load(tmp_path / "states.pth", weights_only=True))
    assert draw() == expected


def test_preserved_and_seeded_leave_no_trace() -> None:
    states = generator_states()
    expected = draw()
    restore_generators(states)
    with preserved_generators():
        draw()
    with seeded_generators((1, 2)):
        first = draw()
    with seeded_generators((1, 2)):
        assert draw() == first
    with seeded_generators((2, 1)):
        assert draw() != first
    assert draw() == expected
