from __future__ import annotations

import inspect

import pytest

from benchmarks.suites import SUITES, PhotoSet, WordSet, suite_of
from spotter.conversion import LAYOUTS
from spotter.conversion.layout import SELECTION
from spotter.errors import ConfigError
from spotter.evaluation.protocols.names import (
    DETECTION_PROTOCOLS,
    END_TO_END_PROTOCOLS,
    RECOGNITION_PROTOCOLS,
)
from spotter.label_alphabet import LabelAlphabet
from spotter.registry import READERS

KINDS = [kind for suite in SUITES.values() for kind in (*suite.words, *suite.photos)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_definitions_name_what_exists(kind: WordSet | PhotoSet) -> None:
    for place in kind.places:
        layout = LAYOUTS[place.layout]
        assert layout.task == ("detection" if isinstance(kind, PhotoSet) else "recognition")
        known = inspect.signature(READERS.get(layout.reader)).parameters
        assert set(place.options) <= {*known, *SELECTION}
    if isinstance(kind, WordSet):
        assert kind.protocol in RECOGNITION_PROTOCOLS
        assert LabelAlphabet.load(kind.label_alphabet)
        return
    assert set(kind.detection) <= set(DETECTION_PROTOCOLS)
    assert set(kind.end_to_end) <= set(END_TO_END_PROTOCOLS)
    assert all(len(lexicon.pairs) in (0, len(lexicon.paths)) for lexicon in kind.lexicons)


@pytest.mark.parametrize("name", SUITES)
def test_averages_are_of_sets_of_the_suite(name: str) -> None:
    suite = suite_of(name)
    names = [kind.name for kind in suite.sets]
    assert len(set(names)) == len(names) > 0
    assert all(set(average.sets) <= set(names) for average in suite.averages)


def test_totals_of_the_literature() -> None:
    counts = {kind.name: kind.words for kind in suite_of("str6").words}
    totals = [sum(counts[n] for n in average.sets) for average in suite_of("str6").averages]
    assert totals == [7248, 7672]
    assert len(suite_of("union14m").words) == 7


def test_unknown_suite() -> None:
    with pytest.raises(ConfigError, match=r"'str7'; known are str6, "):
        suite_of("str7")
