"""CTC over the readings that a label allows, against every path of tiny problems."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
import torch.nn.functional as F

from spotter.label_alphabet import LabelAlphabet
from spotter.label_lattice import LabelLattice
from spotter.models.recognition.prediction.lattice_ctc import lattice_ctc_loss

CHARACTERS = "abAB,."
LETTERS = LabelAlphabet("ab", case=False)
EVERYTHING = LabelAlphabet(CHARACTERS)


def logs(words: int, frames: int, seed: int = 0) -> torch.Tensor:
    torch.manual_seed(seed)
    return (2 * torch.randn(words, frames, len(CHARACTERS) + 1)).log_softmax(-1)


def brute_force(log_probabilities: torch.Tensor, label: str) -> float:
    frames, classes = log_probabilities.shape
    total = 0.0
    for path in itertools.product(range(classes), repeat=frames):
        merged = [token for token, _ in itertools.groupby(path)]
        text = "".join(CHARACTERS[token - 1] for token in merged if token)
        if LETTERS.project(text) == label:
            total += math.exp(sum(log_probabilities[range(frames), path].tolist()))
    return -math.log(total)


@pytest.mark.parametrize("label", ["a", "ab", "aa", "bab", "abb"])
def test_all_paths_that_the_label_allows(label: str) -> None:
    values = logs(1, 5, seed=len(label))
    lattice = LabelLattice.of(label, LETTERS, CHARACTERS)
    loss = lattice_ctc_loss(values, [lattice], torch.tensor([5]))
    assert loss.item() == pytest.approx(brute_force(values[0], label), abs=1e-5)


def test_words_of_a_batch_do_not_touch_each_other() -> None:
    values = logs(3, 6)
    labels, frames = ["a", "bba", "ab"], torch.tensor([6, 6, 4])
    lattices = [LabelLattice.of(label, LETTERS, CHARACTERS) for label in labels]
    losses = lattice_ctc_loss(values, lattices, frames)
    for value, label, count, loss in zip(values, labels, frames, losses, strict=True):
        assert loss.item() == pytest.approx(brute_force(value[:count], label), abs=1e-5)


def test_a_full_alphabet_is_ordinary_ctc_with_its_gradient() -> None:
    labels = ["aB,", "bb", "", "AAb.."]
    lattices = [LabelLattice.of(label, EVERYTHING, CHARACTERS) for label in labels]
    frames = torch.tensor([9, 7, 9, 9])
    logits = torch.randn(4, 9, 7, generator=torch.manual_seed(1))
    gradients, losses = [], []
    targets = torch.tensor([1 + CHARACTERS.index(c) for label in labels for c in label])
    lengths = torch.tensor([len(label) for label in labels])
    for own in (True, False):
        leaf = logits.clone().requires_grad_()
        values = leaf.log_softmax(-1)
        if own:
            loss = lattice_ctc_loss(values, lattices, frames)
        else:
            loss = F.ctc_loss(values.transpose(0, 1), targets, frames, lengths, reduction="none")
        loss.sum().backward()
        losses.append(loss.detach())
        gradients.append(leaf.grad)
    torch.testing.assert_close(losses[0], losses[1])
    torch.testing.assert_close(gradients[0], gradients[1], atol=1e-5, rtol=1e-4)


def test_what_the_label_leaves_out_is_neither_taught_nor_punished() -> None:
    # Frames say "A,b" or "ab": with the lattice of "ab" both cost next to nothing.
    lattice = LabelLattice.of("ab", LETTERS, CHARACTERS)
    for path in ([3, 5, 2], [1, 0, 2]):
        values = torch.full((1, 3, 7), -20.0)
        values[0, range(3), path] = 0.0
        assert lattice_ctc_loss(values, [lattice], torch.tensor([3])).item() < 1e-3


def test_more_characters_than_frames_add_nothing() -> None:
    lattice = LabelLattice.of("aaa", LETTERS, CHARACTERS)
    values = logs(1, 2).requires_grad_()
    loss = lattice_ctc_loss(values, [lattice], torch.tensor([2]))
    loss.sum().backward()
    assert loss.item() == 0.0
    assert values.grad is not None
    assert torch.isfinite(values.grad).all()
