"""Drawn words for training where labels are few or none, and drawn words in other fonts for
validation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spotter.alphabets import alphabets
from spotter.charset import Charset
from spotter.errors import ConfigError
from spotter.synthesis.fonts import FontBank, find_fonts, system_fonts
from spotter.synthesis.writers import SynthesisSettings, write_words

_FEWEST_FONTS = 5
_PROBE = 200


@dataclass(frozen=True)
class Drawing:
    """What words are drawn of.

    Attributes:
        count: Words to train on.
        words: Word lists, ``.txt`` or ``.tsv``; none: the short English list that ships.
        fonts: Fonts or folders of them; none: those of the system.
        held_back_fonts: Fonts of the validation words; none: a fifth of ``fonts``.
        backgrounds: Photos or folders of them; none: painted surfaces.
        judged: Validation words; 0: none, and no font is held back.
        workers: Processes that draw.
        wanted: Whether the user has asked for drawn words: fonts that do not draw the alphabet are
            an error then.
    """

    count: int
    words: Sequence[str] = ()
    fonts: Sequence[str] = ()
    held_back_fonts: Sequence[str] = ()
    backgrounds: Sequence[str] = ()
    judged: int = 500
    workers: int = 1
    wanted: bool = True


def draw_words(
    drawing: Drawing,
    charset: Charset,
    out: Path,
    seed: int,
    say: Callable[[str], object] = print,
) -> tuple[dict[str, Any], dict[str, Any], int]:
    """Draw words to train on, and validation words in other fonts.

    Args:
        drawing: What of.
        charset: Characters that the words may hold.
        out: Folder; an interrupted drawing of the same words, alphabet and fonts in it goes on.
        seed: Of the words.
        say: Gets lines on what is done.

    Returns:
        Configs of the readers of both sets, and the number of words of the second.

    Raises:
        ConfigError: Too few fonts draw the alphabet, or a word list cannot be read.
    """
    out.mkdir(parents=True, exist_ok=True)
    alphabet = out / "alphabet.txt"
    alphabet.write_text(charset.characters, encoding="utf-8")
    train, judged = split_fonts(drawing, charset)
    say(f"drawing {drawing.count} words in {len(train)} fonts, {drawing.judged} in {len(judged)}")
    readers = []
    for name, fonts, count, number in (
        ("drawn", train, drawing.count, seed),
        ("drawn_held_back", judged, drawing.judged, seed + 1),
    ):
        settings = SynthesisSettings(
            tuple(fonts),
            tuple(str(Path(path).resolve()) for path in drawing.words) or None,
            tuple(str(Path(path).resolve()) for path in drawing.backgrounds) or None,
            number,
            charset=str(alphabet.resolve()),
        )
        if not count:
            continue
        folder = out / f"{name}_{_digest(settings, charset, count)}"
        write_words(folder, settings, count, drawing.workers)
        readers.append({"type": "LMDBReader", "lmdb_path": str(folder)})
    return readers[0], readers[-1], drawing.judged


def _digest(settings: SynthesisSettings, charset: Charset, count: int) -> str:
    """What drawn words depend on, in twelve characters."""
    digest = hashlib.sha256(f"{settings.to_json('words')}{charset.characters}{count}".encode())
    for path in map(Path, settings.words or ()):
        try:
            files = [*path.glob("*.tsv"), *path.glob("*.txt")] if path.is_dir() else [path]
            for file in sorted(files):
                digest.update(file.read_bytes())
        except OSError as error:
            raise ConfigError(f"cannot read the word list {path}: {error.strerror}") from None
    return digest.hexdigest()[:12]


def split_fonts(drawing: Drawing, charset: Charset) -> tuple[list[str], list[str]]:
    """The fonts that draw the alphabet: those to train on, and those held back.

    Raises:
        ConfigError: Fewer than two fonts draw it.
    """
    named = [f for p in drawing.fonts for f in find_fonts(p)] if drawing.fonts else system_fonts()
    train = fonts_that_draw(named, charset)
    judged = fonts_that_draw([f for p in drawing.held_back_fonts for f in find_fonts(p)], charset)
    fewest = 1 if judged or not drawing.judged else 2
    if len(train) < fewest:
        where = ", ".join(drawing.fonts) or "on this system"
        raise ConfigError(
            f"{len(train)} of {len(named)} fonts {where} draw the alphabet; at least {fewest} are"
            " needed, such as those of Debian's fonts-noto-core, fonts-noto-cjk, fonts-nanum"
        )
    if drawing.judged and not judged:
        step = _FEWEST_FONTS if len(train) >= _FEWEST_FONTS else len(train)
        judged = train[step - 1 :: step]
        train = [font for font in train if font not in judged]
    return train, judged


def fonts_that_draw(paths: Sequence[str], charset: Charset) -> list[str]:
    """Those fonts that can be read, and draw nine of ten letters of the alphabet's own script.

    These are its letters beyond the Latin ones, or where there are none, those beyond ASCII.
    """
    if not paths:
        return []
    bank = FontBank([str(Path(path).resolve()) for path in paths])
    letters = [c for c in charset.characters if c.isalpha() and not c.isascii()]
    latin = alphabets()["latin"]
    letters = [c for c in letters if c not in latin] or letters
    chosen = np.random.default_rng(0).permutation(len(letters))[:_PROBE]
    probe = [letters[index] for index in chosen]
    found = []
    for number, path in enumerate(bank.paths):
        if not bank.traits(number).legibility:
            continue
        drawn = sum(bank.draws(number, letter) for letter in probe)
        if drawn >= 0.9 * len(probe):
            found.append(path)
    return found
