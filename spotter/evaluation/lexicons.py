"""Lexicons of the end-to-end protocols: one for all images, or one each, as official files have it.

Strong lexicons are folders of ``voc_img_1.txt``, ...; weak ones ``ch4_test_vocabulary.txt``; the
generic one is ``GenericVocabulary.txt``. Cleaned lists, which published spotters share, are named
``new_voc_img_1.txt``, ... and come with pair files (``pair_voc_img_1.txt``,
``GenericVocabulary_pair_list.txt``) that lead from a word of the list back to its form in the
ground truth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from spotter.decoding.lexicon import Lexicon
from spotter.errors import ConfigError

#: One lexicon for all images (weak, generic, full) or one each, in step or by name (strong).
Lexicons: TypeAlias = "Lexicon | ImageLexicons | Sequence[Lexicon] | Mapping[str, Lexicon]"

_WORD_FILES = ("voc_{}.txt", "new_voc_{}.txt", "{}.txt")
_PAIR_FILES = ("pair_voc_{}.txt", "pair_{}.txt", "{}.txt")


class ImageLexicons:
    """One lexicon per image, read when it is asked for.

    Args:
        words: Folder of word lists, or the path of one with ``{stem}`` for the image's stem. In a
            folder the list of ``img_1.jpg`` is ``voc_img_1.txt``, ``new_voc_img_1.txt`` or
            ``img_1.txt``.
        pairs: Folder of pair files ``pair_voc_img_1.txt``, or a path with ``{stem}``; ``True``:
            the word lists consist of pairs.

    Raises:
        ConfigError: There is no such folder.
    """

    def __init__(self, words: str | Path, pairs: str | Path | bool = False) -> None:
        self._words, self._pairs = words, pairs
        self._read: dict[str, Lexicon] = {}
        for named in (words, pairs):
            listed = isinstance(named, (str, Path)) and not _is_pattern(named)
            if listed and not Path(str(named)).is_dir():
                raise ConfigError(f"{named}: no such folder of lexicons")

    def __getitem__(self, image: str | int) -> Lexicon:
        """The lexicon of an image, by its name or path.

        Raises:
            AnnotationError: It cannot be read.
            ConfigError: It has none.
        """
        stem = Path(str(image)).stem
        if stem not in self._read:
            words = _file_for(self._words, _WORD_FILES, stem)
            pairs = self._pairs
            if not isinstance(pairs, bool):
                pairs = _file_for(pairs, _PAIR_FILES, stem)
            self._read[stem] = read_lexicon(words, pairs)
        return self._read[stem]


def open_lexicons(path: str | Path, pairs: str | Path | bool = False) -> Lexicon | ImageLexicons:
    """The lexicon or lexicons of a protocol.

    Args:
        path: A word list for all images; a folder of lists, or a path with ``{stem}``, for one
            list per image.
        pairs: Pair file (for one list), folder or path with ``{stem}`` (for many); ``True``: the
            lists themselves consist of pairs.

    Raises:
        AnnotationError: The list cannot be read.
        ConfigError: The folder does not exist.
    """
    if _is_pattern(path) or Path(path).is_dir():
        return ImageLexicons(path, pairs)
    return read_lexicon(path, pairs)


def read_lexicon(path: str | Path, pairs: str | Path | bool = False) -> Lexicon:
    """One word list, with the forms of a pair file if there is one.

    Args:
        path: One word per line, or one pair if ``pairs`` is ``True``.
        pairs: File of lines ``WORD form``; words that it does not have are their own form.

    Raises:
        AnnotationError: A file cannot be read, or a line is no pair.
    """
    if isinstance(pairs, bool):
        return Lexicon.from_file(path, pairs)
    forms = {word.upper(): form for word, form in Lexicon.from_file(pairs, True).forms.items()}
    words = Lexicon.from_file(path).words
    return Lexicon(words, {word: forms.get(word.upper(), word) for word in words})


def lexicon_of(lexicons: Lexicons | None, image: str | int) -> Lexicon | None:
    """The lexicon for one image.

    Args:
        lexicons: All of them, or ``None``.
        image: Name or number of the image.

    Raises:
        ConfigError: The image has none.
    """
    if lexicons is None or isinstance(lexicons, Lexicon):
        return lexicons
    try:
        return lexicons[image]  # type: ignore[index]
    except (KeyError, IndexError, TypeError):
        raise ConfigError(f"There is no lexicon for image {image!r}.") from None


def _is_pattern(path: str | Path) -> bool:
    return "{stem}" in str(path)


def _file_for(place: str | Path, names: Sequence[str], stem: str) -> Path:
    if _is_pattern(place):
        return Path(str(place).replace("{stem}", stem))
    files = [Path(place) / name.format(stem) for name in names]
    for file in files:
        if file.is_file():
            return file
    raise ConfigError(f"{place}: no lexicon for image {stem!r}, such as {files[0].name}")
