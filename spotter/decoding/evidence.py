"""Visual evidence: limits on what a language model may change in a CTC reading."""

from __future__ import annotations

import numpy as np

from spotter.decoding.corpus import LETTERS, decomposed


def protected_characters(text: str, letters: str = LETTERS) -> str:
    """The characters of a word that a language model may not delete, insert or change, in order.

    These are all characters but the letters that the model knows, and syllables of them: marks,
    digits, letters with accents, and letters of other scripts. Case is ignored.

    Args:
        text: The word.
        letters: The alphabet of the model.
    """
    return "".join(c for c in text.lower() if c not in letters and not _is_syllable(c, letters))


def _is_syllable(character: str, letters: str) -> bool:
    parts = decomposed(character)
    return len(parts) > 1 and all(part in letters for part in parts)


def lock_clear_frames(probabilities: np.ndarray, lock: float) -> tuple[np.ndarray, bool]:
    """Remove the alternatives that contradict a clearly seen character or gap from the frames.

    A character is clearly seen if its probability is at least ``lock`` in the most probable frame
    of its run on the greedy path. That frame then allows no other class, so that every path emits
    the character. A frame whose blank has at least ``lock`` allows the blank only. Of neighbouring
    frames that allow the same single class, one is kept.

    Args:
        probabilities: (T, K), class 0 is the blank.
        lock: Least probability of a clearly seen character; above 1: no character is.

    Returns:
        (S, K) probabilities with S <= T; and whether the whole greedy path is locked: all of its
        characters, and all frames between their runs.
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
    """Log-probability of a reading, summed over all of its CTC paths (Graves et al., ICML 2006).

    Args:
        probabilities: (T, K), class 0 is the blank.
        tokens: L classes; none of them is 0.

    Returns:
        At most 0; -inf if no path gives the reading.
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
