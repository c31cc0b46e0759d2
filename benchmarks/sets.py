"""Finds the sets of a suite below a data root, and opens them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.suites import (
    BenchmarkSet,
    LexiconPlace,
    PhotoSet,
    Place,
    WordListSet,
    WordSet,
)
from spotter.conversion import LAYOUTS, Source
from spotter.decoding.lexicon import Lexicon
from spotter.errors import AnnotationError, ConfigError
from spotter.evaluation.by_name import named
from spotter.evaluation.lexicons import ImageLexicons, open_lexicons
from spotter.evaluation.protocols.word_lists import EXPECTED, read_expected

_DEPTHS = ("", "*/", "*/*/")


@dataclass(frozen=True)
class OpenedSet:
    """A set that was found.

    Attributes:
        kind: What it is.
        place: Where it was found, relative to the data root.
        samples: Canonical samples by name; of a :class:`WordListSet` ``img_path`` and ``words``.
        lexicons: Those that were found, by name.
        missing: Names of the lexicons that were not.
    """

    kind: BenchmarkSet
    place: str
    samples: dict[str, dict[str, Any]]
    lexicons: dict[str, Lexicon | ImageLexicons]
    missing: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name in the table."""
        return self.kind.name


def open_set(kind: BenchmarkSet, root: Path) -> OpenedSet | None:
    """Open a set.

    Args:
        kind: Which.
        root: The data root.

    Returns:
        The set, or ``None`` if none of its places exists.

    Raises:
        AnnotationError: An entry is malformed; the first one is named.
        ConfigError: The files in its place are not those of its layout.
    """
    if isinstance(kind, WordListSet):
        return _open_word_lists(kind, root)
    return _open_labelled(kind, root)


def open_folder(folder: Path) -> OpenedSet:
    """Any folder with an ``expected.json`` as a set of that name.

    Raises:
        AnnotationError: Its ``expected.json`` is missing or malformed, or a picture is missing.
    """
    folder = folder.resolve()
    return _word_lists(WordListSet(folder.name, (EXPECTED,)), folder / EXPECTED, folder.parent)


def _open_word_lists(kind: WordListSet, root: Path) -> OpenedSet | None:
    for place in kind.places:
        path = find(root, place)
        if path is not None:
            return _word_lists(kind, path, root)
    return None


def _word_lists(kind: WordListSet, path: Path, root: Path) -> OpenedSet:
    samples: dict[str, dict[str, Any]] = {}
    for name, words in read_expected(path).items():
        picture = path.parent / name
        if not picture.is_file():
            raise AnnotationError(f"{path}: no picture {name}")
        samples[name] = {"img_path": str(picture), "words": words}
    return OpenedSet(kind, path.relative_to(root).as_posix(), samples, {}, ())


def _open_labelled(kind: WordSet | PhotoSet, root: Path) -> OpenedSet | None:
    for place in kind.places:
        path = find(root, place.path)
        if path is None or not _fits(place, path):
            continue
        reader = LAYOUTS[place.layout].open(Source(path, place.split), place.options)
        samples = named(list(reader))
        if reader.refusals:
            raise AnnotationError(f"{reader.refusals[0]} ({len(reader.refusals)} such entries)")
        lexicons: dict[str, Lexicon | ImageLexicons] = {}
        wanted: Sequence[LexiconPlace] = kind.lexicons if isinstance(kind, PhotoSet) else ()
        for lexicon in wanted:
            opened = _open_lexicon(lexicon, path if path.is_dir() else path.parent)
            if opened is not None:
                lexicons[lexicon.name] = opened
        missing = tuple(lexicon.name for lexicon in wanted if lexicon.name not in lexicons)
        return OpenedSet(kind, path.relative_to(root).as_posix(), samples, lexicons, missing)
    return None


def find(root: Path, path: str) -> Path | None:
    """A file or folder below a root, up to two levels deep.

    Raises:
        ConfigError: There are several on the same level.
    """
    for depth in _DEPTHS:
        found = sorted(root.glob(depth + path))
        if len(found) > 1:
            shown = ", ".join(str(item.relative_to(root)) for item in found[:4])
            raise ConfigError(f"{root}: several {path}: {shown}; give one of their folders")
        if found:
            return found[0]
    return None


def _fits(place: Place, path: Path) -> bool:
    # The parts of Union14M-Benchmark have the same folders in both of its forms.
    return place.layout != "lmdb" or (path / "data.mdb").is_file()


def _open_lexicon(lexicon: LexiconPlace, folder: Path) -> Lexicon | ImageLexicons | None:
    pairs = lexicon.pairs or ("",) * len(lexicon.paths)
    for path, pair in zip(lexicon.paths, pairs, strict=True):
        found = find(folder, path)
        if found is not None:
            forms = find(folder, pair) if pair else None
            return open_lexicons(found, forms if forms is not None else False)
    return None
