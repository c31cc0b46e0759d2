"""Which alternatives replace the words that were chosen, by what both are read as."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations

import numpy as np

from spotter.geometry import min_area_rect, native_size, pairwise_overlaps
from spotter.pipeline.alternatives import SAME_WORD, Alternative
from spotter.pipeline.crop_batching import WordReading
from spotter.pipeline.joining import JoinedWord, axes
from spotter.pipeline.splitting import replace_wholes, seen_parts
from spotter.structures import TextInstance, word_score

_AGREES = 0.9
"""Least score of a whole that says what its pieces say, as a share of their scores together."""

_COVERED = 0.6
"""Share of what an alternative replaces that it has to cover."""

_READABLE, _ONE_WORD = 0.15, 0.1
"""Least of what words say, a character, from which on they are not replaced by some part of what
they cover, and not by pieces along their line."""

_LEAST_LENGTH = 3
"""Characters of an alternative that covers less than it has to."""

_STACKED = 0.5
"""Overlap along the line, as a share of the shorter, from which on words are one above another."""

_STILL_SURE = 0.985
"""Least score of a word with a longer outline, as a share of the score before."""

_EMPTY = 0.02
"""What a word with a longer outline has to say more for each height that is added: of two that say
the same, the tighter one is chosen."""

_LEAST_PART = 2
"""Characters of the shortest word that is lengthened."""

_BETTER = 1.1
"""How much more an alternative has to say than what it replaces."""


def raise_agreed_scores(
    words: Sequence[TextInstance],
    readings: Sequence[WordReading],
    alternatives: Sequence[tuple[Alternative, Sequence[WordReading]]],
) -> None:
    """Give both of two outlines that read the same the higher detection score, in place.

    One that says the same as others and more gets the highest of theirs.

    Args:
        words: Those that were chosen.
        readings: Theirs.
        alternatives: The alternatives, and the readings of their words.
    """
    for alternative, read in alternatives:
        if alternative.lengthens or len(read) != 1:
            continue
        one, other = words[alternative.members[0]], alternative.words[0]
        if _continues(words, readings, alternative, read):
            best = max(words[member].detection_score for member in alternative.members)
            other.detection_score = max(best, other.detection_score)
        elif len(alternative.members) > 1:
            continue
        elif _alike(readings[alternative.members[0]].text, read[0].text):
            best = max(one.detection_score, other.detection_score)
            one.detection_score = other.detection_score = best


def better_alternatives(
    words: Sequence[TextInstance],
    readings: Sequence[WordReading],
    joined: Sequence[tuple[JoinedWord, WordReading]],
    alternatives: Sequence[tuple[Alternative, Sequence[WordReading]]],
    accepted: Sequence[tuple[JoinedWord, WordReading]] = (),
) -> list[int]:
    """Which alternatives replace their members: those that say more, the best ones first.

    What words say is the number of their characters times the scores, which is the expected number
    of right ones where a score is that of the whole word.

    Args:
        words: Those that were chosen.
        readings: Theirs.
        joined: What several of them may be together, and the readings.
        alternatives: The alternatives, and the readings of their words.
        accepted: The joins that are made of what no alternative replaces. An alternative for some
            of the pieces has to say more than the whole.

    Returns:
        Indices of alternatives, no two of which have a member in common or overlap.
    """
    gains = []
    # Joins stand before the alternatives: they have negative indices.
    joins = [set(join.members) for join, _ in accepted]
    for index, (join, whole) in enumerate(accepted):
        pieces = sum(_says(words[member], readings[member]) for member in join.members)
        gains.append((pieces - _says(join.word, whole), index - len(joins)))
    for index, (alternative, read) in enumerate(alternatives):
        if alternative.lengthens:
            longer = alternatives[index + 1 : index + 2]
            gain = _gain_of_length(words, readings, alternative, read, longer)
        else:
            gain = _gain(words, readings, joined, alternative, read)
        if gain is not None:
            gains.append((-gain, index))
    chosen: list[int] = []
    used: set[int] = set()
    made: list[set[int]] = []
    outlines: list[np.ndarray] = []
    for _, index in sorted(gains):
        if index < 0:
            made += [joins[index]] if not used & joins[index] else []
            continue
        alternative, read = alternatives[index]
        members = set(alternative.members)
        spelt = "".join(readings[member].text for member in alternative.members)
        says_same = len(members) == len(read) == 1 and _alike(spelt, read[0].text)
        # One for all of the pieces was compared with the join; one that says the same as a piece
        # leaves the join as it is.
        in_join = any(
            join & members and not join <= members for join in (joins if says_same else made)
        )
        own = [word.polygon for word in alternative.words]
        if not used & members and not in_join and not _same_place(own, outlines):
            used |= members
            outlines += own
            chosen.append(index)
    return chosen


def _same_place(own: Sequence[np.ndarray], others: Sequence[np.ndarray]) -> bool:
    """Whether some outline (N, 2) of one side is of the same word as one of the other."""
    if not others:
        return False
    overlaps = pairwise_overlaps(own, others)
    return bool((np.maximum(overlaps.first_share, overlaps.second_share) > SAME_WORD).any())


def _gain(
    words: Sequence[TextInstance],
    readings: Sequence[WordReading],
    joined: Sequence[tuple[JoinedWord, WordReading]],
    alternative: Alternative,
    read: Sequence[WordReading],
) -> float | None:
    """How much more an alternative says than its members; ``None``: it does not replace them."""
    own = {member: _says(words[member], readings[member]) for member in alternative.members}
    stands = sum(own.values())
    for join, whole in joined:
        if set(join.members) <= own.keys():
            rest = sum(value for member, value in own.items() if member not in join.members)
            stands = max(stands, _says(join.word, whole) + rest)
    goes_on = _continues(words, readings, alternative, read)
    if not goes_on and _is_part(alternative, read, stands):
        return None
    if _is_pieces(alternative, read, words, stands):
        return None
    spelt = "".join(readings[member].text for member in _in_order(words, alternative))
    if len(read) == 1 and _alike(spelt, read[0].text):
        score = read[0].score
        scores = [readings[member].score for member in alternative.members]
        if len(scores) == 1:
            return score - scores[0] if score > _BETTER * scores[0] else None
        # The same, seen as one word, unless the recognizer sees spaces or a join decides.
        is_joined = any(own.keys() <= set(join.members) for join, _ in joined)
        is_several = is_joined or bool(seen_parts(alternative.words, read))
        agrees = score >= _AGREES * float(np.prod(scores))
        return 0.0 if agrees and not is_several else None
    says, length = sum(map(_says, alternative.words, read)), sum(len(each.text) for each in read)
    surer = says * max(len(spelt), 1) >= stands * length
    return says - stands if surer and says > _BETTER * stands else None


def _in_order(words: Sequence[TextInstance], alternative: Alternative) -> list[int]:
    """The members of an alternative along its reading direction."""
    axis = _axis(alternative.words[0])
    places = {index: float(words[index].polygon.mean(0) @ axis) for index in alternative.members}
    return sorted(places, key=places.__getitem__)


def _continues(
    words: Sequence[TextInstance],
    readings: Sequence[WordReading],
    alternative: Alternative,
    read: Sequence[WordReading],
) -> bool:
    """Whether an alternative is one word that says as surely what its members say, and more."""
    if len(read) != 1 or seen_parts(alternative.words, read):
        return False
    whole = read[0]
    parts = [readings[member] for member in _in_order(words, alternative)]
    if whole.score < _STILL_SURE * float(np.prod([part.score for part in parts])):
        return False
    if len(parts) == 1:
        return _goes_on(parts[0].text, whole.text)
    longest = max(len(part.text) for part in parts)
    text, place = whole.text.casefold(), -1
    for part in parts:
        # Pieces may overlap, and show a letter twice.
        place = text.find(part.text.casefold(), place + 1)
        if place < 0:
            return False
    return _LEAST_PART <= longest < len(text)


def _gain_of_length(
    words: Sequence[TextInstance],
    readings: Sequence[WordReading],
    alternative: Alternative,
    read: Sequence[WordReading],
    following: Sequence[tuple[Alternative, Sequence[WordReading]]],
) -> float | None:
    """As :func:`_gain`, of a word with a longer outline: it has to say the same and more.

    What still grows with the outline reaches into something else, and is cut in it.

    Args:
        words: Those that were chosen.
        readings: Theirs.
        alternative: The word with a longer outline.
        read: Its reading.
        following: The next alternative, if there is one, and its readings: the next longer outline
            of the same word, or something else.
    """
    [member], [longer], [whole] = alternative.members, alternative.words, read
    for other, [also, *_] in following:
        same = other.lengthens and other.members == alternative.members
        if same and not _alike(also.text, whole.text):
            return None
    word, part = words[member], readings[member]
    if not _goes_on(part.text, whole.text) or seen_parts([longer], [whole]):
        return None
    before = word_score(word.detection_score, part.score)
    after = word_score(longer.detection_score, whole.score)
    added = native_size(longer.polygon)[0] - native_size(word.polygon)[0]
    shown = 1.0 - _EMPTY * max(added, 0.0) / native_size(word.polygon)[1]
    gain = shown * _says(longer, whole) - _BETTER * _says(word, part)
    return gain if after >= _STILL_SURE * before and gain > 0 else None


def _goes_on(part: str, whole: str) -> bool:
    """Whether a text is part of another, its first or last character aside, that has more."""
    part, whole = part.casefold(), whole.casefold()
    if len(part) < _LEAST_PART or len(whole) <= len(part):
        return False
    inner = [part, part[1:], part[:-1]] if len(part) > _LEAST_PART else [part]
    for text in inner:
        before, found, after = whole.partition(text)
        if found:
            return any(map(str.isalnum, before + after))
    return False


def with_alternatives(
    words: Sequence[TextInstance],
    readings: Sequence[WordReading],
    replaced: Collection[int],
    better: Sequence[tuple[Alternative, Sequence[WordReading]]],
) -> tuple[list[TextInstance], list[WordReading]]:
    """Words and their readings, with alternatives in the place of their members.

    Args:
        words: The words.
        readings: Theirs.
        replaced: The members, by ``id`` of the words.
        better: The alternatives, and the readings of their words.
    """
    kept = [pair for pair in zip(words, readings, strict=True) if id(pair[0]) not in replaced]
    for alternative, read in better:
        # An alternative may hold spaces, too.
        parts = seen_parts(alternative.words, read)
        kept += zip(*replace_wholes(alternative.words, read, parts.values()), strict=True)
    return [word for word, _ in kept], [reading for _, reading in kept]


def _alike(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _is_part(alternative: Alternative, read: Sequence[WordReading], stands: float) -> bool:
    """Whether an alternative leaves out some of what it replaces, and does not say much."""
    length = sum(len(each.text) for each in read)
    return alternative.covered < _COVERED and (
        length < _LEAST_LENGTH or stands > _READABLE * length
    )


def _is_pieces(
    alternative: Alternative,
    read: Sequence[WordReading],
    words: Sequence[TextInstance],
    stands: float,
) -> bool:
    """Whether an alternative is pieces of one large word, as a fine scale makes them."""
    if len(alternative.words) <= len(alternative.members):
        return False
    axis = _axis(words[alternative.members[0]])
    places = [word.polygon @ axis for word in alternative.words]
    for one, other in combinations(places, 2):
        shared = min(one.max(), other.max()) - max(one.min(), other.min())
        if shared > _STACKED * min(np.ptp(one), np.ptp(other)):
            return False
    length = sum(len(each.text) for each in read)
    return min(len(each.text) for each in read) < 2 or stands > _ONE_WORD * length


def _axis(word: TextInstance) -> np.ndarray:
    """Unit vector (2,) of its reading direction."""
    quad = word.polygon
    return axes(quad if len(quad) == 4 else min_area_rect(quad))[0]


def _says(word: TextInstance, reading: WordReading) -> float:
    return len(reading.text) * word_score(word.detection_score, reading.score)
