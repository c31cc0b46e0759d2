"""Clear frames are locked; the probability of a reading is that of all its paths."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from spotter.decoding import ctc_log_probability, lock_clear_frames, protected_characters


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Hello", ""),
        ("1.80", "1.80"),
        ("WE'RE", "'"),
        ("Se\u00f1or", "\u00f1"),
        ("STRA\u1e9eE", "\u00df"),
        ("\u0141\u00f3d\u017a-7", "\u0142\u00f3\u017a-7"),
    ],
)
def test_protected_characters(text: str, kept: str) -> None:
    assert protected_characters(text) == kept


def test_letters_and_syllables_of_another_alphabet_are_free() -> None:
    assert protected_characters("дом 7й", "адмоми") == " 7й"
    syllables = "\u1100\u1161\u11a8"
    assert protected_characters("각", syllables) == ""
    assert protected_characters("각나a", syllables) == "나a"


def test_locked_frames_by_hand() -> None:
    frames = np.array(
        [
            [0.99, 0.01, 0.00],  # a gap
            [0.98, 0.01, 0.01],  # and the same gap: dropped
            [0.40, 0.60, 0.00],  # begins a clear character, stays as it is
            [0.02, 0.97, 0.01],  # its likeliest frame
            [0.70, 0.10, 0.20],  # a gap that is not clear
            [0.30, 0.10, 0.60],  # a character that is not clear
        ]
    )
    locked, everywhere = lock_clear_frames(frames, 0.95)
    wanted = frames[[0, 2, 3, 4, 5]].copy()
    wanted[0] = [1, 0, 0]
    wanted[2] = [0, 1, 0]
    np.testing.assert_array_equal(locked, wanted)
    assert not everywhere
    assert lock_clear_frames(frames[:4], 0.95)[1]
    untouched, everywhere = lock_clear_frames(frames, 1.1)
    np.testing.assert_array_equal(untouched, frames)
    assert not everywhere


@pytest.mark.parametrize("tokens", [[], [1], [1, 2], [1, 1], [2, 1, 2], [1, 1, 1, 1]])
def test_probability_of_all_paths(tokens: list[int]) -> None:
    frames = np.random.default_rng(len(tokens)).dirichlet([1.0, 1.0, 1.0], 5)
    wanted = 0.0
    for path in itertools.product(range(3), repeat=5):
        spelled = [t for i, t in enumerate(path) if t and (i == 0 or t != path[i - 1])]
        if spelled == tokens:
            wanted += math.prod(frames[t, k] for t, k in enumerate(path))
    found = ctc_log_probability(frames, tokens)
    # Four equal characters need seven frames.
    assert found == (pytest.approx(math.log(wanted)) if wanted else -math.inf)
