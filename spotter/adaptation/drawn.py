"""Drawn words with labels: general ones, and ones whose texts are like those of the photos."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.progress import track

from spotter.data.readers.lmdb import close_lmdb
from spotter.errors import ConfigError
from spotter.io.images import encode_jpeg
from spotter.synthesis.fonts import FontBank
from spotter.synthesis.text import TextSource, open_text_source
from spotter.synthesis.word_archive import WordArchive
from spotter.synthesis.words import WordSynthesizer

_PER_COMMIT = 100
_QUALITY = 95
_SAME = 0.3
_CHANGED = 0.5


def _has_no_case(character: str) -> bool:
    return character.isalpha() and character.upper() == character.lower()


_KINDS = (str.isdigit, str.isupper, str.islower, _has_no_case)


class TextLike(TextSource):
    """Draws texts that look like given ones: of the same shape, with other letters and digits.

    Args:
        texts: What was read in the photos to adapt to, at least one.
        charset: Characters that texts may hold. Letters beyond ASCII are drawn where some text has
            them.
    """

    def __init__(self, texts: Sequence[str], charset: str) -> None:
        # The constructor of the base class needs a word of its list in the charset.
        self.charset = charset
        self._texts = list(texts)
        known = [c for c in charset if c.isascii() or any(c in text for text in texts)]
        self._exchangeable = ["".join(filter(kind, known)) for kind in _KINDS]

    def sample(self, rng: np.random.Generator) -> str:
        """One of the texts, or one of them with half of its letters and digits exchanged."""
        text = self._texts[int(rng.integers(len(self._texts)))]
        if rng.random() < _SAME:
            return text
        return "".join(self._exchanged(rng, character) for character in text)

    def _exchanged(self, rng: np.random.Generator, character: str) -> str:
        for kind in self._exchangeable:
            if character in kind and rng.random() < _CHANGED:
                return kind[int(rng.integers(len(kind)))]
        return character


def any_word(characters: str) -> bool:
    """Whether some shipped word can be written with these characters."""
    try:
        TextSource(charset=characters)
    except ConfigError:
        return False
    return True


def draw_words(
    out: Path,
    count: int,
    characters: str,
    seed: int,
    fonts: Sequence[str] | None = None,
    words: Sequence[str] | None = None,
    backgrounds: Sequence[str] | None = None,
    like: Sequence[str] | None = None,
) -> Path:
    """Write drawn words and their labels as LMDB; a later run goes on where the last one stopped.

    Args:
        out: Folder of the LMDB.
        count: Words in the finished set.
        characters: That labels may hold.
        seed: Word number i depends on it, on i and on the sources alone.
        fonts: Font files or folders; ``None``: the system's.
        words: Files of words; ``None``: the list that ships.
        backgrounds: Photos or folders of them; ``None``: painted surfaces.
        like: Draw texts that look like these instead.

    Returns:
        ``out``.

    Raises:
        ConfigError: There are no fonts, words or backgrounds, or another set is in the folder.
    """
    close_lmdb(str(out))  # an earlier adaptation of this process may read it
    source = TextLike(like, characters) if like else open_text_source(words, characters)
    synthesizer = WordSynthesizer(FontBank(fonts), source, backgrounds, seed)
    with WordArchive(out, f"drawn words, seed {seed}, {'like' if like else 'general'}") as archive:
        starts = range(archive.count, count, _PER_COMMIT)
        for start in track(starts, f"drawing {out.name}", disable=not len(starts)):
            part = range(start, min(start + _PER_COMMIT, count))
            drawn = (synthesizer.sample(number) for number in part)
            archive.append([(encode_jpeg(image, _QUALITY), text) for image, text in drawn])
    return out
