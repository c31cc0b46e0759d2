"""The choice between words, their parts, what several may be together, and alternatives."""

from __future__ import annotations

from collections.abc import Iterator

from spotter.pipeline.alternative_choice import (
    better_alternatives,
    raise_agreed_scores,
    with_alternatives,
)
from spotter.pipeline.crop_batching import WordReading
from spotter.pipeline.join_choice import accepted_joins, with_joins
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
    joins = accepted_joins(words, singly, joined)
    raise_agreed_scores(words, singly, others)
    chosen = better_alternatives(words, singly, joined, others, joins)
    better = [others[index] for index in chosen]
    replaced = {member for alternative, _ in better for member in alternative.members}
    splits = seen_parts(words, singly) | accepted_splits(singly, found.splits, parts)
    # What is several words is not one letterspaced word.
    taken = splits.keys() | replaced
    joins = [(join, whole) for join, whole in joins if not taken & set(join.members)]
    kept = with_joins(words, singly, joins)
    kept = with_alternatives(*kept, {id(words[index]) for index in replaced}, better)
    return replace_wholes(*kept, splits.values())
