"""The choice between words, their parts, what several may be together, and alternatives."""

from __future__ import annotations

from collections.abc import Iterator

from spotter.pipeline.alternatives import (
    better_alternatives,
    raise_agreed_scores,
    with_alternatives,
)
from spotter.pipeline.crop_batching import WordReading
from spotter.pipeline.joining import resolve_joins
from spotter.pipeline.splitting import accepted_splits, replace_wholes, seen_parts
from spotter.pipeline.word_search import FoundWords
from spotter.structures import TextInstance


def choose_words(
    found: FoundWords, readings: Iterator[WordReading]
) -> tuple[list[TextInstance], list[WordReading]]:
    """The words of a photo and their readings.

    Args:
        found: What was found.
        readings: Of all :meth:`~spotter.pipeline.word_search.FoundWords.candidates`, in order; no
            more are taken.
    """
    words = found.words
    singly = [next(readings) for _ in words]
    joined = [(join, next(readings)) for join in found.joined]
    parts = [[next(readings) for _ in split.parts] for split in found.splits]
    others = [(each, [next(readings) for _ in each.words]) for each in found.alternatives]
    raise_agreed_scores(words, singly, others)
    better = [others[index] for index in better_alternatives(words, singly, joined, others)]
    replaced = {member for alternative, _ in better for member in alternative.members}
    splits = seen_parts(words, singly) | accepted_splits(singly, found.splits, parts)
    # What is several words is not one letterspaced word.
    taken = splits.keys() | replaced
    joined = [(join, whole) for join, whole in joined if not taken & set(join.members)]
    chosen = resolve_joins(
        words, singly, [join for join, _ in joined], [whole for _, whole in joined]
    )
    chosen = with_alternatives(*chosen, {id(words[index]) for index in replaced}, better)
    return replace_wholes(*chosen, splits.values())
