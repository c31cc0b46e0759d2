"""Our CLEval against the authors' package on random words, where that package is installed.

It asks for numba, torchmetrics and Polygon3, whose clipping library is not free for commercial
use, so it is no requirement of the tests; ``cleval_package.json`` holds numbers made with it.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.evaluation import CLEvalSettings, evaluate_cleval
from spotter.structures import TextInstance

pytest.importorskip("cleval")
from cleval.box_types import POLY, QUAD
from cleval.data import GlobalResult, accumulate_result, calculate_global_rph
from cleval.eval_functions import evaluation


class Poly(POLY):
    """The package's polygon, with the two things that keep it from running."""

    scale = None

    def pseudo_character_center(self, *_):
        return super().pseudo_character_center()


def package_stats(found, truths, rules: CLEvalSettings):
    options = SimpleNamespace(
        DUMP_SAMPLE_RESULT=False,
        E2E=True,
        ORIENTATION=False,
        CASE_SENSITIVE=rules.case_sensitive,
        RECALL_GRANULARITY_PENALTY_WEIGHT=rules.recall_penalty,
        PRECISION_GRANULARITY_PENALTY_WEIGHT=rules.precision_penalty,
        VERTICAL_ASPECT_RATIO_THRESH=rules.vertical_aspect_ratio,
        AREA_PRECISION_CONSTRAINT=rules.area_precision,
    )
    kind = QUAD if rules.outlines == "quads" else Poly

    def boxes(words):
        return [
            kind(
                word.polygon.astype(float).ravel().tolist(),
                transcription=word.text,
                is_dc=word.ignore,
            )
            for word in words
        ]

    total = GlobalResult()
    for predicted, true in zip(found, truths, strict=True):
        accumulate_result(total, evaluation(options, boxes(true), boxes(predicted)), True)
    calculate_global_rph(total, True)
    return total.stats


def outline(rng, kind, centre, width, height, angle):
    """A tilted rectangle, or a bent strip of 4 to 10 vertices."""
    columns = 2 if kind == "quads" else rng.integers(2, 6)
    bend = 0.0 if kind == "quads" else rng.uniform(-0.6, 0.6)
    x = np.linspace(-width / 2, width / 2, columns)
    y = bend * height * np.cos(x / width * np.pi)
    top, bottom = np.stack([x, y - height / 2], 1), np.stack([x, y + height / 2], 1)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    points = np.concatenate([top, bottom[::-1]]) @ turn + centre
    return (np.round(points) if rng.random() < 0.5 else points).astype(np.float32)


def random_image(rng, kind):
    """True words, some of them don't-care, and whole, split, merged and stray detections."""

    def text(least, most):
        return "".join(rng.choice(list("abcAB"), rng.integers(least, most)))

    truths, found = [], []
    for _ in range(rng.integers(0, 7)):
        place = (rng.uniform(60, 240, 2), rng.uniform(10, 120), rng.uniform(8, 40))
        centre, width, height = place
        angle = rng.choice([0.0, rng.uniform(-1.5, 1.5)])
        word, case = text(1, 9), rng.random()
        truths.append(
            TextInstance(outline(rng, kind, *place, angle), word, ignore=bool(rng.random() < 0.25))
        )
        if case < 0.4:
            place = (centre + rng.normal(0, 3, 2), width * rng.uniform(0.7, 1.3), height)
            reading = word if rng.random() < 0.5 else text(0, 9)
            found.append(TextInstance(outline(rng, kind, *place, angle), reading))
        elif case < 0.7:
            step = np.array([np.cos(angle), np.sin(angle)]) * width / 4
            for sign in (-1, 1):
                place = (centre + sign * step, width / 2 * rng.uniform(0.8, 1.2), height)
                found.append(TextInstance(outline(rng, kind, *place, angle), text(0, 5)))
        elif case < 0.9:
            place = (centre, width * rng.uniform(1, 2.5), height * rng.uniform(1, 2))
            found.append(TextInstance(outline(rng, kind, *place, angle), word + text(0, 5)))
    if rng.random() < 0.5:
        place = (rng.uniform(60, 240, 2), *rng.uniform(10, 80, 2))
        found.append(TextInstance(outline(rng, kind, *place, 0.0), text(0, 4)))
    return [found[number] for number in rng.permutation(len(found))], truths


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(["quads", "polygons"]),
    st.booleans(),
    st.sampled_from([0.3, 0.5]),
    st.sampled_from([(1.0, 1.0), (0.5, 0.25)]),
    st.sampled_from([0.5, 1.0]),
)
def test_equal_to_the_package(seed, kind, case_sensitive, area_precision, penalties, vertical):
    rng = np.random.default_rng(seed)
    images = [random_image(rng, kind) for _ in range(2)]
    found, truths = [one for one, _ in images], [one for _, one in images]
    rules = CLEvalSettings(True, kind, area_precision, *penalties, vertical, case_sensitive)
    theirs, ours = package_stats(found, truths, rules), evaluate_cleval(found, truths, rules)
    for one, other in ((theirs.det, ours.detection), (theirs.e2e, ours.end_to_end)):
        assert (other.recall, other.precision, other.hmean) == pytest.approx(
            (one.recall, one.precision, one.hmean), abs=1e-6
        )
        assert (other.correct, other.ground_truths, other.detected, other.false_positives) == (
            one.num_char_tp_recall,
            one.num_char_gt,
            one.num_char_det,
            one.num_char_fp,
        )
    counts = (theirs.num_splitted, theirs.num_merged, theirs.num_char_overlapped)
    assert (ours.splits, ours.merges, ours.overlapped) == counts
