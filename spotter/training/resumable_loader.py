"""A training loader whose k-th batch depends on the seed and on k, and on nothing else.

Workers read ahead, so the state of their generators and of the sampler does not tell which batch
was trained on last. Here every sample carries its position in the run and is augmented under a
generator seeded from it. A resumed run therefore sees the batches that it would have seen, with any
number of workers, and gets there without reading the data that it has already used.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from torch.utils.data import DataLoader, Dataset, get_worker_info

from spotter.errors import ConfigError
from spotter.training.randomness import seed_generators, seeded_generators


class PositionedDataset(Dataset):
    """Reads ``dataset[index]`` under a generator seeded from the sample's position in the run.

    Args:
        dataset: The dataset.
        seed: Seed of the run.
        rank: Number of this process: processes augment differently.
    """

    def __init__(self, dataset: Dataset, seed: int, rank: int = 0) -> None:
        self.dataset = dataset
        self.seed = seed
        self.rank = rank

    def __len__(self) -> int:
        return len(self.dataset)  # type: ignore[arg-type]

    def __getitem__(self, position: tuple[int, int, Any]) -> Any:
        iteration, slot, index = position
        key = (self.seed, self.rank, iteration, slot)
        if get_worker_info() is not None:
            seed_generators(key)
            return self.dataset[index]
        with seeded_generators(key):
            return self.dataset[index]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "dataset":
            raise AttributeError(name)
        return getattr(self.dataset, name)


class PositionedBatchSampler:
    """Batches of ``(iteration, slot, index)`` without end, pass after pass over a batch sampler.

    Args:
        batch_sampler: Gives lists of indices. When it or its ``sampler`` has ``set_epoch``, that is
            called with 0, 1, 2, ... before each pass; what it gives must depend on its seed and on
            the epoch only. A ``sampler`` with ``state_dict(taken)`` and ``load_state_dict`` is set
            to its place; others are run up to it, which draws indices but reads no data.

    Attributes:
        start: Batches to skip; set it before iterating.
    """

    def __init__(self, batch_sampler: Any) -> None:
        self.batch_sampler = batch_sampler
        self.start = 0

    @property
    def batch_size(self) -> int:
        """Samples per batch."""
        return self.batch_sampler.batch_size

    def __len__(self) -> int:
        """Batches in one pass."""
        return len(self.batch_sampler)

    def __iter__(self) -> Iterator[list[tuple[int, int, Any]]]:
        first = 0
        sampler: Any = getattr(self.batch_sampler, "sampler", None)
        if hasattr(sampler, "load_state_dict"):
            sampler.load_state_dict(sampler.state_dict(taken=self.start * self.batch_size))
            first = self.start
        passes = islice(enumerate(self._passes(), first), self.start - first, None)
        for iteration, indices in passes:
            yield [(iteration, slot, index) for slot, index in enumerate(indices)]

    def _passes(self) -> Iterator[list[Any]]:
        epoch = 0
        while True:
            self._set_epoch(epoch)
            empty = True
            for indices in self.batch_sampler:
                empty = False
                yield indices
            if empty:
                raise ConfigError("the training data holds less than one batch")
            epoch += 1

    def _set_epoch(self, epoch: int) -> None:
        samplers: list[Any] = [self.batch_sampler, getattr(self.batch_sampler, "sampler", None)]
        for sampler in samplers:
            if hasattr(sampler, "set_epoch"):
                sampler.set_epoch(epoch)


def resumable(loader: DataLoader, seed: int, rank: int) -> DataLoader:
    """The same loader with positioned samples; it never ends.

    Args:
        loader: A loader over a map-style dataset.
        seed: Seed of the run.
        rank: Number of this process.

    Raises:
        ConfigError: The dataset has no length.
    """
    if loader.batch_sampler is None or not hasattr(loader.dataset, "__len__"):
        raise ConfigError("training needs a map-style dataset with a length and a batch size")
    workers: dict[str, Any] = {}
    if loader.num_workers > 0:
        workers = {
            "worker_init_fn": loader.worker_init_fn,
            "prefetch_factor": loader.prefetch_factor,
            "multiprocessing_context": loader.multiprocessing_context,
            "persistent_workers": loader.persistent_workers,
            "timeout": loader.timeout,
        }
    return DataLoader(
        PositionedDataset(loader.dataset, seed, rank),
        batch_sampler=PositionedBatchSampler(loader.batch_sampler),
        num_workers=loader.num_workers,
        collate_fn=loader.collate_fn,
        pin_memory=loader.pin_memory,
        **workers,
    )
