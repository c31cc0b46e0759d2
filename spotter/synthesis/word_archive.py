"""Drawn word crops in an LMDB."""

from __future__ import annotations

from pathlib import Path

from spotter.data.growing_lmdb import GrowingLMDB

_PAGES_KEY = b"num-pages"


class WordArchive(GrowingLMDB):
    """Drawn word crops with their labels.

    Arguments and errors are those of :class:`GrowingLMDB`.

    Attributes:
        pages: Number of pages they were cut out of, kept as ``num-pages``; 0 for others.
    """

    settings_key = b"synthesis"

    def __init__(self, path: str | Path, settings: str) -> None:
        super().__init__(path, settings)
        self.pages = int(self.get(_PAGES_KEY) or 0)

    def append(self, words: list[tuple[bytes, str]]) -> None:
        """Store encoded crops and their labels, and the number of pages, in one step."""
        self.store(words, [(_PAGES_KEY, b"%d" % self.pages)] if self.pages else [])
