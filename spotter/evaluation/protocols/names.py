"""Protocols by their names in ``spotter evaluate`` and in configs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol, TypeAlias, TypeVar

from spotter.errors import ConfigError
from spotter.evaluation.protocols.cleval import evaluate_cleval
from spotter.evaluation.protocols.detection import evaluate_detection
from spotter.evaluation.protocols.deteval import evaluate_deteval
from spotter.evaluation.protocols.end_to_end import EndToEndScores, evaluate_end_to_end
from spotter.evaluation.protocols.recognition import EXACT, RecognitionRules
from spotter.evaluation.protocols.tiou import evaluate_tiou

_T = TypeVar("_T")


class Scores(Protocol):
    """What every detection protocol returns."""

    @property
    def precision(self) -> float:
        """Precision of the protocol."""

    @property
    def recall(self) -> float:
        """Recall of the protocol."""

    @property
    def hmean(self) -> float:
        """Harmonic mean of the two."""

    def to_dict(self) -> dict[str, float]:
        """All numbers by name."""


#: Takes predictions and ground truth, then ``min_score`` and the protocol's own options by name.
DetectionProtocol: TypeAlias = "Callable[..., Scores]"

#: ``iou`` is ICDAR 2015's protocol with other thresholds on request.
DETECTION_PROTOCOLS: dict[str, DetectionProtocol] = {
    "iou": evaluate_detection,
    "icdar2015": partial(evaluate_detection, iou_threshold=0.5, ignore_threshold=0.5),
    "icdar2013": partial(evaluate_deteval, settings="icdar2013"),
    "totaltext": partial(evaluate_deteval, settings="totaltext"),
    "deteval": partial(evaluate_deteval, settings="polygons"),
    "tiou": evaluate_tiou,
    "cleval": evaluate_cleval,
}


def detection_protocol(name: str) -> DetectionProtocol:
    """A detection protocol.

    Args:
        name: One of :data:`DETECTION_PROTOCOLS`.

    Raises:
        ConfigError: Unknown name; the message lists the known ones.
    """
    return _by_name(DETECTION_PROTOCOLS, "detection", name)


#: Takes predictions, ground truth and lexicons, then options of :func:`evaluate_end_to_end`.
EndToEndProtocol: TypeAlias = "Callable[..., EndToEndScores]"

#: The challenges share their rules; strong, weak, generic and full lexicons are given beside.
END_TO_END_PROTOCOLS: dict[str, EndToEndProtocol] = {
    "icdar2015": partial(evaluate_end_to_end, mode="end_to_end"),
    "icdar2015_word_spotting": partial(evaluate_end_to_end, mode="word_spotting"),
    "icdar2013": partial(evaluate_end_to_end, mode="end_to_end"),
    "icdar2013_word_spotting": partial(evaluate_end_to_end, mode="word_spotting"),
    "totaltext": partial(evaluate_end_to_end, mode="word_spotting"),
    "ctw1500": partial(evaluate_end_to_end, mode="end_to_end"),
    "exact": partial(evaluate_end_to_end, mode="exact"),
}

#: Name of the protocol by which case and marks count.
EXACT_PROTOCOL = "exact"

#: ``mmocr`` is its ``word_acc_ignore_case_symbol``, whose expression keeps the caret.
#: ``icdar2015_1811`` also needs the list of the 1,811 words: what its authors called extreme
#: perspective and curvature does not follow from the labels.
RECOGNITION_PROTOCOLS: dict[str, RecognitionRules] = {
    "36": RecognitionRules(36),
    "62": RecognitionRules(62),
    "94": RecognitionRules(94),
    EXACT_PROTOCOL: EXACT,
    "icdar2013_857": RecognitionRules(36, drop_symbols=True, min_length=3),
    "icdar2013_1015": RecognitionRules(36, drop_symbols=True),
    "icdar2015_2077": RecognitionRules(36),
    "icdar2015_1811": RecognitionRules(36, drop_symbols=True),
    "union14m": RecognitionRules(36),
    "mmocr": RecognitionRules(None, ignore_case=True, remove="[^A-Z^a-z^0-9^\u4e00-\u9fa5]"),
}


def end_to_end_protocol(name: str) -> EndToEndProtocol:
    """An end-to-end protocol.

    Args:
        name: One of :data:`END_TO_END_PROTOCOLS`.

    Raises:
        ConfigError: Unknown name; the message lists the known ones.
    """
    return _by_name(END_TO_END_PROTOCOLS, "end-to-end", name)


def recognition_protocol(name: str) -> RecognitionRules:
    """The rules of a recognition protocol.

    Args:
        name: One of :data:`RECOGNITION_PROTOCOLS`.

    Raises:
        ConfigError: Unknown name; the message lists the known ones.
    """
    return _by_name(RECOGNITION_PROTOCOLS, "recognition", name)


def _by_name(protocols: Mapping[str, _T], kind: str, name: str) -> _T:
    if name not in protocols:
        known = ", ".join(protocols)
        raise ConfigError(f"There is no {kind} protocol {name!r}; known are {known}.")
    return protocols[name]
