"""Settings of a server: the model, and the limits for its clients."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from spotter.errors import ConfigError
from spotter.io.bounded import parse_json
from spotter.io.sources import ReadLimits

ENVIRONMENT = "SPOTTER_SERVE"
"""Variable that hands the settings to the processes of a server, as JSON."""

_READER_ARGUMENTS = (
    *("model", "recognizer", "runtime", "device", "threads", "language"),
    *("test_time_augmentation", "calibrated"),
)


@dataclass(frozen=True)
class ServerSettings:
    """Model and limits of a server.

    Attributes:
        spotter: Arguments of :class:`spotter.pipeline.spotter.SceneTextSpotter` as plain values.
        max_bytes: Most bytes of the body of a request.
        max_files: Most files of a request; never more than ``max_queue``.
        max_pixels: Most pixels of a photo or page (width times height).
        max_pages: Most pages of a document that are read.
        max_queue: Most files, and most requests, that wait or are being answered; the next one is
            answered with status 429.
        max_batch: Most photos whose words are read together, whichever clients they are from.
        max_crops: Most word crops that are read together.
        timeout: Seconds for sending a request, again for waiting, and again for the work on each of
            its files.

    Raises:
        ConfigError: A limit that is not positive or not finite, or a least score of words outside
            0..1.
    """

    spotter: Mapping[str, Any] = field(default_factory=dict)
    max_bytes: int = 16 << 20
    max_files: int = 16
    max_pixels: int = 40_000_000
    max_pages: int = 10
    max_queue: int = 64
    max_batch: int = 4
    max_crops: int = 64
    timeout: float = 60.0

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if name != "spotter" and not 0 < value < math.inf:
                finite = "a finite number " if value == math.inf else ""
                raise ConfigError(f"{name} must be {finite}above 0, not {value}")
        least = self.spotter.get("min_score")
        if least is not None and not 0 <= least <= 1:
            raise ConfigError(f"min_score must be from 0 to 1, not {least}")

    @property
    def most_files(self) -> int:
        """Most files of a request: more than the queue holds could never be answered."""
        return min(self.max_files, self.max_queue)

    @property
    def read_limits(self) -> ReadLimits:
        """Of pictures and documents; addresses are never fetched."""
        return ReadLimits(self.max_pixels, self.max_bytes, self.max_pages, allow_urls=False)

    @property
    def reader(self) -> dict[str, Any]:
        """Arguments of the recognizer of word crops."""
        return {name: self.spotter[name] for name in _READER_ARGUMENTS if name in self.spotter}

    def public(self) -> dict[str, float]:
        """The limits, for clients."""
        limits = asdict(self) | {"max_files": self.most_files}
        return {name: value for name, value in limits.items() if name != "spotter"}

    def to_json(self) -> str:
        """For :data:`ENVIRONMENT`.

        Raises:
            ConfigError: An argument of the spotter is no plain value.
        """
        try:
            return json.dumps(asdict(self))
        except TypeError as error:
            raise ConfigError(f"settings of a server are plain values ({error})") from None

    @classmethod
    def from_json(cls, text: str) -> ServerSettings:
        """The settings that :meth:`to_json` wrote.

        Raises:
            ConfigError: They are not.
        """
        values = parse_json(text, ENVIRONMENT, ConfigError)
        try:
            return cls(**values)
        except TypeError as error:
            raise ConfigError(f"{ENVIRONMENT}: {error}") from None
