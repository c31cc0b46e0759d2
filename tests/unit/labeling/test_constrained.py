"""Constrained decoding, against every path of tiny problems."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import numpy as np
import pytest

from spotter.errors import CharsetError
from spotter.label_alphabet import LabelAlphabet
from spotter.label_lattice import LabelLattice, leaves_out, write_label
from spotter.labeling.constrained import constrained_readings

LETTERS = LabelAlphabet("ab", case=False)
CHARACTERS = "abAB,."


def log_softmax(rng: np.random.Generator, frames: int) -> np.ndarray:
    logits = rng.normal(size=(frames, len(CHARACTERS) + 1)) * 2
    return logits - np.log(np.exp(logits).sum(1, keepdims=True))


def collapse(path: tuple[int, ...]) -> str:
    merged = [token for token, _ in itertools.groupby(path)]
    return "".join(CHARACTERS[token - 1] for token in merged if token)


def brute_force(log_probabilities: np.ndarray, label: str, max_marks: int) -> dict[str, float]:
    """Probability of every reading that projects to the label, summed over all paths."""
    frames, classes = log_probabilities.shape
    found: dict[str, float] = defaultdict(float)
    for path in itertools.product(range(classes), repeat=frames):
        text = collapse(path)
        runs = [
            len(list(group)) for mark, group in itertools.groupby(text, ",.".__contains__) if mark
        ]
        if LETTERS.project(text) == label and max(runs, default=0) <= max_marks:
            found[text] += math.exp(sum(log_probabilities[range(frames), path]))
    return found


@pytest.mark.parametrize("label", ["a", "ab", "aa", "bab"])
@pytest.mark.parametrize("max_marks", [0, 1, 3])
def test_every_reading_and_its_probability(label: str, max_marks: int) -> None:
    log_probabilities = log_softmax(np.random.default_rng(len(label)), 5)
    expected = brute_force(log_probabilities, label, max_marks)
    lattice = LabelLattice.of(label, LETTERS, CHARACTERS)
    found = constrained_readings(
        log_probabilities, lattice, CHARACTERS, max_marks, beam=None, min_prob=0
    )
    assert {r.text for r in found} == set(expected)
    for reading in found:
        assert math.exp(reading.log_probability) == pytest.approx(expected[reading.text])
        assert reading.share == pytest.approx(expected[reading.text] / sum(expected.values()))
    assert found[0].text == max(expected, key=expected.__getitem__)


def test_the_beam_finds_the_best_reading() -> None:
    rng = np.random.default_rng(7)
    lattice = LabelLattice.of("ab", LETTERS, CHARACTERS)
    for _ in range(20):
        log_probabilities = log_softmax(rng, 6)
        exact = constrained_readings(log_probabilities, lattice, CHARACTERS, beam=None, min_prob=0)
        quick = constrained_readings(log_probabilities, lattice, CHARACTERS)
        assert quick[0].text == exact[0].text


def test_marks_and_case_are_taken_from_the_frames() -> None:
    # Frames that say clearly: A , b (blank last).
    probabilities = np.full((4, 7), 0.01)
    for frame, token in enumerate([3, 5, 2, 0]):
        probabilities[frame, token] = 0.94
    lattice = LabelLattice.of("ab", LETTERS, CHARACTERS)
    best = constrained_readings(np.log(probabilities), lattice, CHARACTERS)[0]
    assert best.text == "A,b"
    assert best.share > 0.8


def test_a_label_of_more_characters_than_frames_has_no_reading() -> None:
    lattice = LabelLattice.of("aa", LETTERS, CHARACTERS)
    # Two of one case need a blank between them; "aA" does not.
    frames = log_softmax(np.random.default_rng(0), 2)
    assert {r.text for r in constrained_readings(frames, lattice, CHARACTERS)} == {"aA", "Aa"}
    assert constrained_readings(frames[:1], lattice, CHARACTERS) == []


def test_the_lattice_of_a_label() -> None:
    lattice = LabelLattice.of("Ba", LETTERS, CHARACTERS)
    assert lattice.steps == ((2, 4), (1, 3))
    assert lattice.marks == (5, 6)
    exact = LabelLattice.of("aB", LabelAlphabet(CHARACTERS), CHARACTERS)
    assert (exact.steps, exact.marks) == (((1,), (4,)), ())
    with pytest.raises(CharsetError, match="'b' of 'ab'"):
        LabelLattice.of("ab", LETTERS, "aA,")


def test_accents_and_signs_as_labels_write_them() -> None:
    letters = LabelAlphabet("etm", case=False)
    assert write_label("Été™", letters) == "etetm"
    lattice = LabelLattice.of("te", letters, "teÉ™,")
    # The accented capital is a form of e, the comma is left out, and the sign stands for two
    # letters, so that no single place of a label allows it.
    assert lattice.steps == ((1,), (2, 3))
    assert lattice.marks == (5,)


def test_what_labels_leave_out() -> None:
    assert leaves_out(LETTERS, CHARACTERS)
    assert leaves_out(LabelAlphabet("abAB"), CHARACTERS)
    assert not leaves_out(LabelAlphabet(), CHARACTERS)
    assert not leaves_out(LETTERS, "ab")
