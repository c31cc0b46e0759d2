"""LMDB archives of word crops that grow, in the layout of :class:`LMDBReader`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from spotter.errors import ConfigError

_MAP_SIZE = 1 << 40  # an upper bound of the address space, not of the disk
_Self = TypeVar("_Self", bound="GrowingLMDB")


def open_lmdb(path: str | Path) -> Any:
    """An LMDB environment to write to; its folder is made if missing.

    Raises:
        ConfigError: The folder holds something else.
    """
    import lmdb  # only this layout needs the package

    Path(path).mkdir(parents=True, exist_ok=True)
    try:
        return lmdb.open(str(path), map_size=_MAP_SIZE)
    except lmdb.Error as error:
        raise ConfigError(f"{path}: cannot be opened as LMDB ({error})") from None


def check_settings(path: str | Path, kept: str | None, settings: str) -> None:
    """Refuse to add to a set that was made with other settings.

    Raises:
        ConfigError: ``kept`` is not ``settings``.
    """
    if kept is not None and kept != settings:
        raise ConfigError(f"{path} was begun with other settings ({kept}); name another folder")


class GrowingLMDB:
    """Word crops with the keys ``num-samples``, ``image-%09d`` and ``label-%09d``.

    Args:
        path: Folder of the LMDB; made when missing.
        settings: What the samples depend on, as text; kept in the archive.

    Attributes:
        path: As given.
        count: Number of words.
        settings_key: Key of the settings.

    Raises:
        ConfigError: The folder holds a set with other settings, or something else.
    """

    settings_key = b"settings"

    def __init__(self, path: str | Path, settings: str) -> None:
        self.path = Path(path)
        self._environment = open_lmdb(path)
        try:
            with self._environment.begin(write=True) as transaction:
                kept = transaction.get(self.settings_key)
                self.count = int(transaction.get(b"num-samples", b"0"))
                if self.count and kept is None:
                    raise ConfigError(f"{path} holds an LMDB that was not made here; name another")
                check_settings(path, None if kept is None else bytes(kept).decode(), settings)
                transaction.put(self.settings_key, settings.encode())
                transaction.put(b"num-samples", b"%d" % self.count)
        except ConfigError:
            self._environment.close()
            raise

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._environment.close()

    def get(self, key: bytes) -> bytes | None:
        """The value of a key; ``None`` if there is none."""
        with self._environment.begin() as transaction:
            value = transaction.get(key)
            return None if value is None else bytes(value)

    def store(
        self, words: Iterable[tuple[bytes, str]], further: Iterable[tuple[bytes, bytes]] = ()
    ) -> None:
        """Append words, and put further keys, in one transaction.

        Args:
            words: Encoded images and their labels.
            further: Keys and values.
        """
        count = self.count
        with self._environment.begin(write=True) as transaction:
            for image, text in words:
                count += 1
                transaction.put(b"image-%09d" % count, image)
                transaction.put(b"label-%09d" % count, text.encode())
            transaction.put(b"num-samples", b"%d" % count)
            for key, value in further:
                transaction.put(key, value)
        self.count = count
