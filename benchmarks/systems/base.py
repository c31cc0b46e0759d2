"""What every system of a comparison can be asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spotter.errors import ConfigError
from spotter.structures import TextInstance

#: Text (``None``: nothing read) and score of a word crop.
Reading = tuple[str | None, float]


@dataclass(frozen=True)
class TimedSpot:
    """One photo through one system.

    Attributes:
        words: What was read.
        detection: Milliseconds from the decoded photo to the boxes.
        recognition: Milliseconds from there to the texts (crops, direction, reading).
        cpu: Milliseconds of processor time of the whole, over all threads.
    """

    words: list[TextInstance]
    detection: float
    recognition: float
    cpu: float

    @property
    def whole(self) -> float:
        """Milliseconds from the decoded photo to the texts."""
        return self.detection + self.recognition


class System:
    """One column of a benchmark's table; a subclass implements the tasks that it has.

    Args:
        name: Heading of the column.
        about: Weights with their checksum and settings, or a version.
        tasks: Of ``"photos"`` (:meth:`spot`), ``"words"`` (:meth:`read`) and ``"files"``
            (:meth:`spot_file`).
        reads: Whether the words of photos have texts.
        note: Remark for the reader of a table.
    """

    def __init__(
        self,
        name: str,
        about: Mapping[str, Any] | None = None,
        tasks: Sequence[str] = (),
        reads: bool = True,
        note: str = "",
    ) -> None:
        self.name = name
        self.about: Mapping[str, Any] = about or {}
        self.tasks = frozenset(tasks)
        self.reads = reads
        self.note = note

    @property
    def key(self) -> str:
        """Name for a folder, different for other weights and settings."""
        told = json.dumps(dict(self.about), sort_keys=True).encode()
        safe = "".join(c if c.isalnum() else "_" for c in self.name)
        return f"{safe}-{hashlib.sha256(told).hexdigest()[:8]}"

    def spot(self, photo: np.ndarray) -> list[TextInstance]:
        """Words of a photo (H, W, 3) uint8 BGR, with texts if the system reads.

        Raises:
            ConfigError: The system does not have this task.
        """
        raise self._refusal("photos")

    def spot_file(self, path: Path) -> list[TextInstance]:
        """Words or lines of a picture that the system opens by itself, as a user's would be.

        Raises:
            ConfigError: The system does not have this task.
            ImageError: The picture cannot be read.
        """
        raise self._refusal("files")

    def read(self, crops: Sequence[np.ndarray]) -> list[Reading]:
        """Readings of word crops, each (h, w, 3) uint8 BGR.

        Raises:
            ConfigError: The system does not have this task.
        """
        raise self._refusal("words")

    def timed_spot(self, photo: np.ndarray) -> TimedSpot:
        """:meth:`spot` with the time that it took.

        Raises:
            ConfigError: The system does not have this task.
        """
        raise self._refusal("photos")

    def _refusal(self, task: str) -> ConfigError:
        return ConfigError(f"{self.name}: does not have the task {task!r}")
