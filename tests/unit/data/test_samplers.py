"""Samplers: every sample once per epoch, exact resumption, exact mixtures."""

from collections import Counter
from itertools import islice

import numpy as np
import pytest

from spotter.data.datasets import ConcatDataset
from spotter.data.samplers import EndlessSampler, RatioSampler, ShuffledStream
from spotter.errors import ConfigError
from spotter.registry import DATA_SAMPLERS


def draw(sampler, count):
    return list(islice(iter(sampler), count))


def endless(size=7, **options):
    return EndlessSampler(range(size), **{"seed": 3, "rank": 0, "world_size": 1, **options})


def sources(*sizes, ratios=None):
    return ConcatDataset([list(range(size)) for size in sizes], ratios)


def mixed(dataset, **options):
    return RatioSampler(dataset, **{"seed": 3, "rank": 0, "world_size": 1, **options})


def test_every_epoch_is_another_permutation():
    drawn = draw(endless(), 21)
    epochs = [drawn[i : i + 7] for i in (0, 7, 14)]
    assert all(sorted(epoch) == list(range(7)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert drawn == draw(endless(), 21)
    assert drawn != draw(endless(seed=4), 21)
    assert draw(endless(shuffle=False), 9) == [0, 1, 2, 3, 4, 5, 6, 0, 1]
    assert len(endless()) == 7


def test_blocks_are_read_about_the_same_time():
    size, block = 1000, 10
    drawn = draw(endless(size, block=block), 2 * size)
    assert sorted(drawn[:size]) == sorted(drawn[size:]) == list(range(size))
    assert drawn[:size] != drawn[size:]
    window = 16 * block
    for start in range(0, size, window):
        part = drawn[:size][start : start + window]
        assert len({index // block for index in part}) == len(part) // block
        assert sorted(part) != part
    resumed = endless(size, block=block)
    resumed.load_state_dict({"seed": 3, "epoch": 1, "index": 5})
    assert draw(resumed, 20) == drawn[1005:1025]
    ratio = draw(mixed(sources(40, 80), block=4), 120)
    assert sorted(ratio) == list(range(120))
    with pytest.raises(ConfigError, match="block must be at least 1"):
        endless(block=0)


def test_ranks_deal_out_one_stream():
    whole = draw(endless(), 20)
    for rank in (0, 1):
        assert draw(endless(rank=rank, world_size=2), 10) == whole[rank::2]


@pytest.mark.parametrize("taken", [0, 5, 7, 16])
def test_resume_is_exact(taken):
    whole = draw(endless(), 40)
    first = endless()
    draw(first, taken)
    state = first.state_dict()
    assert state == {"seed": 3, "epoch": taken // 7, "index": taken % 7}
    second = endless(seed=99)
    second.load_state_dict(state)
    assert draw(second, 10) == whole[taken : taken + 10]


def test_state_of_what_training_used_ignores_prefetching():
    ahead = endless()
    draw(ahead, 30)
    second = endless()
    second.load_state_dict(ahead.state_dict(taken=12))
    assert draw(second, 5) == draw(endless(), 17)[12:]


def test_resume_with_other_number_of_ranks():
    state = endless(world_size=2).state_dict(taken=6)
    resumed = [endless(rank=rank, world_size=4) for rank in range(4)]
    for sampler in resumed:
        sampler.load_state_dict(state)
    dealt = [draw(sampler, 2) for sampler in resumed]
    assert [dealt[k % 4][k // 4] for k in range(8)] == draw(endless(), 20)[12:]


def test_every_batch_has_the_composition():
    sampler = mixed(sources(5, 50), ratios=[1, 3])
    drawn = draw(sampler, 400)
    for batch in np.reshape(drawn, (-1, 8)):
        assert (batch < 5).sum() == 2
    # 100 draws from five samples: each came twenty times.
    assert set(Counter(index for index in drawn if index < 5).values()) == {20}
    second = [index - 5 for index in drawn if index >= 5]
    assert sorted(second[:50]) == list(range(50))


def test_shares_that_do_not_divide_the_batch_hold_on_average():
    drawn = np.array(draw(mixed(sources(4, 4, 4), ratios=[0.05, 0.35, 0.6]), 1000)) // 4
    for source, share in enumerate((0.05, 0.35, 0.6)):
        counts = np.cumsum(drawn == source)
        assert np.abs(counts - share * np.arange(1, 1001)).max() <= 1.0


def test_ratios_default_to_the_datasets_then_to_sizes():
    assert mixed(sources(4, 4, ratios=[1, 9])).shares.tolist() == [0.1, 0.9]
    assert mixed(sources(2, 6)).shares.tolist() == [0.25, 0.75]
    with pytest.raises(ConfigError, match="ratios"):
        mixed(sources(2, 6), ratios=[1])
    with pytest.raises(ConfigError, match="ratios"):
        sources(2, 6, ratios=[1, 0])
    with pytest.raises(ConfigError, match="ConcatDataset"):
        mixed(range(5))


def test_mixed_resume_and_ranks():
    dataset = sources(5, 9, ratios=[0.3, 0.7])
    whole = draw(mixed(dataset), 60)
    first = mixed(dataset)
    draw(first, 23)
    second = mixed(dataset, seed=8)
    second.load_state_dict(first.state_dict())
    assert draw(second, 30) == whole[23:53]
    ranks = [draw(mixed(dataset, rank=rank, world_size=2), 9) for rank in (0, 1)]
    assert not set(ranks[0][:4]) & set(ranks[1][:4])
    assert [index < 5 for index in ranks[0]] == [index < 5 for index in ranks[1]]


def test_registered():
    sampler = DATA_SAMPLERS.build({"type": "EndlessSampler", "dataset": range(3), "seed": 1})
    assert sorted(draw(sampler, 3)) == [0, 1, 2]
    with pytest.raises(ConfigError, match="empty"):
        ShuffledStream(0, 1)


def test_a_mixture_with_a_period_goes_far_ahead_without_drawing():
    far = mixed(sources(700, 500, 90, ratios=[0.45, 0.3, 0.25]))
    # 1.29e12 draws one by one would take months.
    far.load_state_dict({"seed": 3, "epoch": 10**9, "index": 0})
    drawn = np.array(draw(far, 2000))
    assert np.bincount(np.searchsorted([700, 1200], drawn, "right")).tolist() == [900, 600, 500]


def test_a_mixture_without_a_period_is_replayed():
    dataset = sources(7, 5, ratios=[2**0.5, 3**0.5])
    whole = draw(mixed(dataset), 50)
    resumed = mixed(dataset)
    resumed.load_state_dict({"seed": 3, "epoch": 2, "index": 6})
    assert draw(resumed, 20) == whole[30:]
