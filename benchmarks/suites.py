"""What each suite consists of: sets, where they usually lie, and the protocols they are scored by.

Folders are searched below the data root, up to two levels deep. A set that is not there is named
and left out. Expected names:

- ``str6``: LMDBs ``IIIT5k_3000``, ``SVT``, ``IC13_857``, ``IC13_1015``, ``IC15_1811``,
  ``IC15_2077``, ``SVTP`` and ``CUTE80``; the two sets of ICDAR 2013 are also made from the larger
  ones (``IC13_1015``, ``IC13_1095``).
- ``union14m``: ``curve``, ``multi_oriented``, ``artistic``, ``contextless``, ``salient``,
  ``multi_words`` and ``general`` as LMDBs or with their ``annotation.json`` or
  ``annotation.jsonl``.
- ``icdar2015``, ``icdar2013``, ``totaltext``, ``ctw1500``: folders of these names with the official
  files of the test part and, where there are any, lexicons.
- ``validation``: ``svt_words_test`` (``labels.txt``), ``icdar2015_words_train`` (``gt.txt``, from
  word 3961), ``receipt_words`` and ``receipt_numbers`` (``labels.txt``, the last 500),
  ``wire_labels`` (the last 200), ``icdar2015_train`` (``gt`` and ``images``, from photo 901),
  ``totaltext_curved`` (``gt`` and ``images``) and ``cases`` (``expected.json`` and its pictures).
- ``cases``: the last of these alone.

Readings of word crops are scored twice: exactly, as far as the labels of the set have case and
marks, and by the set's own protocol, which folds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from spotter.errors import ConfigError


@dataclass(frozen=True)
class Place:
    """One form in which a set is distributed.

    Attributes:
        layout: Key of :data:`spotter.conversion.LAYOUTS`.
        path: Folder or file below the data root.
        split: Part of what lies there.
        options: Further arguments of the reader.
    """

    layout: str
    path: str
    split: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LexiconPlace:
    """A lexicon of an end-to-end protocol.

    Attributes:
        name: Its name in the table.
        paths: Where its words may lie; a folder is one of per-image lists.
        pairs: Where its pair files may lie, or a path with ``{stem}``, in step with ``paths``; an
            empty string where there are none.
    """

    name: str
    paths: tuple[str, ...]
    pairs: tuple[str, ...] = ()


@dataclass(frozen=True)
class WordSet:
    """A set of word crops.

    Attributes:
        name: Its name in the table.
        places: Its forms, the preferred first.
        protocol: Key of :data:`spotter.evaluation.protocols.names.RECOGNITION_PROTOCOLS`.
        words: How many words count by the literature, if it agrees on that.
        label_alphabet: What its labels can express, see
            :meth:`spotter.label_alphabet.LabelAlphabet.load`.
    """

    name: str
    places: tuple[Place, ...]
    protocol: str = "36"
    words: int | None = None
    label_alphabet: str = "any"


@dataclass(frozen=True)
class PhotoSet:
    """A set of photos.

    Attributes:
        name: Its name in the table.
        places: Its forms, the preferred first.
        detection: Keys of :data:`spotter.evaluation.protocols.names.DETECTION_PROTOCOLS`.
        end_to_end: Keys of :data:`spotter.evaluation.protocols.names.END_TO_END_PROTOCOLS`.
        lexicons: Lexicons of those, in addition to none.
        photos: How many photos the set has.
    """

    name: str
    places: tuple[Place, ...]
    detection: tuple[str, ...]
    end_to_end: tuple[str, ...]
    lexicons: tuple[LexiconPlace, ...] = ()
    photos: int | None = None


@dataclass(frozen=True)
class WordListSet:
    """A set of pictures whose words are listed without their places.

    Attributes:
        name: Its name in the table.
        places: Where its ``expected.json`` may lie, the preferred first; see
            :mod:`spotter.evaluation.protocols.word_lists`.
    """

    name: str
    places: tuple[str, ...]


#: Any set.
BenchmarkSet: TypeAlias = WordSet | PhotoSet | WordListSet


@dataclass(frozen=True)
class Average:
    """A mean over sets of words, shown when all of them were there.

    Attributes:
        name: Its name in the table.
        sets: Names of the sets.
    """

    name: str
    sets: tuple[str, ...]


@dataclass(frozen=True)
class Suite:
    """Sets that are run together.

    Attributes:
        about: What it is, in a line.
        words: Sets of word crops.
        photos: Sets of photos.
        word_lists: Sets of pictures with lists of words.
        averages: Means over sets of words; both weighted (sum of correct / sum of words) and
            arithmetic.
    """

    about: str
    words: tuple[WordSet, ...] = ()
    photos: tuple[PhotoSet, ...] = ()
    word_lists: tuple[WordListSet, ...] = ()
    averages: tuple[Average, ...] = ()

    @property
    def sets(self) -> tuple[BenchmarkSet, ...]:
        """All sets, those of words first."""
        return (*self.words, *self.photos, *self.word_lists)


def _lmdbs(*paths: str) -> tuple[Place, ...]:
    return tuple(Place("lmdb", path) for path in paths)


def _union14m(name: str, words: int) -> WordSet:
    places = (
        Place("lmdb", name),
        Place("mmocr_words", f"{name}/annotation.json"),
        Place("union14m", f"{name}/annotation.jsonl"),
    )
    return WordSet(name, places, "union14m", words)


def _icdar_lexicons(challenge: str) -> tuple[LexiconPlace, ...]:
    return (
        LexiconPlace(
            "strong",
            ("new_strong_lexicon", f"{challenge}_test_vocabularies_per_image"),
            ("new_strong_lexicon", ""),
        ),
        LexiconPlace(
            "weak",
            (f"{challenge}_test_vocabulary_new.txt", f"{challenge}_test_vocabulary.txt"),
            (f"{challenge}_test_vocabulary_pair_list.txt", ""),
        ),
        LexiconPlace(
            "generic",
            ("GenericVocabulary_new.txt", "GenericVocabulary.txt"),
            ("GenericVocabulary_pair_list.txt", ""),
        ),
    )


def _last_words(name: str, folder: str, count: int) -> WordSet:
    """The last words of a list whose labels leave out spaces."""
    place = Place("word_list", f"{folder}/labels.txt", options={"start": -count})
    return WordSet(name, (place,), words=count, label_alphabet="94")


_CASES = WordListSet("cases", ("cases/expected.json",))
_FULL = LexiconPlace("full", ("weak_voc_new.txt",), ("weak_voc_pair_list.txt",))
_UNION14M = {
    "curve": 2426,
    "multi_oriented": 1369,
    "artistic": 900,
    "contextless": 779,
    "salient": 1585,
    "multi_words": 829,
    "general": 400_000,
}

SUITES: dict[str, Suite] = {
    "str6": Suite(
        "The six common sets of word crops; 36 characters without case",
        words=(
            WordSet("IIIT5K", _lmdbs("IIIT5k_3000", "IIIT5k", "IIIT5K"), words=3000),
            WordSet("SVT", _lmdbs("SVT"), words=647),
            WordSet("IC13 857", _lmdbs("IC13_857", "IC13_1015", "IC13_1095"), "icdar2013_857", 857),
            WordSet("IC13 1015", _lmdbs("IC13_1015", "IC13_1095"), "icdar2013_1015", 1015),
            WordSet("IC15 1811", _lmdbs("IC15_1811"), "icdar2015_1811", 1811),
            WordSet("IC15 2077", _lmdbs("IC15_2077"), "icdar2015_2077", 2077),
            WordSet("SVTP", _lmdbs("SVTP"), words=645),
            WordSet("CUTE80", _lmdbs("CUTE80"), words=288),
        ),
        averages=(
            Average(
                "six sets, 7,248 words",
                ("IIIT5K", "SVT", "IC13 857", "IC15 1811", "SVTP", "CUTE80"),
            ),
            Average(
                "six sets, 7,672 words",
                ("IIIT5K", "SVT", "IC13 1015", "IC15 2077", "SVTP", "CUTE80"),
            ),
        ),
    ),
    "union14m": Suite(
        "Union14M-Benchmark; case and symbols are ignored",
        words=tuple(_union14m(name, words) for name, words in _UNION14M.items()),
        averages=(Average("seven sets", tuple(_UNION14M)),),
    ),
    "icdar2015": Suite(
        "ICDAR 2015 Incidental Scene Text, test",
        photos=(
            PhotoSet(
                "ICDAR2015",
                (Place("icdar2015", "icdar2015", "test"), Place("icdar2015", "ICDAR2015", "test")),
                ("icdar2015", "tiou", "cleval"),
                ("icdar2015", "icdar2015_word_spotting"),
                _icdar_lexicons("ch4"),
                500,
            ),
        ),
    ),
    "icdar2013": Suite(
        "ICDAR 2013 Focused Scene Text, test",
        photos=(
            PhotoSet(
                "ICDAR2013",
                (Place("icdar2013", "icdar2013", "test"), Place("icdar2013", "ICDAR2013", "test")),
                ("icdar2013", "iou"),
                ("icdar2013", "icdar2013_word_spotting"),
                _icdar_lexicons("ch2"),
                233,
            ),
        ),
    ),
    "totaltext": Suite(
        "Total-Text, test",
        photos=(
            PhotoSet(
                "Total-Text",
                (
                    Place("total_text", "totaltext", "test"),
                    Place("total_text", "Total-Text", "test"),
                    Place("total_text_mat", "totaltext", "test"),
                    Place("total_text_mat", "Total-Text", "test"),
                ),
                ("totaltext", "iou", "cleval"),
                ("totaltext",),
                (_FULL,),
                300,
            ),
        ),
    ),
    "ctw1500": Suite(
        "SCUT-CTW1500, test; lines",
        photos=(
            PhotoSet(
                "CTW1500",
                (Place("ctw1500", "ctw1500", "test"), Place("ctw1500", "CTW1500", "test")),
                ("iou",),
                ("ctw1500",),
                (_FULL,),
                500,
            ),
        ),
    ),
    "validation": Suite(
        "Never trained on by our models, but looked at while they are developed: SVT's test words, "
        "of ICDAR2015's training part the last 100 photos with their words, the last words of "
        "receipts, receipt numbers and wire labels, 25 photos of Total-Text with curved words, and "
        "drawn pictures of many situations",
        words=(
            WordSet(
                "SVT",
                (Place("word_list", "svt_words_test/labels.txt"),),
                words=647,
                label_alphabet="upper",
            ),
            WordSet(
                "ICDAR2015 words 3961-4468",
                (Place("icdar_words", "icdar2015_words_train/gt.txt", options={"start": 3960}),),
                label_alphabet="latin",
            ),
            _last_words("receipt words", "receipt_words", 500),
            _last_words("receipt numbers", "receipt_numbers", 500),
            _last_words("wire labels", "wire_labels", 200),
        ),
        photos=(
            PhotoSet(
                "ICDAR2015 photos 901-1000",
                (Place("icdar2015", "icdar2015_train", options={"start": 900}),),
                ("icdar2015", "tiou", "cleval"),
                ("icdar2015", "icdar2015_word_spotting", "exact"),
                photos=100,
            ),
            PhotoSet(
                "Total-Text curved",
                (Place("total_text_lines", "totaltext_curved"),),
                ("iou", "totaltext", "cleval"),
                ("icdar2015", "totaltext", "exact"),
                photos=25,
            ),
        ),
        word_lists=(_CASES,),
        averages=(
            Average("SVT and ICDAR2015", ("SVT", "ICDAR2015 words 3961-4468")),
            Average("receipts and codes", ("receipt words", "receipt numbers", "wire labels")),
        ),
    ),
    "cases": Suite("Drawn pictures of many situations, by kind of word", word_lists=(_CASES,)),
}


def suite_of(name: str) -> Suite:
    """A suite by name.

    Raises:
        ConfigError: Unknown; the message lists the known ones.
    """
    if name not in SUITES:
        raise ConfigError(f"There is no suite {name!r}; known are {', '.join(SUITES)}.")
    return SUITES[name]
