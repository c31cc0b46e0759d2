"""Character sets, and the token maps that turn texts into the targets of each kind of decoder.

Every token map keeps one special token at index 0, the characters at 1..C in the order of the
set, and further specials after them. One rule (:func:`remap_tensor`) can thus carry the rows of
any classifier or embedding from one set to another.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from spotter.errors import CharsetError

_DIGITS_LOWER = string.digits + string.ascii_lowercase
_PRINTABLE = _DIGITS_LOWER + string.ascii_uppercase + string.punctuation
# Letters of Latin-1 and Latin Extended-A, the comma-below letters of Romanian, capital sharp s,
# and the signs met on signs and packages of the countries that write with them.
_ACCENTED = (
    "".join(
        chr(code)
        for code in (*range(0xC0, 0x180), 0x218, 0x219, 0x21A, 0x21B, 0x1E9E)
        # The ligatures of IJ, the dotted L, the deprecated n-apostrophe and the long s are not
        # written today, and NFKC spells them with other characters.
        if chr(code) not in "×÷ĲĳĿŀŉſ"
    )
    + "¡¿§©®°·ªº«»“”„‘’–—…€£¥¢±×÷²³½¼¾™№"
)

BUILTIN_CHARSETS = {
    "36": _DIGITS_LOWER,
    "62": _DIGITS_LOWER + string.ascii_uppercase,
    "94": _PRINTABLE,
    "latin": _PRINTABLE + _ACCENTED,
}


class Charset:
    """An ordered set of characters.

    Args:
        characters: The characters in the order of their indices; each one code point.

    Raises:
        CharsetError: If the set is empty, or holds a duplicate or a control character.
    """

    def __init__(self, characters: str | Iterable[str]) -> None:
        self.characters = "".join(characters)
        if not self.characters:
            raise CharsetError("the character set is empty")
        self._index = {character: i for i, character in enumerate(self.characters)}
        if len(self._index) != len(self.characters):
            doubles = sorted({c for c in self.characters if self.characters.count(c) > 1})
            raise CharsetError(f"the character set has duplicates: {' '.join(map(repr, doubles))}")
        for character in self.characters:
            if unicodedata.category(character) in ("Cc", "Cs"):
                raise CharsetError(f"the character set holds a control character: {character!r}")
        self.has_upper = any(c.isupper() for c in self.characters)
        self.has_lower = any(c.islower() for c in self.characters)

    @classmethod
    def load(cls, source: str | Path | Charset) -> Charset:
        """A set by its name or from a file.

        Args:
            source: ``"36"`` (digits, lower case), ``"62"`` (and upper case), ``"94"`` (printable
                ASCII without the space), ``"latin"`` (94, accented letters and common signs), or
                a UTF-8 text file: one character per line, or all of them on a single line. A
                ``Charset`` is returned as it is.

        Raises:
            CharsetError: If there is no such set or file, or the file's layout is neither.
        """
        if isinstance(source, Charset):
            return source
        if str(source) in BUILTIN_CHARSETS:
            return cls(BUILTIN_CHARSETS[str(source)])
        path = Path(source)
        if not path.is_file():
            names = ", ".join(BUILTIN_CHARSETS)
            raise CharsetError(f"no character set {str(source)!r}: give one of {names}, or a file")
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise CharsetError(f"{path}: not a readable UTF-8 text file ({error})") from None
        lines = [line for line in text.replace("\r\n", "\n").split("\n") if line]
        if len(lines) > 1:
            for number, line in enumerate(lines, 1):
                if len(line) != 1:
                    raise CharsetError(f"{path}: line {number}: {line!r} is not one character")
        try:
            return cls("".join(lines))
        except CharsetError as error:
            raise CharsetError(f"{path}: {error}") from None

    def __len__(self) -> int:
        return len(self.characters)

    def __contains__(self, character: object) -> bool:
        return character in self._index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Charset) and self.characters == other.characters

    def __hash__(self) -> int:
        return hash(self.characters)

    def __repr__(self) -> str:
        return f"Charset({self.characters!r})"

    def index(self, character: str) -> int:
        """Index of a character, 0..C-1.

        Raises:
            CharsetError: If the set does not hold it.
        """
        try:
            return self._index[character]
        except KeyError:
            raise CharsetError(f"{character!r} is not in the character set") from None

    def normalize(self, text: str, unknown: str = "drop") -> str:
        """The text as this set can spell it.

        Composes accents (NFC); folds case if the set has only one of the two cases; spells
        compatibility characters (full-width letters, ligatures) by their NFKC form.

        Args:
            text: Any text.
            unknown: What to do with a character that remains outside the set: ``"drop"`` it or
                ``"refuse"`` the text.

        Raises:
            CharsetError: If ``unknown="refuse"`` and a character is outside the set.
        """
        if unknown not in ("drop", "refuse"):
            raise CharsetError(f"unknown must be 'drop' or 'refuse', not {unknown!r}")
        spelled = []
        for character in unicodedata.normalize("NFC", text):
            known = self._spell(character)
            if known is None and unknown == "refuse":
                raise CharsetError(f"{character!r} of {text!r} is not in the character set")
            spelled.append(known or "")
        return "".join(spelled)

    def _spell(self, character: str) -> str | None:
        for form in (character, unicodedata.normalize("NFKC", character)):
            folded = form
            if not self.has_upper:
                folded = form.lower()
            elif not self.has_lower:
                folded = form.upper()
            for candidate in (form, folded):
                if all(c in self._index for c in candidate):
                    return candidate
        return None


class TokenMap:
    """Texts to token indices: special 0, characters 1..C, further specials after them.

    Args:
        charset: The character set.

    Attributes:
        num_classes: Size of the classifier's output, K.
    """

    def __init__(self, charset: Charset) -> None:
        self.charset = charset
        self.num_classes = len(charset) + 1

    def indices(self, text: str) -> list[int]:
        """Token index of every character.

        Raises:
            CharsetError: If a character is outside the set.
        """
        return [self.charset.index(character) + 1 for character in text]

    def _text(self, tokens: Iterable[int]) -> str:
        return "".join(self.charset.characters[t - 1] for t in tokens)


def _pad(rows: Sequence[Sequence[int]], value: int, width: int | None = None) -> Tensor:
    width = max((len(row) for row in rows), default=0) if width is None else width
    padded = torch.full((len(rows), width), value, dtype=torch.long)
    for i, row in enumerate(rows):
        padded[i, : len(row)] = torch.tensor(row, dtype=torch.long)
    return padded


class CTCTokenMap(TokenMap):
    """Tokens of connectionist temporal classification: blank 0, characters 1..C."""

    blank = 0

    def encode(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Targets (N, L) int64 padded with the blank, and their lengths (N,)."""
        rows = [self.indices(text) for text in texts]
        lengths = torch.tensor([len(row) for row in rows], dtype=torch.long)
        return _pad(rows, self.blank), lengths

    def decode(self, paths: Tensor | Sequence[Sequence[int]]) -> list[str]:
        """Texts of best paths (N, T): repeats are merged, then blanks dropped."""
        rows = paths.tolist() if isinstance(paths, Tensor) else paths
        texts = []
        for row in rows:
            starts = (t for i, t in enumerate(row) if i == 0 or t != row[i - 1])
            texts.append(self._text(t for t in starts if t != self.blank))
        return texts


class AttentionTokenMap(TokenMap):
    """Tokens of autoregressive decoders: EOS 0, characters 1..C, BOS C+1, PAD C+2.

    BOS and PAD are never predicted, so the classifier has C+1 outputs and the embedding
    ``num_tokens`` = C+3 rows.
    """

    eos = 0

    def __init__(self, charset: Charset) -> None:
        super().__init__(charset)
        self.bos = len(charset) + 1
        self.pad = len(charset) + 2
        self.num_tokens = len(charset) + 3

    def encode(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Tokens (N, L+2) int64 ``BOS c1 .. cn EOS PAD ..`` and lengths (N,) with the EOS, n+1."""
        rows = [[self.bos, *self.indices(text), self.eos] for text in texts]
        lengths = torch.tensor([len(row) - 1 for row in rows], dtype=torch.long)
        return _pad(rows, self.pad), lengths

    def decode(self, tokens: Tensor | Sequence[Sequence[int]]) -> list[str]:
        """Texts of token rows (N, L): up to the first EOS; BOS and PAD are skipped."""
        rows = tokens.tolist() if isinstance(tokens, Tensor) else tokens
        texts = []
        for row in rows:
            end = row.index(self.eos) if self.eos in row else len(row)
            texts.append(self._text(t for t in row[:end] if t not in (self.bos, self.pad)))
        return texts


class ClozeTokenMap(TokenMap):
    """Tokens of parallel decoders and cloze language models: null (also EOS) 0, characters 1..C.

    ``mask`` = C+1 stands for a hidden character; it is an input only, ``num_tokens`` = C+2.
    """

    null = 0
    eos = 0

    def __init__(self, charset: Charset) -> None:
        super().__init__(charset)
        self.mask = len(charset) + 1
        self.num_tokens = len(charset) + 2

    def encode(self, texts: Sequence[str], steps: int | None = None) -> tuple[Tensor, Tensor]:
        """Targets (N, steps) int64, null after the text; and lengths (N,), null included.

        Args:
            texts: N texts of at most ``steps - 1`` characters.
            steps: Width of the targets; default: the longest text and its null.

        Raises:
            CharsetError: If a text does not fit, or has a character outside the set.
        """
        rows = [self.indices(text) for text in texts]
        longest = max((len(row) for row in rows), default=0)
        steps = longest + 1 if steps is None else steps
        if longest >= steps:
            raise CharsetError(f"a text of {longest} characters does not fit {steps} steps")
        lengths = torch.tensor([len(row) + 1 for row in rows], dtype=torch.long)
        return _pad(rows, self.null, steps), lengths

    def decode(self, tokens: Tensor | Sequence[Sequence[int]]) -> list[str]:
        """Texts of token rows (N, L), each up to its first null; masks are skipped."""
        rows = tokens.tolist() if isinstance(tokens, Tensor) else tokens
        texts = []
        for row in rows:
            end = row.index(self.null) if self.null in row else len(row)
            texts.append(self._text(t for t in row[:end] if t != self.mask))
        return texts


def remap_rows(old: Charset, new: Charset) -> tuple[list[int], list[str]]:
    """Where each character of the new set sat in the old one.

    Returns:
        A list with one entry per character of ``new``: its index in ``old`` or -1; and the
        characters that ``old`` lacks, in the order of ``new``.
    """
    mapping = [old.index(c) if c in old else -1 for c in new.characters]
    return mapping, [c for c in new.characters if c not in old]


def remap_tensor(source: Tensor, fresh: Tensor, dim: int, old: Charset, new: Charset) -> Tensor:
    """Carry the rows of a classifier or embedding from one character set to another.

    Args:
        source: Trained tensor; along ``dim``: special 0, the characters of ``old``, S specials.
        fresh: Newly initialised tensor of the same layout for ``new``; gives the rows of the
            characters that ``old`` lacks.
        dim: The dimension that runs over the tokens.
        old: Character set of ``source``.
        new: Character set of ``fresh``.

    Returns:
        A tensor shaped like ``fresh``.

    Raises:
        CharsetError: If the tensors do not belong to the sets, or differ in another dimension.
    """
    trailing = fresh.shape[dim] - 1 - len(new)
    expected = list(fresh.shape)
    expected[dim] = 1 + len(old) + trailing
    if trailing < 0 or list(source.shape) != expected:
        raise CharsetError(
            f"a tensor {tuple(source.shape)} for {len(old)} characters cannot be carried over to "
            f"{tuple(fresh.shape)} for {len(new)}"
        )
    mapping, _ = remap_rows(old, new)
    pairs = [(0, 0)]
    pairs += [(i + 1, j + 1) for i, j in enumerate(mapping) if j >= 0]
    pairs += [(1 + len(new) + k, 1 + len(old) + k) for k in range(trailing)]
    into, out_of = (torch.tensor(side, device=fresh.device) for side in zip(*pairs, strict=True))
    rows = source.to(fresh).index_select(dim, out_of)
    return fresh.detach().clone().index_copy_(dim, into, rows)
