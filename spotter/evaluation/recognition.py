"""Word accuracy and its kin for cropped words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

from mmengine.evaluator import BaseMetric

from spotter.charset import Charset
from spotter.errors import AnnotationError
from spotter.evaluation.matching import rate
from spotter.lexicon import edit_distance
from spotter.registry import METRICS
from spotter.structures import TextRecSample

#: 36 (digits, lower case), 62 (and upper case), 94 (printable ASCII), another name or file of
#: :meth:`Charset.load`, or ``None`` for texts as they are.
CharacterSet: TypeAlias = Literal[36, 62, 94] | str | None

# No true word holds it, so it always counts as an error.
_UNKNOWN = "\ufffd"


@dataclass(frozen=True)
class RecognitionScores:
    """Scores of one set of words.

    Attributes:
        accuracy: Share of words read without error.
        accuracy_ed1: Share of words read with at most one edit.
        one_minus_ned: Mean of 1 - ED / max(length of truth, length of reading).
        count: Number of words that count.
    """

    accuracy: float
    accuracy_ed1: float
    one_minus_ned: float
    count: int


@dataclass(frozen=True)
class RecognitionReport:
    """Scores of several sets of words.

    Attributes:
        weighted: Over all words together, sum of correct / sum of words.
        arithmetic: Mean of the scores of the sources, each weighing the same.
        sources: Scores by source.
        dropped: Words that the rules left out.
    """

    weighted: RecognitionScores
    arithmetic: RecognitionScores
    sources: dict[str, RecognitionScores]
    dropped: int

    def to_dict(self) -> dict[str, float]:
        """Flat names: ``accuracy``, ..., ``mean/accuracy``, ..., ``<source>/accuracy``, ..."""
        flat: dict[str, float] = {**asdict(self.weighted), "dropped": self.dropped}
        groups = {"mean": self.arithmetic, **self.sources} if len(self.sources) > 1 else {}
        for name, scores in groups.items():
            flat.update({f"{name}/{key}": value for key, value in asdict(scores).items()})
        return flat


@dataclass(frozen=True)
class _WordTally:
    source: str
    distance: int
    longest: int


@dataclass(frozen=True)
class RecognitionRules:
    """How readings are compared; every published figure should name them.

    Attributes:
        charset: Characters that count, the others are removed from both sides, see
            :data:`CharacterSet`. Sets with one case only fold case.
        ignore_case: Compare lower-cased, whatever the set.
        drop_symbols: Leave out words whose truth has a character that is not an ASCII letter or
            digit (ICDAR 2013's 857 and 1015 words), instead of removing the character.
        min_length: Leave out words whose truth is shorter after the filter (3 for ICDAR 2013's 857
            words). Words without any character left are always left out.
        unknown: How readings write a character that the model does not know: one error each, never
            removed by the filter.
    """

    charset: CharacterSet = 36
    ignore_case: bool = False
    drop_symbols: bool = False
    min_length: int = 1
    unknown: str = _UNKNOWN

    @cached_property
    def _characters(self) -> Charset | None:
        return None if self.charset is None else Charset.load(str(self.charset))

    def normalise(self, text: str) -> str:
        """The part of a text that is compared."""
        if self._characters is not None:
            text = self._characters.normalize(text)
        return text.lower() if self.ignore_case else text

    def tally(self, read: str, true: str, source: str) -> _WordTally | None:
        """Errors of one reading, or ``None`` when the word does not count."""
        if self.drop_symbols and not all(c.isascii() and c.isalnum() for c in true):
            return None
        wanted = self.normalise(true)
        if len(wanted) < max(self.min_length, 1):
            return None
        pieces = read.split(self.unknown) if self.unknown else [read]
        found = _UNKNOWN.join(self.normalise(piece) for piece in pieces)
        longest = max(len(wanted), len(found))
        return _WordTally(source, edit_distance(found, wanted), longest)


def _scores(tallies: Sequence[_WordTally]) -> RecognitionScores:
    distances = [tally.distance for tally in tallies]
    return RecognitionScores(
        accuracy=rate(sum(d == 0 for d in distances), len(tallies)),
        accuracy_ed1=rate(sum(d <= 1 for d in distances), len(tallies)),
        one_minus_ned=rate(sum(1 - t.distance / t.longest for t in tallies), len(tallies)),
        count=len(tallies),
    )


def _summarise(tallies: Sequence[_WordTally | None]) -> RecognitionReport:
    counted = [tally for tally in tallies if tally is not None]
    by_source: dict[str, list[_WordTally]] = {}
    for tally in counted:
        by_source.setdefault(tally.source, []).append(tally)
    sources = {name: _scores(group) for name, group in sorted(by_source.items())}
    each = list(sources.values())
    arithmetic = RecognitionScores(
        accuracy=rate(sum(s.accuracy for s in each), len(each)),
        accuracy_ed1=rate(sum(s.accuracy_ed1 for s in each), len(each)),
        one_minus_ned=rate(sum(s.one_minus_ned for s in each), len(each)),
        count=len(counted),
    )
    return RecognitionReport(_scores(counted), arithmetic, sources, len(tallies) - len(counted))


def evaluate_recognition(
    predictions: Sequence[str | None],
    ground_truths: Sequence[str],
    sources: Sequence[str] | None = None,
    rules: RecognitionRules | None = None,
) -> RecognitionReport:
    """Word accuracy, accuracy within one edit, and 1-NED, in all and by source.

    Args:
        predictions: N readings; ``None`` is read as nothing.
        ground_truths: N true words.
        sources: N names of the sets that the words belong to; one unnamed set if ``None``.
        rules: How to compare, by default 36 characters without case.

    Returns:
        See :class:`RecognitionReport`.

    Raises:
        AnnotationError: The sequences differ in length.
        CharsetError: Unknown character set.
    """
    rules = rules or RecognitionRules()
    sources = [""] * len(ground_truths) if sources is None else sources
    if not len(predictions) == len(ground_truths) == len(sources):
        raise AnnotationError(
            f"{len(predictions)} readings, {len(ground_truths)} truths and {len(sources)} sources "
            "are not in step."
        )
    return _summarise(
        [
            rules.tally(read or "", true, source)
            for read, true, source in zip(predictions, ground_truths, sources, strict=True)
        ]
    )


@METRICS.register_module()
class WordAccuracy(BaseMetric):
    """:func:`evaluate_recognition` as a metric of mmengine's loops.

    Args:
        charset: See :data:`CharacterSet`; this and the next four as in :class:`RecognitionRules`.
        ignore_case: Compare lower-cased, whatever the set.
        drop_symbols: Leave out words with symbols.
        min_length: Leave out shorter words.
        unknown: Text of an unknown character in a reading.
        collect_device: Where ranks exchange results, ``"cpu"`` or ``"gpu"``.
        prefix: Prefix of the names in the log, ``recognition`` by default.
    """

    default_prefix = "recognition"

    def __init__(
        self,
        charset: CharacterSet = 36,
        ignore_case: bool = False,
        drop_symbols: bool = False,
        min_length: int = 1,
        unknown: str = _UNKNOWN,
        collect_device: str = "cpu",
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.rules = RecognitionRules(charset, ignore_case, drop_symbols, min_length, unknown)

    def process(self, data_batch: Any, data_samples: Sequence[TextRecSample]) -> None:
        """Count one batch.

        Args:
            data_batch: Not used.
            data_samples: Samples with ``text`` and ``predicted_text``; unlabelled ones are passed
                over.
        """
        for sample in data_samples:
            if sample.text is not None:
                read = sample.predicted_text or ""
                self.results.append(self.rules.tally(read, sample.text, sample.source))

    def compute_metrics(self, results: list[_WordTally | None]) -> dict[str, float]:
        """Scores of all batches and ranks, see :meth:`RecognitionReport.to_dict`."""
        return _summarise(results).to_dict()
