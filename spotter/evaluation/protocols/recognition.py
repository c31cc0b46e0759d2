"""Word accuracy and related scores for cropped words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

from mmengine.evaluator import BaseMetric

from spotter.charset import Charset
from spotter.decoding.lexicon import edit_distance
from spotter.errors import AnnotationError, ConfigError
from spotter.evaluation.calibration import Calibration, calibration
from spotter.evaluation.confusion import Confusions, count_confusions, matched_characters
from spotter.evaluation.matching import rate
from spotter.label_alphabet import LabelAlphabet
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
        character_precision: Right characters / characters read. Right are those that
            :func:`spotter.evaluation.confusion.align` lines up with their like.
        character_recall: Right characters / true characters.
        count: Number of words that count.
    """

    accuracy: float
    accuracy_ed1: float
    one_minus_ned: float
    character_precision: float
    character_recall: float
    count: int


@dataclass(frozen=True)
class RecognitionReport:
    """Scores of several sets of words.

    Attributes:
        weighted: Over all words together, sum of correct / sum of words.
        arithmetic: Mean of the scores of the sources, each weighing the same.
        sources: Scores by source.
        lengths: Scores by the number of characters of the true word that count.
        dropped: Words that the rules left out.
        calibration: Of the confidences, where every reading has one.
        words: What became of each word that counts.
    """

    weighted: RecognitionScores
    arithmetic: RecognitionScores
    sources: dict[str, RecognitionScores]
    lengths: dict[int, RecognitionScores]
    dropped: int
    calibration: Calibration | None = None
    words: Sequence[WordTally] = field(default=(), repr=False)

    def confusions(self) -> Confusions:
        """Characters taken for others, as the rules compare them."""
        return count_confusions((word.true, word.read) for word in self.words)

    def to_dict(self) -> dict[str, float]:
        """Flat names: ``accuracy``, ..., ``mean/accuracy``, ..., ``<source>/accuracy``, ..."""
        flat: dict[str, float] = {**asdict(self.weighted), "dropped": self.dropped}
        if self.calibration is not None:
            flat["expected_calibration_error"] = self.calibration.expected_error
        groups = {"mean": self.arithmetic, **self.sources} if len(self.sources) > 1 else {}
        for name, scores in groups.items():
            flat.update({f"{name}/{key}": value for key, value in asdict(scores).items()})
        return flat


@dataclass(frozen=True)
class WordTally:
    """One reading against its truth.

    Attributes:
        source: Set that the word belongs to.
        true: The true word as it is compared.
        read: The reading as it is compared.
        distance: Edits between them.
        matched: Right characters.
        confidence: Of the reading, if known.
    """

    source: str
    true: str
    read: str
    distance: int
    matched: int
    confidence: float | None = None


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
        remove: Regular expression of what is removed from both sides, after the filter.
        unknown: How readings write a character that the model does not know: one error each, never
            removed by the filter.
    """

    charset: CharacterSet = 36
    ignore_case: bool = False
    drop_symbols: bool = False
    min_length: int = 1
    remove: str | None = None
    unknown: str = _UNKNOWN

    def __post_init__(self) -> None:
        try:
            re.compile(self.remove or "")
        except re.error as error:
            raise ConfigError(
                f"remove: {self.remove!r} is no regular expression ({error})."
            ) from None

    @cached_property
    def _characters(self) -> Charset | None:
        return None if self.charset is None else Charset.load(str(self.charset))

    def normalise(self, text: str) -> str:
        """The part of a text that is compared; accents are composed (NFC)."""
        if self._characters is None:
            text = unicodedata.normalize("NFC", text)
        else:
            text = self._characters.normalize(text)
        if self.remove:
            text = re.sub(self.remove, "", text)
        return text.lower() if self.ignore_case else text

    def tally(
        self,
        read: str,
        true: str,
        source: str,
        confidence: float | None = None,
        labels: LabelAlphabet | None = None,
    ) -> WordTally | None:
        """Errors of one reading, or ``None`` when the word does not count.

        Args:
            read: The reading.
            true: The label.
            source: Name of the set.
            confidence: Of the reading, in [0, 1].
            labels: What labels of the set can express; the rest of the reading is left out before
                it is compared. ``None``: everything.
        """
        if self.drop_symbols and not all(c.isascii() and c.isalnum() for c in true):
            return None
        wanted = self._compared(true, labels)
        if len(wanted) < max(self.min_length, 1):
            return None
        pieces = read.split(self.unknown) if self.unknown else [read]
        found = _UNKNOWN.join(self._compared(piece, labels) for piece in pieces)
        distance, matched = edit_distance(found, wanted), matched_characters(wanted, found)
        return WordTally(source, wanted, found, distance, matched, confidence)

    def _compared(self, text: str, labels: LabelAlphabet | None) -> str:
        return self.normalise(text if labels is None else labels.project(text))


#: Case and marks count, as far as the labels have them.
EXACT = RecognitionRules(None)


def _scores(tallies: Sequence[WordTally]) -> RecognitionScores:
    matched = sum(tally.matched for tally in tallies)
    similar = sum(1 - t.distance / max(len(t.true), len(t.read)) for t in tallies)
    return RecognitionScores(
        accuracy=rate(sum(tally.distance == 0 for tally in tallies), len(tallies)),
        accuracy_ed1=rate(sum(tally.distance <= 1 for tally in tallies), len(tallies)),
        one_minus_ned=rate(similar, len(tallies)),
        character_precision=rate(matched, sum(len(tally.read) for tally in tallies)),
        character_recall=rate(matched, sum(len(tally.true) for tally in tallies)),
        count=len(tallies),
    )


def mean_scores(groups: Iterable[RecognitionScores]) -> RecognitionScores:
    """Arithmetic mean of the scores of several sets, with the number of all their words."""
    each = list(groups)

    def mean(name: str) -> float:
        return rate(sum(getattr(scores, name) for scores in each), len(each))

    return RecognitionScores(
        accuracy=mean("accuracy"),
        accuracy_ed1=mean("accuracy_ed1"),
        one_minus_ned=mean("one_minus_ned"),
        character_precision=mean("character_precision"),
        character_recall=mean("character_recall"),
        count=sum(scores.count for scores in each),
    )


def _summarise(tallies: Sequence[WordTally | None]) -> RecognitionReport:
    counted = [tally for tally in tallies if tally is not None]
    by_source: dict[str, list[WordTally]] = {}
    by_length: dict[int, list[WordTally]] = {}
    for tally in counted:
        by_source.setdefault(tally.source, []).append(tally)
        by_length.setdefault(len(tally.true), []).append(tally)
    sources = {name: _scores(group) for name, group in sorted(by_source.items())}
    confidences = [tally.confidence for tally in counted if tally.confidence is not None]
    calibrated = None
    if confidences and len(confidences) == len(counted):
        calibrated = calibration(confidences, [tally.distance == 0 for tally in counted])
    return RecognitionReport(
        weighted=_scores(counted),
        arithmetic=mean_scores(sources.values()),
        sources=sources,
        lengths={length: _scores(group) for length, group in sorted(by_length.items())},
        dropped=len(tallies) - len(counted),
        calibration=calibrated,
        words=counted,
    )


def evaluate_recognition(
    predictions: Sequence[str | None],
    ground_truths: Sequence[str],
    sources: Sequence[str] | None = None,
    rules: RecognitionRules | None = None,
    confidences: Sequence[float] | None = None,
    labels: LabelAlphabet | None = None,
) -> RecognitionReport:
    """Word accuracy and related scores: in total, by source and by length.

    Args:
        predictions: N readings; ``None`` is read as nothing.
        ground_truths: N true words.
        sources: N names of the sets that the words belong to; one unnamed set if ``None``.
        rules: How to compare, by default 36 characters without case.
        confidences: N scores of the readings, in [0, 1].
        labels: What the labels can express; characters that they leave out do not count, and case
            where they do not tell it. ``None``: they leave nothing out.

    Returns:
        See :class:`RecognitionReport`.

    Raises:
        AnnotationError: The sequences differ in length.
        CharsetError: Unknown character set.
        ConfigError: A confidence outside [0, 1].
    """
    rules = rules or RecognitionRules()
    sources = [""] * len(ground_truths) if sources is None else sources
    scores = [None] * len(ground_truths) if confidences is None else confidences
    if not len(predictions) == len(ground_truths) == len(sources) == len(scores):
        raise AnnotationError(
            f"{len(predictions)} readings, {len(ground_truths)} truths and {len(sources)} sources "
            "are not in step."
        )
    return _summarise(
        [
            rules.tally(read or "", true, source, score, labels)
            for read, true, source, score in zip(
                predictions, ground_truths, sources, scores, strict=True
            )
        ]
    )


@METRICS.register_module()
class WordAccuracy(BaseMetric):
    """:func:`evaluate_recognition` as a metric of mmengine's loops, by two sets of rules.

    Scores by the rules of the arguments have their plain names (``recognition/accuracy``); beside
    them stand those by :data:`EXACT`, as far as a sample's ``label_alphabet`` allows to judge
    them: ``exact_accuracy``, ``exact_one_minus_ned`` and ``exact_count``, in all, as the mean of
    the sources and by source.

    Args:
        charset: See :data:`CharacterSet`; this and the next five as in :class:`RecognitionRules`.
        ignore_case: Compare lower-cased, whatever the set.
        drop_symbols: Leave out words with symbols.
        min_length: Leave out shorter words.
        remove: Regular expression of what is removed.
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
        remove: str | None = None,
        unknown: str = _UNKNOWN,
        collect_device: str = "cpu",
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.rules = RecognitionRules(
            charset, ignore_case, drop_symbols, min_length, remove, unknown
        )
        self.exact_rules = RecognitionRules(None, unknown=unknown)

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
                # Float32 products may exceed 1 by a rounding.
                score = min(1.0, max(0.0, sample.score))
                word = (read, sample.text, sample.source, score, sample.label_alphabet)
                self.results.append((self.rules.tally(*word), self.exact_rules.tally(*word)))

    def compute_metrics(
        self, results: list[tuple[WordTally | None, WordTally | None]]
    ) -> dict[str, float]:
        """Scores of all batches and ranks, see :meth:`RecognitionReport.to_dict`."""
        scores = _summarise([ruled for ruled, _ in results]).to_dict()
        exact = _summarise([exact for _, exact in results]).to_dict()
        for name, value in exact.items():
            group, slash, score = name.rpartition("/")
            if score in ("accuracy", "one_minus_ned", "count"):
                scores[f"{group}{slash}exact_{score}"] = value
        return scores
