"""Word crops in an LMDB that grows, and remembers what it was made with."""

from __future__ import annotations

from pathlib import Path

from spotter.errors import ConfigError

_MAP_SIZE = 1 << 40  # an upper bound of the address space, not of the disk
_SETTINGS_KEY = b"synthesis"
_PAGES_KEY = b"num-pages"


def check_settings(path: str | Path, kept: str | None, settings: str) -> None:
    """Refuse to add to a set that was made with other settings.

    Raises:
        ConfigError: ``kept`` is not ``settings``.
    """
    if kept is not None and kept != settings:
        raise ConfigError(f"{path} was begun with other settings ({kept}); name another folder")


class WordArchive:
    """An LMDB of word crops that is added to, with keys ``image-%09d`` and ``label-%09d``.

    Args:
        path: Folder of the LMDB; made when missing.
        settings: What the samples are made with, as text; kept in the archive.

    Attributes:
        count: Number of words, kept as ``num-samples``.
        pages: Number of pages they were cut out of, kept as ``num-pages``; 0 for others.

    Raises:
        ConfigError: The folder holds a set with other settings, or is no LMDB.
    """

    def __init__(self, path: str | Path, settings: str) -> None:
        import lmdb  # only this layout needs the package

        Path(path).mkdir(parents=True, exist_ok=True)
        try:
            self._environment = lmdb.open(str(path), map_size=_MAP_SIZE)
        except lmdb.Error as error:
            raise ConfigError(f"{path} cannot be opened as LMDB ({error})") from None
        try:
            with self._environment.begin(write=True) as transaction:
                kept = transaction.get(_SETTINGS_KEY)
                self.count = int(transaction.get(b"num-samples", b"0"))
                self.pages = int(transaction.get(_PAGES_KEY, b"0"))
                if self.count and kept is None:
                    raise ConfigError(f"{path} holds an LMDB that was not made here; name another")
                text = None if kept is None else bytes(kept).decode()
                check_settings(path, text, settings)
                transaction.put(_SETTINGS_KEY, settings.encode())
                transaction.put(b"num-samples", b"%d" % self.count)
        except ConfigError:
            self._environment.close()
            raise

    def __enter__(self) -> WordArchive:
        return self

    def __exit__(self, *_: object) -> None:
        self._environment.close()

    def append(self, words: list[tuple[bytes, str]]) -> None:
        """Store encoded crops and their labels, and the number of pages, in one step."""
        count = self.count
        with self._environment.begin(write=True) as transaction:
            for image, text in words:
                count += 1
                transaction.put(b"image-%09d" % count, image)
                transaction.put(b"label-%09d" % count, text.encode())
            transaction.put(b"num-samples", b"%d" % count)
            if self.pages:
                transaction.put(_PAGES_KEY, b"%d" % self.pages)
        self.count = count
