"""An LMDB of word crops that grows photo by photo and knows which photos it has seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from spotter.data.growing_lmdb import GrowingLMDB


class CropArchive(GrowingLMDB):
    """Unlabelled crops, each with ``meta-%09d``, a JSON object that says where it is from.

    Labels are empty. The crops of a photo, and that it has been seen, are stored in one
    transaction: an interrupted run loses and repeats nothing.

    Args:
        path: Folder of the LMDB; made if missing.
        settings: What the crops depend on; an archive that was begun with others is refused.

    Raises:
        ConfigError: The folder holds something else.
    """

    settings_key = b"harvest"

    def __init__(self, path: str | Path, settings: Mapping[str, Any]) -> None:
        super().__init__(path, json.dumps(settings, sort_keys=True))

    def has_seen(self, photo: str) -> bool:
        """Whether a photo was searched already, even if it had no words."""
        return self.get(_photo_key(photo)) is not None

    def add(self, photo: str, crops: Sequence[tuple[bytes, Mapping[str, Any]]]) -> None:
        """Store the crops of a photo.

        Args:
            photo: Its name.
            crops: Encoded images and their JSON-ready records.
        """
        records = [
            (b"meta-%09d" % number, json.dumps(record, ensure_ascii=False).encode())
            for number, (_, record) in enumerate(crops, self.count + 1)
        ]
        seen = (_photo_key(photo), b"%d" % len(crops))
        self.store(((image, "") for image, _ in crops), [*records, seen])

    def records(self) -> Iterator[dict[str, Any]]:
        """The record of every crop, in order."""
        for number in range(1, self.count + 1):
            yield json.loads(self.get(b"meta-%09d" % number) or b"{}")


def _photo_key(photo: str) -> bytes:
    # Keys of an LMDB hold 511 bytes; paths may be longer.
    return b"photo-" + hashlib.sha256(photo.encode()).hexdigest().encode()
