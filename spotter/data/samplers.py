"""Endless samplers whose position is exact: a resumed run sees the samples it had not seen."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from spotter.errors import ConfigError
from spotter.registry import DATA_SAMPLERS

_MAX_PERIOD = 10_000

MIXED = 16
"""Blocks whose samples are mixed."""


class ShuffledStream:
    """The endless sequence of epochs' permutations, readable at any position.

    Args:
        size: Number of items.
        seed: One number or several; with the epoch's number it determines every permutation.
        shuffle: ``False``: every epoch runs 0 .. size - 1.
        block: Shuffle blocks of so many neighbours, and then the samples of each :data:`MIXED`
            blocks that follow each other: what is stored together is read about the same time.
            ``None``: shuffle the samples.

    Raises:
        ConfigError: ``size`` or ``block`` is below 1.
    """

    def __init__(
        self,
        size: int,
        seed: int | Sequence[int],
        shuffle: bool = True,
        block: int | None = None,
    ) -> None:
        if size < 1:
            raise ConfigError("cannot sample from an empty dataset")
        if block is not None and block < 1:
            raise ConfigError(f"block must be at least 1, not {block}")
        self.size = size
        self.seed = list(np.atleast_1d(seed))
        self.shuffle = shuffle
        self.block = block
        self._epoch = -1
        self._order: np.ndarray = np.empty(0, np.int64)

    def __getitem__(self, position: int) -> int:
        epoch, index = divmod(position, self.size)
        if not self.shuffle:
            return index
        if epoch != self._epoch:
            self._order = self._shuffled(np.random.default_rng([*self.seed, epoch]))
            self._epoch = epoch
        return int(self._order[index])

    def _shuffled(self, generator: np.random.Generator) -> np.ndarray:
        if self.block is None:
            return generator.permutation(self.size)
        turns = generator.permutation(-(-self.size // self.block))
        order = np.argsort(turns[np.arange(self.size) // self.block], kind="stable")
        for start in range(0, self.size, MIXED * self.block):
            generator.shuffle(order[start : start + MIXED * self.block])
        return order


class _EndlessSampler(Sampler):
    """Position keeping shared by the samplers: ``taken`` counts what this rank has drawn."""

    def __init__(self, dataset: Any, seed: int | None, rank: int | None, world: int | None) -> None:
        own_rank, own_world = get_dist_info()
        self.rank = own_rank if rank is None else rank
        self.world_size = own_world if world is None else world
        self.seed = sync_random_seed() if seed is None else seed
        self.dataset = dataset
        self.size = len(dataset)
        self.taken = 0

    def __len__(self) -> int:
        """Samples per rank and epoch; iteration itself never ends."""
        return -(-self.size // self.world_size)

    def set_epoch(self, epoch: int) -> None:
        """Nothing to do: mmengine's epoch loops call it, and the stream counts epochs itself."""

    def state_dict(self, taken: int | None = None) -> dict[str, int]:
        """Where the stream stands.

        Args:
            taken: Samples per rank that training has used, iterations times batch size. A loader
                with workers draws ahead, so without it the state counts prefetched samples as used.

        Returns:
            ``seed``, ``epoch`` and ``index``: the next sample of the stream that all ranks share.
        """
        position = (self.taken if taken is None else taken) * self.world_size
        epoch, index = divmod(position, self.size)
        return {"seed": self.seed, "epoch": epoch, "index": index}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on from a state, also with another number of ranks."""
        self.seed = int(state["seed"])
        self.taken = (int(state["epoch"]) * self.size + int(state["index"])) // self.world_size
        self._reset()

    def _reset(self) -> None:
        """Rebuild what depends on the seed."""


@DATA_SAMPLERS.register_module()
class EndlessSampler(_EndlessSampler):
    """Endless epochs of shuffled indices, dealt out to the ranks in turn.

    Args:
        dataset: Anything with a length.
        seed: Same on all ranks; drawn and shared when not given.
        shuffle: ``False`` keeps the order of the dataset.
        rank: This process; by default that of the running process group.
        world_size: Number of processes; by default that of the running process group.
        block: See :class:`ShuffledStream`; for archives on disks that are slow to seek.
    """

    def __init__(
        self,
        dataset: Any,
        seed: int | None = None,
        shuffle: bool = True,
        rank: int | None = None,
        world_size: int | None = None,
        block: int | None = None,
    ) -> None:
        super().__init__(dataset, seed, rank, world_size)
        self.shuffle, self.block = shuffle, block
        self._reset()

    def _reset(self) -> None:
        self._stream = ShuffledStream(self.size, self.seed, self.shuffle, self.block)

    def __iter__(self) -> Iterator[int]:
        while True:
            index = self._stream[self.taken * self.world_size + self.rank]
            self.taken += 1
            yield index


@DATA_SAMPLERS.register_module()
class RatioSampler(_EndlessSampler):
    """Mix the sources of a :class:`ConcatDataset` in given ratios, evenly all along.

    Every draw goes to the source that is furthest behind its share. So any run of consecutive
    samples holds each source's share to within about one sample, and when batch size times share is
    a whole number, every batch has exactly that composition. Each source is shuffled and comes
    round on its own.

    Args:
        dataset: A concatenated dataset (``cumulative_sizes``).
        ratios: Share of each source, any positive scale; by default ``dataset.ratios``, else in
            proportion to the sources' sizes.
        seed: Same on all ranks; drawn and shared when not given.
        shuffle: ``False`` keeps the order within each source.
        rank: This process; by default that of the running process group.
        world_size: Number of processes; by default that of the running process group.
        block: See :class:`ShuffledStream`; of each source.

    Raises:
        ConfigError: The dataset is not concatenated, or the ratios do not fit it.
    """

    def __init__(
        self,
        dataset: Any,
        ratios: Sequence[float] | None = None,
        seed: int | None = None,
        shuffle: bool = True,
        rank: int | None = None,
        world_size: int | None = None,
        block: int | None = None,
    ) -> None:
        super().__init__(dataset, seed, rank, world_size)
        if not hasattr(dataset, "cumulative_sizes"):
            raise ConfigError("RatioSampler needs a ConcatDataset")
        self.starts = [0, *dataset.cumulative_sizes[:-1]]
        self.sizes = np.diff([0, *dataset.cumulative_sizes]).tolist()
        ratios = ratios or getattr(dataset, "ratios", None) or self.sizes
        if len(ratios) != len(self.sizes) or min(ratios) <= 0:
            raise ConfigError(f"ratios {list(ratios)} do not fit {len(self.sizes)} sources")
        self.shares = np.asarray(ratios, np.float64) / float(sum(ratios))
        self._period = _period(self.shares)
        self._per_period = np.round(self.shares * self._period).astype(np.int64)
        self.shuffle, self.block = shuffle, block
        self._reset()

    def _reset(self) -> None:
        self._streams = [
            ShuffledStream(size, [self.seed, number], self.shuffle, self.block)
            for number, size in enumerate(self.sizes)
        ]
        # After a period every source has exactly its share, and the sequence begins again.
        periods = self.taken // self._period if self._period else 0
        self._drawn: np.ndarray = periods * self._per_period
        for step in range(periods * self._period, self.taken):
            self._drawn[self._source(step)] += 1

    def _source(self, step: int) -> int:
        """The source furthest behind after ``step`` draws; rounding keeps ties from drifting."""
        periods = step // self._period if self._period else 0
        due = self.shares * (step - periods * self._period + 1)
        behind = due - (self._drawn - periods * self._per_period)
        return int(np.argmax(np.round(behind, 9)))

    def __iter__(self) -> Iterator[int]:
        for step in itertools.count(self.taken):
            source = self._source(step)
            place = int(self._drawn[source]) * self.world_size + self.rank
            self._drawn[source] += 1
            self.taken += 1
            yield self.starts[source] + self._streams[source][place]


def _period(shares: np.ndarray) -> int:
    """Smallest number of draws that gives every source a whole number of them; 0: none is small."""
    counts = np.arange(1, _MAX_PERIOD + 1)[:, None] * shares
    whole = np.flatnonzero((np.abs(counts - counts.round()) < 1e-7).all(1))
    return int(whole[0]) + 1 if len(whole) else 0
