"""Column masks by hand."""

import torch

from spotter.models.recognition.padding import column_mask


def test_column_mask_by_hand() -> None:
    mask = column_mask(torch.tensor([1.0, 0.5, 0.51, 0.0]), 4)
    assert mask.int().tolist() == [[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 0, 0]]


def test_every_exact_share_gives_its_columns() -> None:
    for width in (7, 26, 32, 40):
        ratios = torch.arange(1, width + 1) / width
        assert column_mask(ratios, width).sum(1).tolist() == list(range(1, width + 1))
