"""Named views of one image, through transform, collate and preprocessor."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate

from spotter.data.preprocessor import RecDataPreprocessor
from spotter.data.transforms import MultiBranch
from spotter.errors import ConfigError

FIELDS = ("labelled", "weak", "strong")
PACK = {"type": "PackRecInputs"}
RESIZE = {"type": "RecResize", "height": 32, "mode": "fixed", "width": 64}


def crop(value: int, text: str | None) -> dict:
    return {"img": np.full((20, 50, 3), value, np.uint8), "text": text}


def test_sources_with_different_branches_make_one_batch() -> None:
    labelled = MultiBranch(FIELDS, {"labelled": [RESIZE, PACK]})
    unlabelled = MultiBranch(FIELDS, {"weak": [PACK], "strong": [PACK]}, shared=[RESIZE])
    items = [labelled(crop(10, "a")), unlabelled(crop(20, None)), unlabelled(crop(30, None))]
    batch = RecDataPreprocessor(mean=0.0, std=1.0)(pseudo_collate(items))
    assert {name: tuple(x.shape) for name, x in batch["inputs"].items()} == {
        "labelled": (1, 3, 32, 64),
        "weak": (2, 3, 32, 64),
        "strong": (2, 3, 32, 64),
    }
    assert batch["inputs"]["weak"][:, 0, 0, 0].tolist() == [20.0, 30.0]
    assert [sample.text for sample in batch["data_samples"]["labelled"]] == ["a"]


def test_a_batch_without_a_source_lacks_its_branches() -> None:
    labelled = MultiBranch(FIELDS, {"labelled": [RESIZE, PACK]})
    batch = RecDataPreprocessor()(pseudo_collate([labelled(crop(10, "a"))]))
    assert list(batch["inputs"]) == list(batch["data_samples"]) == ["labelled"]


def test_one_branch_cannot_change_what_another_sees() -> None:
    def blacken(results: dict) -> dict:
        results["img"][:] = 0
        return results

    branch = MultiBranch(("dark", "plain"), {"dark": [blacken, PACK], "plain": [PACK]})
    inputs = branch(crop(9, None))["inputs"]
    assert torch.all(inputs["dark"] == 0)
    assert torch.all(inputs["plain"] == 9)


@pytest.mark.parametrize("branches", [{}, {"other": [PACK]}])
def test_unknown_branches_are_refused(branches: dict) -> None:
    with pytest.raises(ConfigError):
        MultiBranch(FIELDS, branches)


def test_a_refusal_of_any_branch_refuses_the_image() -> None:
    assert MultiBranch(("a", "b"), {"a": [PACK], "b": [lambda _: None]})(crop(1, None)) is None
