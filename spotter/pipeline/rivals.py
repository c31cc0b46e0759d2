"""Rivals: other outlines of the same words, from passes at other scales, chosen by reading both.

A large word may break into pieces at a fine scale, and lines that stand close may become one word
at a coarse one. Which outlines are right shows when they are read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from spotter.decoding.ctc import Decoded
from spotter.geometry import min_area_rect, pairwise_overlaps
from spotter.pipeline.crop_batching import WordReading
from spotter.pipeline.joining import JoinedWord
from spotter.pipeline.splitting import replace_wholes, seen_parts
from spotter.structures import TextInstance, word_score

_SHARE = 0.5
"""Of either outline, from which on two of them are of the same word."""

_ALIKE = 0.8
"""Intersection over union from which on one outline is as good as the other."""

_AGREES = 0.9
"""Least score of a whole that says what its pieces say, as a share of their scores together."""

_COVERED = 0.6
"""Share of what a rival replaces that it has to cover."""

_MOST = 6
"""Words on either side; what is more is not one place any more."""

_BETTER = 1.1
"""How much more a rival has to say than what it replaces."""


@dataclass(frozen=True)
class Rival:
    """Words that may be in the place of others.

    Attributes:
        members: Indices of the others.
        words: The words.
        covered: Least share of the area of one of the others that the words cover.
    """

    members: list[int]
    words: list[TextInstance]
    covered: float = 1.0


def propose_rivals(
    words: Sequence[TextInstance], passes: Sequence[Sequence[TextInstance]]
) -> list[Rival]:
    """Where passes saw other words than those that were chosen.

    Args:
        words: Those that were chosen.
        passes: The words of each pass, in the same pixels.
    """
    found: list[Rival] = []
    seen: set[tuple[tuple[int, ...], tuple[bytes, ...]]] = set()
    for others in passes:
        if not words or not others:
            continue
        overlaps = pairwise_overlaps([w.polygon for w in words], [o.polygon for o in others])
        same = np.maximum(overlaps.first_share, overlaps.second_share) > _SHARE
        for members, rivals in _groups(same):
            if not 0 < len(members) <= _MOST or not 0 < len(rivals) <= _MOST:
                continue
            single = len(members) == len(rivals) == 1
            if single and overlaps.iou[members[0], rivals[0]] >= _ALIKE:
                continue
            key = tuple(members), tuple(others[index].polygon.tobytes() for index in rivals)
            if key not in seen:
                seen.add(key)
                shares = overlaps.first_share[np.ix_(members, rivals)].sum(axis=1)
                rivalling = [others[index] for index in rivals]
                found.append(Rival(members, rivalling, float(shares.min())))
    return found


def _groups(same: np.ndarray) -> list[tuple[list[int], list[int]]]:
    """Rows and columns of (A, B) bool that are connected."""
    found = []
    left = set(np.flatnonzero(same.any(axis=1)).tolist())
    while left:
        rows = {left.pop()}
        while True:
            columns = np.flatnonzero(same[sorted(rows)].any(axis=0))
            more = set(np.flatnonzero(same[:, columns].any(axis=1)).tolist())
            if more <= rows:
                break
            rows |= more
        left -= rows
        found.append((sorted(rows), columns.tolist()))
    return found


def raise_agreed_scores(
    words: Sequence[TextInstance],
    readings: Sequence[Decoded],
    rivals: Sequence[tuple[Rival, Sequence[Decoded]]],
) -> None:
    """Give both of two outlines that read the same the higher detection score, in place.

    Args:
        words: Those that were chosen.
        readings: Theirs.
        rivals: The rivals, and the readings of their words.
    """
    for rival, read in rivals:
        if not len(rival.members) == len(read) == 1:
            continue
        one, other = words[rival.members[0]], rival.words[0]
        if _alike(readings[rival.members[0]].text, read[0].text):
            best = max(one.detection_score, other.detection_score)
            one.detection_score = other.detection_score = best


def better_rivals(
    words: Sequence[TextInstance],
    readings: Sequence[Decoded],
    joined: Sequence[tuple[JoinedWord, Decoded]],
    rivals: Sequence[tuple[Rival, Sequence[Decoded]]],
) -> list[int]:
    """Which rivals replace their members: those that say more, the best ones first.

    What words say is the number of their characters times the scores, which is the expected number
    of right ones where a score is that of the whole word.

    Args:
        words: Those that were chosen.
        readings: Theirs.
        joined: What several of them may be together, and the readings.
        rivals: The rivals, and the readings of their words.

    Returns:
        Indices of rivals, no two of which have a member in common.
    """
    gains = []
    for index, (rival, read) in enumerate(rivals):
        gain = _gain(words, readings, joined, rival, read)
        if gain is not None:
            gains.append((-gain, index))
    chosen: list[int] = []
    used: set[int] = set()
    for _, index in sorted(gains):
        members = set(rivals[index][0].members)
        if not members & used:
            used |= members
            chosen.append(index)
    return chosen


def _gain(
    words: Sequence[TextInstance],
    readings: Sequence[Decoded],
    joined: Sequence[tuple[JoinedWord, Decoded]],
    rival: Rival,
    read: Sequence[Decoded],
) -> float | None:
    """How much more a rival says than its members; ``None``: it does not replace them."""
    own = {member: _says(words[member], readings[member]) for member in rival.members}
    stands = sum(own.values())
    for join, whole in joined:
        if set(join.members) <= own.keys():
            rest = sum(value for member, value in own.items() if member not in join.members)
            stands = max(stands, _says(join.word, whole) + rest)
    if _is_part(rival, read, stands) or _is_pieces(rival, read, words, stands):
        return None
    spelt = "".join(readings[member].text for member in rival.members)
    if len(read) == 1 and _alike(spelt, read[0].text):
        score = read[0].score
        scores = [readings[member].score for member in rival.members]
        if len(scores) == 1:
            return score - scores[0] if score > _BETTER * scores[0] else None
        # The same, seen as one word; where it is several, the recognizer sees the spaces.
        return 0.0 if score >= _AGREES * float(np.prod(scores)) else None
    says, length = sum(map(_says, rival.words, read)), sum(len(each.text) for each in read)
    surer = says * max(len(spelt), 1) >= stands * length
    return says - stands if surer and says > _BETTER * stands else None


def with_rivals(
    words: Sequence[TextInstance],
    readings: Sequence[WordReading],
    replaced: Collection[int],
    better: Sequence[tuple[Rival, Sequence[WordReading]]],
) -> tuple[list[TextInstance], list[WordReading]]:
    """Words and their readings, with rivals in the place of their members.

    Args:
        words: The words.
        readings: Theirs.
        replaced: The members, by ``id`` of the words.
        better: The rivals, and the readings of their words.
    """
    kept = [pair for pair in zip(words, readings, strict=True) if id(pair[0]) not in replaced]
    for rival, read in better:
        # A rival may hold spaces, too.
        parts = seen_parts(rival.words, read)
        kept += zip(*replace_wholes(rival.words, read, parts.values()), strict=True)
    return [word for word, _ in kept], [reading for _, reading in kept]


def _alike(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _is_part(rival: Rival, read: Sequence[Decoded], stands: float) -> bool:
    """Whether a rival leaves out some of what it replaces, and does not say much."""
    length = sum(len(each.text) for each in read)
    return rival.covered < _COVERED and (length < 3 or stands > 0.15 * length)


def _is_pieces(
    rival: Rival, read: Sequence[Decoded], words: Sequence[TextInstance], stands: float
) -> bool:
    """Whether a rival is pieces of one word, which is what a fine scale makes of a large word."""
    if len(rival.words) <= len(rival.members):
        return False
    quad = words[rival.members[0]].polygon
    if len(quad) != 4:
        quad = min_area_rect(quad)
    axis = quad[1] - quad[0] + quad[2] - quad[3]
    places = [
        word.polygon @ (axis / max(float(np.linalg.norm(axis)), 1e-6)) for word in rival.words
    ]
    for one, other in combinations(places, 2):
        shared = min(one.max(), other.max()) - max(one.min(), other.min())
        if shared > 0.5 * min(np.ptp(one), np.ptp(other)):
            return False
    length = sum(len(each.text) for each in read)
    return min(len(each.text) for each in read) < 2 or stands > 0.1 * length


def _says(word: TextInstance, reading: Decoded) -> float:
    return len(reading.text) * word_score(word.detection_score, reading.score)
