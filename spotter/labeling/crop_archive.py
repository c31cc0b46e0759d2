"""An LMDB of word crops that grows photo by photo and knows which photos it has seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from spotter.errors import ConfigError

_MAP_SIZE = 1 << 40  # an upper bound of the address space, not of the disk
_SETTINGS_KEY = b"harvest"


class CropArchive:
    """Unlabelled crops in the layout of :class:`spotter.data.readers.LMDBReader`.

    Keys: ``num-samples``, ``image-%09d``, an empty ``label-%09d``, and ``meta-%09d``, a JSON object
    that says where the crop is from. The crops of a photo, and that it has been seen, are stored in
    one transaction: a run that is interrupted loses and repeats nothing.

    Args:
        path: Folder of the LMDB; made if missing.
        settings: What the crops depend on; an archive that was begun with others is refused.

    Raises:
        ConfigError: The folder holds something else.
    """

    def __init__(self, path: str | Path, settings: Mapping[str, Any]) -> None:
        import lmdb  # only this layout needs the package

        self.path = Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            self._environment = lmdb.open(str(path), map_size=_MAP_SIZE)
        except lmdb.Error as error:
            raise ConfigError(f"{path} cannot be opened as LMDB ({error})") from None
        wanted = json.dumps(settings, sort_keys=True)
        with self._environment.begin(write=True) as transaction:
            kept = transaction.get(_SETTINGS_KEY)
            self.count = int(transaction.get(b"num-samples", b"0"))
            if kept is None and self.count:
                self._environment.close()
                raise ConfigError(f"{path} holds an LMDB that was not made here; name another")
            if kept is not None and bytes(kept).decode() != wanted:
                self._environment.close()
                raise ConfigError(
                    f"{path} was begun with other settings ({bytes(kept).decode()}); name another"
                )
            transaction.put(_SETTINGS_KEY, wanted.encode())
            transaction.put(b"num-samples", b"%d" % self.count)

    def __enter__(self) -> CropArchive:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._environment.close()

    def has_seen(self, photo: str) -> bool:
        """Whether a photo was searched already, even if it had no words."""
        with self._environment.begin() as transaction:
            return transaction.get(_photo_key(photo)) is not None

    def add(self, photo: str, crops: Sequence[tuple[bytes, Mapping[str, Any]]]) -> None:
        """Store the crops of a photo.

        Args:
            photo: Its name.
            crops: Encoded images and their JSON-ready records.
        """
        count = self.count
        with self._environment.begin(write=True) as transaction:
            for image, meta in crops:
                count += 1
                transaction.put(b"image-%09d" % count, image)
                transaction.put(b"label-%09d" % count, b"")
                text = json.dumps(meta, ensure_ascii=False)
                transaction.put(b"meta-%09d" % count, text.encode())
            transaction.put(b"num-samples", b"%d" % count)
            transaction.put(_photo_key(photo), b"%d" % len(crops))
        self.count = count

    def records(self) -> Iterator[dict[str, Any]]:
        """The record of every crop, in order."""
        with self._environment.begin() as transaction:
            for number in range(1, self.count + 1):
                yield json.loads(bytes(transaction.get(b"meta-%09d" % number, b"{}")))


def _photo_key(photo: str) -> bytes:
    # Keys of an LMDB hold 511 bytes; paths may be longer.
    return b"photo-" + hashlib.sha256(photo.encode()).hexdigest().encode()
