"""The choice between words and what several of them may be together, by reading both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from spotter.decoding.ctc import Decoded
from spotter.pipeline.crop_batching import WordReading
from spotter.pipeline.joining import SHARED, JoinedWord
from spotter.structures import TextInstance

_ONE_WORD = 0.5
"""Least score of a word of letters only that is put together from pieces."""

_AGREES = 0.3
"""Least score of a whole that agrees with its pieces, as a share of theirs together."""

_HARDLY = 0.3
"""Least score of a whole that does not, as a share of that of its surest piece."""

_LETTER = 0.25
"""Overlap of two boxes, in heights, for each further character that stands in both."""


def accepted_joins(
    words: Sequence[TextInstance],
    readings: Sequence[WordReading],
    joined: Sequence[tuple[JoinedWord, WordReading]],
) -> list[tuple[JoinedWord, WordReading]]:
    """The joined words that read at least as well as their pieces, with their readings.

    Pieces side by side are joined if the whole contains a mark or a digit, as detectors cut words
    there. Words of letters only are joined if the pieces overlap or stand as near as their letters
    do, and the recognizer sees no space. If it sees spaces between pieces, what is between the
    spaces is joined.

    Args:
        words: All pieces and other words.
        readings: Theirs.
        joined: The candidates and their readings.
    """
    accepted = []
    for join, whole in joined:
        pieces = [readings[index] for index in join.members]
        reading = _accepted(join, whole, pieces)
        if reading is not None:
            accepted.append((join, reading))
        elif len(whole.parts) > 1 and not join.vertical:
            accepted += _accepted_parts(words, join, whole, pieces)
    return accepted


def with_joins(
    words: Sequence[TextInstance],
    readings: Sequence[WordReading],
    joins: Sequence[tuple[JoinedWord, WordReading]],
) -> tuple[list[TextInstance], list[WordReading]]:
    """Words and their readings, with joined words, which come first, in the place of their pieces.

    Args:
        words: All pieces and other words.
        readings: Theirs.
        joins: The joined words and their readings.
    """
    used = {index for join, _ in joins for index in join.members}
    left = [index for index in range(len(words)) if index not in used]
    return (
        [join.word for join, _ in joins] + [words[index] for index in left],
        [reading for _, reading in joins] + [readings[index] for index in left],
    )


def _accepted(
    join: JoinedWord, whole: WordReading, pieces: Sequence[WordReading]
) -> WordReading | None:
    """The reading of a joined word, ``None``: its pieces stay."""
    spelt = spell(pieces) if join.vertical or join.spaced else None
    if spelt is not None and spelt.score > whole.score:
        return replace(
            whole,
            text=spelt.text,
            character_scores=spelt.character_scores,
            score=spelt.score,
            rotation=0,
            outline=join.word.polygon,
        )
    shared = _shared_characters(join, pieces)
    if (
        _may_be_several(join, whole)
        or _parted_at_seams(whole, pieces, shared)
        or not joins_read_well(whole, pieces, shared)
    ):
        return None
    if len(pieces) == 1:
        return whole
    # What the pieces agree with is as sure as they are.
    together = float(np.prod([piece.score for piece in pieces]))
    return replace(whole, score=max(whole.score, together))


def _accepted_parts(
    words: Sequence[TextInstance],
    join: JoinedWord,
    whole: WordReading,
    pieces: Sequence[WordReading],
) -> list[tuple[JoinedWord, WordReading]]:
    """What a joined word is between the spaces that the recognizer sees in it."""
    apart = _spaces_from_seams(whole, pieces)
    if not apart.size or apart.min(axis=1).max() > _shared_characters(join, pieces):
        return []
    cuts = [0, *(apart.argmin(axis=1) + 1).tolist(), len(pieces)]
    if any(first >= last for first, last in pairwise(cuts)):
        return []
    found = []
    for part, (first, last) in zip(whole.parts, pairwise(cuts), strict=True):
        if last - first < 2:
            continue
        members = join.members[first:last]
        score = float(np.mean([words[index].detection_score for index in members]))
        word = TextInstance(part.outline, detection_score=score)
        overlaps = join.overlaps[first : last - 1]
        one = replace(join, members=members, word=word, overlaps=overlaps)
        reading = _accepted(one, part, pieces[first:last])
        if reading is not None:
            found.append((one, reading))
    return found


def _shared_characters(join: JoinedWord, pieces: Sequence[Decoded]) -> int:
    """How many characters stand in two pieces of a joined word.

    Boxes that overlap far hold at least one; if one piece ends with what the next one begins with,
    as many as their overlap may hold.
    """
    shared = 0
    for overlap, (left, right) in zip(join.overlaps, pairwise(pieces), strict=False):
        most = 1 + int(overlap / _LETTER) if overlap > 0 else 0
        one, other = left.text.casefold(), right.text.casefold()
        repeated = [n for n in range(1, most + 1) if one[-n:] == other[:n] and len(one) >= n]
        shared += max(repeated, default=0)
        shared += not repeated and overlap > SHARED
    return shared


def _may_be_several(join: JoinedWord, whole: WordReading) -> bool:
    """Whether pieces side by side that have letters only may be words of their own.

    Where a photo is blurred, two words leave no more space than two letters.
    """
    if len(join.members) == 1 or join.spaced or join.vertical or not whole.text.isalpha():
        return False
    return whole.score < _ONE_WORD or not (join.touching or join.even) or bool(whole.parts)


def _parted_at_seams(whole: WordReading, pieces: Sequence[WordReading], shared: int) -> bool:
    """Whether the recognizer sees a space in a whole where one of its pieces ends."""
    return bool((_spaces_from_seams(whole, pieces) <= shared).any())


def _spaces_from_seams(whole: WordReading, pieces: Sequence[WordReading]) -> np.ndarray:
    """How many characters each space of a whole is from each end of a piece in it, (S, P - 1)."""
    spaces = np.cumsum([len(part.text) for part in whole.parts])[:-1]
    seams = np.cumsum([len(piece.text) for piece in pieces])[:-1]
    return np.abs(spaces[:, None] - seams)


def joins_read_well(whole: Decoded, pieces: Sequence[Decoded], shared: int = 0) -> bool:
    """Whether a joined word is read at least as well as its pieces, and has all their characters.

    If the whole begins like the first piece and ends like the last one, it is the same reading with
    something that the pieces lack, such as a mark between them. Its score may then be much lower.

    Args:
        whole: The reading of the joined word.
        pieces: Those of its pieces, in order.
        shared: How many characters stand in two of the pieces.
    """
    texts = [piece.text for piece in pieces if piece.text]
    together = float(np.prod([piece.score for piece in pieces if piece.text]))
    if not whole.text or len(whole.text) < sum(map(len, texts)) - shared:
        return False
    agrees = len(texts) > 1 and whole.text.startswith(texts[0]) and whole.text.endswith(texts[-1])
    if agrees:
        return whole.score >= _AGREES * together
    # What is hardly read does not take the place of a piece that is read well.
    surest = max((piece.score for piece in pieces if piece.text), default=0.0)
    return whole.score >= max(together, _HARDLY * surest)


def spell(pieces: Sequence[Decoded]) -> Decoded | None:
    """The reading of a word whose pieces are single characters, or ``None`` if they are not."""
    if len(pieces) < 3 or not all(len(piece.text) == 1 for piece in pieces):
        return None
    score = float(np.exp(np.mean([np.log(max(piece.score, 1e-9)) for piece in pieces])))
    characters = [piece.score for piece in pieces]
    return Decoded("".join(piece.text for piece in pieces), characters, score)
