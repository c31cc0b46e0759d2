"""Scores of a language model on held-out words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mmengine.evaluator import BaseMetric

from spotter.evaluation.matching import rate
from spotter.registry import METRICS
from spotter.structures import LanguageSample


@dataclass(frozen=True)
class _Tally:
    characters: int
    right: int
    log_probability: float
    altered: int
    restored: int
    misspelt: bool
    corrected: bool


@METRICS.register_module()
class LanguageMetric(BaseMetric):
    """Scores of a masked language model; each word counts once.

    ``character_accuracy``: share of characters and ends that are the most probable ones, given all
    others. ``perplexity``: exp of the mean of -log P(c | all others). Where the words come
    misspelt: ``correction_accuracy``: share of the replaced characters at whose place the right one
    is the most probable, given the misspelt others; ``misspelt_words``: share of words that are
    wrong before, and ``wrong_words`` after each character was corrected if the model doubts it
    enough.

    Args:
        collect_device: Where ranks exchange results, ``"cpu"`` or ``"gpu"``.
        prefix: Prefix of the names in the log, ``language`` by default.
    """

    default_prefix = "language"

    def process(self, data_batch: Any, data_samples: Sequence[LanguageSample]) -> None:
        """Count one batch.

        Args:
            data_batch: Not used.
            data_samples: Samples that a model has filled.
        """
        for sample in data_samples:
            altered = [
                restored
                for character, given, restored in zip(
                    sample.text, sample.misspelt or sample.text, sample.restored, strict=False
                )
                if character != given
            ]
            tally = _Tally(
                characters=len(sample.right),
                right=sum(sample.right),
                log_probability=sum(sample.log_probabilities),
                altered=len(altered),
                restored=sum(altered),
                misspelt=sample.misspelt not in (None, sample.text),
                corrected=sample.corrected in (None, sample.text),
            )
            self.results.append(tally)

    def compute_metrics(self, results: list[_Tally]) -> dict[str, float]:
        """Scores of all batches and ranks."""
        characters = sum(tally.characters for tally in results)
        altered = sum(tally.altered for tally in results)
        scores = {
            "character_accuracy": rate(sum(t.right for t in results), characters),
            "perplexity": math.exp(-sum(t.log_probability for t in results) / max(characters, 1)),
            "count": len(results),
        }
        if altered:
            scores |= {
                "correction_accuracy": rate(sum(t.restored for t in results), altered),
                "misspelt_words": rate(sum(t.misspelt for t in results), len(results)),
                "wrong_words": rate(sum(not t.corrected for t in results), len(results)),
            }
        return scores
