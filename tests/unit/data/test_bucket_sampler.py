from itertools import islice

import numpy as np
import pytest
from torch.utils.data import ConcatDataset

from spotter.data import BucketBatchSampler, EndlessSampler
from spotter.errors import ConfigError


class Crops:
    """Crops 32 high, of widths 30, 60 and 250 in turn."""

    def __len__(self) -> int:
        return 60

    def image_size(self, index: int) -> tuple[int, int]:
        return (30, 60, 250)[index % 3], 32


def batches(dataset: object, count: int, composition: list[int] | None = None) -> list[list[int]]:
    sampler = EndlessSampler(dataset, seed=3, rank=0, world_size=1)
    widths = (32, 64, 256)
    return list(islice(BucketBatchSampler(sampler, 4, widths, composition=composition), count))


def test_batches_are_full_and_share_a_width() -> None:
    found = batches(Crops(), 30)
    assert all(len(batch) == 4 and len({i % 3 for i in batch}) == 1 for batch in found)


def test_every_crop_comes_as_often_as_its_sampler_draws_it() -> None:
    counts = np.bincount(np.concatenate(batches(Crops(), 150)), minlength=60)
    # 600 draws of 60 crops; what waits in three queues is at most three crops each
    assert abs(counts - 10).max() <= 2


def test_the_order_is_repeatable_and_works_over_several_sources() -> None:
    several = ConcatDataset([Crops(), Crops()])
    found = batches(several, 20)
    assert found == batches(several, 20)
    assert {i >= 60 for batch in found for i in batch} == {True, False}
    assert all(len({i % 60 % 3 for i in batch}) == 1 for batch in found)


def test_data_without_sizes_is_refused() -> None:
    with pytest.raises(ConfigError, match="LMDB"):
        batches([1, 2, 3], 1)


def test_batches_have_so_many_crops_of_each_source() -> None:
    several = ConcatDataset([Crops(), Crops()])
    found = batches(several, 30, [1, 3])
    assert [[i >= 60 for i in batch] for batch in found] == [[False, True, True, True]] * 30
    assert all(len({i % 60 % 3 for i in batch}) == 1 for batch in found)
    assert found == batches(several, 30, [1, 3])


@pytest.mark.parametrize("composition", [[4], [1, 2], [1, 1, 2]])
def test_a_composition_that_does_not_fit_is_refused(composition: list[int]) -> None:
    with pytest.raises(ConfigError, match="2 sources"):
        batches(ConcatDataset([Crops(), Crops()]), 1, composition)
