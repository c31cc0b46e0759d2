"""Token maps, which turn texts into the targets of each kind of decoder.

Every token map keeps one special token at index 0, the characters at 1..C in the order of the
set, and further specials after them. One rule (:func:`remap_tensor`) can thus carry the rows of
any classifier or embedding from one set to another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from spotter.charset import Charset
from spotter.errors import CharsetError
from spotter.look_alikes import look_alikes


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
        A list with one entry per character of ``new``: its index in ``old``; of a character that
        ``old`` lacks, that of one which looks like it (:func:`look_alikes`), or -1; and the
        characters that ``old`` lacks, in the order of ``new``.
    """
    mapping = []
    for character in new.characters:
        known = (c for c in (character, *look_alikes(character)) if c in old)
        mapping.append(next((old.index(c) for c in known), -1))
    return mapping, [c for c in new.characters if c not in old]


def remap_tensor(source: Tensor, fresh: Tensor, dim: int, old: Charset, new: Charset) -> Tensor:
    """Carry the rows of a classifier or embedding from one character set to another.

    Args:
        source: Trained tensor; along ``dim``: special 0, the characters of ``old``, S specials.
        fresh: Newly initialised tensor of the same layout for ``new``; gives the rows of the
            characters that ``old`` lacks, and of which it has none that looks like them.
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
