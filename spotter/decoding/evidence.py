"""What the frames of a recognizer leave open, and what a language may make of it."""

from __future__ import annotations

import numpy as np

from spotter.decoding.corpus import LETTERS


def protected_characters(text: str) -> str:
    """The characters of a word that no language may delete, insert or change, in their order.

    They are all but the letters a to z: marks, digits, letters with accents, other letters. A
    letter's case does not count.
    """
    return "".join(c for c in text.lower() if c not in LETTERS)


def lock_clear_frames(probabilities: np.ndarray, lock: float) -> tuple[np.ndarray, bool]:
    """Frames without those alternatives that contradict a clearly seen character or gap.

    A character is seen clearly where its probability reaches ``lock`` in the likeliest frame of
    its run on the greedy path; that frame then allows no other class, so that every path emits the
    character. A frame whose blank reaches ``lock`` allows the blank only. Of neighbouring frames
    that allow one and the same class, one is kept.

    Args:
        probabilities: (T, K), class 0 is the blank.
        lock: Probability from which on a character counts as clearly seen; above 1: none.

    Returns:
        (S, K) probabilities with S <= T, given the locked classes; and whether the greedy path is
        locked everywhere: all of its characters, and all frames between the runs.
    """
    path = probabilities.argmax(axis=1)
    peaks = probabilities.max(axis=1)
    starts = np.flatnonzero(np.concatenate([[True], path[1:] != path[:-1]]))
    runs: np.ndarray = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(path))))
    best = np.maximum.reduceat(peaks, starts)[runs]
    clear = (peaks >= lock) & ((path == 0) | (peaks == best))
    # The other frames of a clearly seen character may only belong to it or to a gap beside it.
    sure = clear | ((path > 0) & (best >= lock))
    locked = probabilities.copy()
    locked[clear] = 0.0
    locked[clear, path[clear]] = 1.0
    same: np.ndarray = np.zeros(len(path), bool)
    same[1:] = clear[1:] & clear[:-1] & (path[1:] == path[:-1])
    return locked[~same], bool(sure.all())


def ctc_log_probability(probabilities: np.ndarray, tokens: list[int]) -> float:
    """Log-probability of a reading as the sum over all of its paths (Graves et al., ICML 2006).

    Args:
        probabilities: (T, K), class 0 is the blank.
        tokens: L classes; none of them is 0.

    Returns:
        A number of at most 0; -inf where no path spells the reading.
    """
    states: np.ndarray = np.zeros(2 * len(tokens) + 1, np.intp)
    states[1::2] = tokens
    skips: np.ndarray = np.zeros(len(states), bool)
    skips[3::2] = states[3::2] != states[1:-2:2]
    frames: np.ndarray = probabilities[:, states].astype(np.float64)
    alpha: np.ndarray = np.zeros(len(states))
    alpha[:2] = frames[0, :2]
    log_scale = 0.0
    for row in frames[1:]:
        moved = alpha.copy()
        moved[1:] += alpha[:-1]
        moved[2:] += np.where(skips[2:], alpha[:-2], 0.0)
        alpha = moved * row
        total = float(alpha.sum())
        if total <= 0.0:
            return -np.inf
        alpha /= total
        log_scale += float(np.log(total))
    last = float(alpha[-2:].sum())
    return log_scale + float(np.log(last)) if last > 0.0 else -np.inf
