"""Fonts and their glyphs, drawn once and kept as alpha masks.

Folders of fonts include symbol fonts, fonts without lower case, and illegible ornaments. Each font
is measured when it is first met: its letters are compared with plain reference faces, and the
better they resemble them, the more often it is chosen.
"""

from __future__ import annotations

import importlib.util
import os
import string
import sys
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageFont

from spotter.errors import ConfigError
from spotter.synthesis.accents import base_letter

FONT_SUFFIXES = (".ttf", ".otf", ".ttc")
_ASCII = [chr(code) for code in range(33, 127)]
_MEASURED = string.ascii_uppercase + string.ascii_lowercase + string.digits
# Letters whose small form is no smaller copy of the capital: only these tell the cases apart.
_TWO_SHAPED = "abdeghnqrt"
_MEASURE_SIZE = 48  # the size that most words are set in, so that measuring fills the cache
_GRID = 16
_FACES_KEPT = 800
_LIKE_THE_SIGN = 0.45  # of a drawn sign to the reference faces' own


@dataclass(frozen=True)
class Glyph:
    """One drawn character.

    Attributes:
        alpha: (h, w) uint8 ink coverage; may be empty.
        left: Pixels from the pen to the mask's first column.
        top: Rows from the baseline to the mask's first row, negative above it.
        advance: Pixels that the pen moves on.
    """

    alpha: np.ndarray
    left: int
    top: int
    advance: float


@dataclass(frozen=True)
class FontTraits:
    """What is measured of a font.

    Attributes:
        covered: Printable ASCII characters that it really draws.
        legibility: Share in [0, 1] with which a draw of this font is accepted; 0 for symbols.
        case: "both"; "upper" or "lower" where both cases are drawn with one set of letters.
    """

    covered: frozenset[str]
    legibility: float
    case: str


def bundled_fonts() -> list[str]:
    """The text faces that come with matplotlib; empty where it is not installed."""
    spec = importlib.util.find_spec("matplotlib")
    if spec is None or not spec.submodule_search_locations:
        return []
    folder = Path(spec.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf"
    return [str(path) for path in sorted(folder.glob("DejaVuS*.ttf")) if "Display" not in path.name]


def system_fonts() -> list[str]:
    """Font files of the operating system, sorted, and those of :func:`bundled_fonts`."""
    home = Path.home()
    folders = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".fonts"]
    folders.append(home / ".local/share/fonts")
    if sys.platform == "darwin":
        folders += [Path("/Library/Fonts"), Path("/System/Library/Fonts")]
    elif sys.platform == "win32":
        folders.append(Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts")
    found = [path for folder in folders for path in find_fonts(folder)]
    names = {Path(path).name for path in found}
    return found + [path for path in bundled_fonts() if Path(path).name not in names]


def find_fonts(path: str | Path) -> list[str]:
    """Font files of a folder and its folders, sorted; a file stands for itself."""
    path = Path(path)
    if path.is_file():
        return [str(path)]
    files = path.rglob("*") if path.is_dir() else []
    return sorted(str(file) for file in files if file.suffix.lower() in FONT_SUFFIXES)


class FontBank:
    """Fonts that load when they are first chosen, and a bounded cache of their glyphs.

    Args:
        paths: Font files or folders of them; default: :func:`system_fonts`.
        cache_megabytes: Bound of the glyph cache, per process.

    Raises:
        ConfigError: No font file is found.
    """

    def __init__(self, paths: Sequence[str] | None = None, cache_megabytes: float = 96.0) -> None:
        found = system_fonts() if paths is None else [f for p in paths for f in find_fonts(p)]
        if not found:
            where = "on this system" if paths is None else f"in {', '.join(map(str, paths))}"
            raise ConfigError(f"no font files (.ttf, .otf) {where}; name a folder of fonts")
        self.paths = found
        self._budget = int(cache_megabytes * 1e6)
        self._used = 0
        self._faces: OrderedDict[tuple[int, int], Any] = OrderedDict()
        self._glyphs: OrderedDict[tuple[int, int, str], Glyph] = OrderedDict()
        self._kerning: dict[tuple[int, str], float] = {}
        self._traits: dict[int, FontTraits] = {}
        self._beyond_ascii: dict[tuple[int, str], bool] = {}

    def __len__(self) -> int:
        return len(self.paths)

    def __getstate__(self) -> dict[str, Any]:
        # FreeType faces cannot be pickled; a worker process loads its own.
        return {"paths": self.paths, "_budget": self._budget, "_traits": self._traits}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._used = 0
        self._faces, self._glyphs = OrderedDict(), OrderedDict()
        self._kerning, self._beyond_ascii = {}, {}

    def face(self, font: int, size: int) -> Any:
        """The PIL FreeType face, or ``None`` when the file cannot be loaded."""
        key = (font, size)
        if key in self._faces:
            self._faces.move_to_end(key)
            return self._faces[key]
        face = self._faces[key] = _load_face(self.paths[font], size)
        if len(self._faces) > _FACES_KEPT:
            self._faces.popitem(last=False)
        return face

    def glyph(self, font: int, char: str, size: int) -> Glyph:
        """The mask of one character at ``size`` pixels per em."""
        key = (font, size, char)
        glyph = self._glyphs.get(key)
        if glyph is not None:
            self._glyphs.move_to_end(key)
            return glyph
        glyph = _draw_glyph(self.face(font, size), char)
        self._glyphs[key] = glyph
        self._used += glyph.alpha.nbytes + 200
        while self._used > self._budget and len(self._glyphs) > 1:
            _, old = self._glyphs.popitem(last=False)
            self._used -= old.alpha.nbytes + 200
        return glyph

    def kerning(self, font: int, pair: str, size: int) -> float:
        """Pixels by which the second of two characters moves, usually at most 0."""
        key = (font, pair)
        if key not in self._kerning:
            apart = sum(self.glyph(font, char, _MEASURE_SIZE).advance for char in pair)
            together = self.face(font, _MEASURE_SIZE).getlength(pair)
            self._kerning[key] = (together - apart) / _MEASURE_SIZE
        return self._kerning[key] * size

    def traits(self, font: int) -> FontTraits:
        """Coverage, legibility and case of a font, measured once."""
        if font not in self._traits:
            self._traits[font] = self._measure(font)
        return self._traits[font]

    def draws(self, font: int, text: str) -> bool:
        """Whether the font has a glyph of its own for every character of a text.

        ASCII is measured with the traits, any other character when it is first asked for: it must
        differ from the sign for what is missing and from the letter without the accent, and signs
        must resemble those of the reference faces, where these have them. Faces with one set of
        letters draw no accents.
        """
        traits = self.traits(font)
        for char in set(text) - traits.covered:
            if char.isascii() or not traits.legibility:
                return False
            key = (font, char)
            if key not in self._beyond_ascii:
                self._beyond_ascii[key] = self._draws_char(font, char)
            if not self._beyond_ascii[key]:
                return False
        return True

    def has(self, font: int, char: str) -> bool:
        """Whether the font draws anything for a character but the sign for what is missing."""
        face = self.face(font, _MEASURE_SIZE)
        try:
            alpha = self.glyph(font, char, _MEASURE_SIZE).alpha
            missing = _draw_glyph(face, "\uffff").alpha
        except OSError:
            return False
        return bool(alpha.size) and alpha.max() > 64 and not _same(alpha, missing)

    def _draws_char(self, font: int, char: str) -> bool:
        """:meth:`draws` for one character outside of ASCII."""
        if char.isalpha() and self.traits(font).case != "both":
            return False
        if not self.has(font, char):
            return False
        glyph = self.glyph(font, char, _MEASURE_SIZE)
        alpha, base = glyph.alpha, base_letter(char)
        if base != char:
            return base in self.traits(font).covered and not _same(
                alpha, self.glyph(font, base, _MEASURE_SIZE).alpha
            )
        known = _reference_glyphs(char)
        if not known:
            return True
        likeness = _features([glyph]) @ _features(list(known)).T
        return bool(likeness.max() > _LIKE_THE_SIGN)

    def spelled(self, font: int, text: str) -> str:
        """What a text drawn in this font says: fonts with one set of letters have one case."""
        case = self.traits(font).case
        return text.upper() if case == "upper" else text.lower() if case == "lower" else text

    def preload(self) -> None:
        """Measure every font now, so that processes forked later share the work."""
        for font in range(len(self.paths)):
            self.traits(font)

    def choose(
        self, rng: np.random.Generator, text: str, tries: int = 60, least: float = 0.0
    ) -> int:
        """A font that draws every character of ``text``, legible ones more often.

        Args:
            rng: Source of all randomness.
            text: What it has to draw.
            tries: Draws before the first font that fits is taken.
            least: Fonts that can be read at all count as at least this legible, which gives
                scripts and lettering a larger share.

        Raises:
            ConfigError: No font at all covers the text.
        """
        for _ in range(tries):
            font = int(rng.random() * len(self.paths))
            traits = self.traits(font)
            legibility = max(traits.legibility, least if traits.legibility else 0.0)
            if rng.random() < legibility and self.draws(font, text):
                return font
        start = int(rng.random() * len(self.paths))
        for step in range(len(self.paths)):
            font = (start + step) % len(self.paths)
            if self.traits(font).legibility > 0 and self.draws(font, text):
                return font
        raise ConfigError(f"none of the {len(self.paths)} fonts draws all of {text!r}")

    def _measure(self, font: int) -> FontTraits:
        face = self.face(font, _MEASURE_SIZE)
        if face is None:
            return FontTraits(frozenset(), 0.0, "both")
        try:
            glyphs = {char: self.glyph(font, char, _MEASURE_SIZE) for char in _ASCII}
            missing = _draw_glyph(face, "\uffff").alpha
        except OSError:  # damaged outlines show only when they are drawn
            return FontTraits(frozenset(), 0.0, "both")
        covered = {
            char
            for char, glyph in glyphs.items()
            if glyph.alpha.size and glyph.alpha.max() > 64 and not _same(glyph.alpha, missing)
        }
        if not covered.issuperset("ABCEOS") and not covered.issuperset("abceos"):
            return FontTraits(frozenset(), 0.0, "both")
        case = _case_of(glyphs)
        return FontTraits(frozenset(covered), self._legibility(glyphs, case), case)

    def _legibility(self, glyphs: dict[str, Glyph], case: str) -> float:
        """Acceptance in [0, 1] from the likeness of letters to the reference faces."""
        features = _features([glyphs[char] for char in _MEASURED])
        likeness = np.einsum("rcd,cd->rc", _reference_features(), features).max(axis=0)
        capitals, smalls = likeness[:26], likeness[26:52]
        drawn = {"upper": [capitals], "lower": [smalls]}.get(case, [capitals, smalls])
        # A symbol font may well have capitals, and signs in place of the small letters.
        if min(float(part.mean()) for part in drawn) < 0.25:
            return 0.0
        likeness = np.concatenate(drawn if case != "both" else [likeness])
        score = float(likeness.mean())
        # Scripts score low and yet are read with ease on real signs: they keep a small share.
        return 0.0 if score < 0.3 else float(np.clip((score - 0.42) / 0.28, 0.08, 1.0))


def _load_face(path: str, size: int) -> Any:
    try:
        return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
    except (OSError, ValueError):
        return None


def _draw_glyph(face: Any, char: str) -> Glyph:
    try:
        mask, offset = face.getmask2(char, mode="L", anchor="ls")
    except OSError:
        # FreeType refuses some glyphs without ink, such as the space of a few faces.
        return Glyph(np.zeros((0, 0), np.uint8), 0, 0, float(face.getlength(char)))
    width, height = mask.size
    left, top = int(offset[0]), int(offset[1])
    alpha = np.zeros((height, width), np.uint8)
    if alpha.size:
        # Reading the core image item by item, as np.array does, is ten times slower.
        alpha = np.asarray(Image.Image()._new(mask))
        # FreeType's frames are a column or two wider than the ink; boxes shall be exact.
        x, y, width, height = cv2.boundingRect(alpha)
        alpha = np.ascontiguousarray(alpha[y : y + height, x : x + width])
        left, top = left + x, top + y
    return Glyph(alpha, left, top, float(face.getlength(char)))


def _same(first: np.ndarray, second: np.ndarray) -> bool:
    return first.shape == second.shape and bool(np.array_equal(first, second))


def _features(glyphs: list[Glyph]) -> np.ndarray:
    """(C, 256) float32 unit vectors: glyphs stretched to one square, mean removed."""
    rows: np.ndarray = np.zeros((len(glyphs), _GRID * _GRID), np.float32)
    for row, glyph in zip(rows, glyphs, strict=True):
        if glyph.alpha.size:
            small = cv2.resize(glyph.alpha, (_GRID, _GRID), interpolation=cv2.INTER_AREA)
            row[:] = cv2.GaussianBlur(small.astype(np.float32), (3, 3), 0).ravel()
    rows -= rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)


@lru_cache(maxsize=1)
def _reference_faces() -> list[Any]:
    """The plain faces that others are compared with."""
    wanted = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif.ttf", "DejaVuSans-Oblique.ttf")
    faces = [
        _load_face(path, _MEASURE_SIZE) for path in bundled_fonts() if Path(path).name in wanted
    ]
    return [face for face in faces if face] or [ImageFont.load_default(_MEASURE_SIZE)]


@lru_cache(maxsize=1)
def _reference_features() -> np.ndarray:
    """(R, 62, 256) features of the reference faces."""
    return np.stack(
        [_features([_draw_glyph(face, char) for char in _MEASURED]) for face in _reference_faces()]
    )


@lru_cache(maxsize=512)
def _reference_glyphs(char: str) -> tuple[Glyph, ...]:
    """A character as those of the reference faces draw it that have it."""
    drawn = [(face, _draw_glyph(face, char)) for face in _reference_faces()]
    return tuple(
        glyph for face, glyph in drawn if not _same(glyph.alpha, _draw_glyph(face, "\uffff").alpha)
    )


def _case_of(glyphs: dict[str, Glyph]) -> str:
    """Whether both cases have letters of their own shape."""
    capitals = _features([glyphs[char.upper()] for char in _TWO_SHAPED])
    smalls = _features([glyphs[char] for char in _TWO_SHAPED])
    if float(np.median((capitals * smalls).sum(axis=1))) < 0.8:
        return "both"
    references = _reference_features()
    order = [_MEASURED.index(char) for char in _TWO_SHAPED]
    upper = [_MEASURED.index(char.upper()) for char in _TWO_SHAPED]
    likeness_small = np.einsum("rcd,cd->rc", references[:, order], capitals).max(axis=0).mean()
    likeness_upper = np.einsum("rcd,cd->rc", references[:, upper], capitals).max(axis=0).mean()
    return "lower" if likeness_small > likeness_upper else "upper"
