"""Errors of the toolkit: one line each that says what was wrong with what, and what to do."""

from __future__ import annotations

# Line breaks and what commands a terminal: names of files and texts may hold either.
_CONTROLS = {
    code: " " if chr(code).isspace() else f"\\x{code:02x}"
    for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)
}


class SpotterError(Exception):
    """Base of all errors that the toolkit raises on purpose; ``str(error)`` is one line.

    Whatever its message was made of, any terminal and any UTF-8 file can hold it.
    """

    def __str__(self) -> str:
        text = super().__str__()
        if text.isascii() and text.isprintable():
            return text
        return text.translate(_CONTROLS).encode("utf-8", "backslashreplace").decode("utf-8")


class ImageError(SpotterError):
    """An image cannot be read or is not an image."""


class AnnotationError(SpotterError):
    """A label file is malformed; the message names file and line."""


class CharsetError(SpotterError):
    """A character set is unknown, empty or has duplicates, or does not cover a text."""


class WeightsError(SpotterError):
    """A weights file is missing, not ours, or does not fit the model."""


class ConfigError(SpotterError):
    """A config names something that does not exist or does not fit together."""


class GeometryError(SpotterError):
    """A polygon has too few points, no area, or values that are not finite."""


class LoaderError(SpotterError):
    """A process that makes training batches failed or ended."""


class TrainingInterrupted(KeyboardInterrupt):
    """A signal ended a training, which was saved before.

    Attributes:
        status: Status to exit with: 128 and the number of the signal.
    """

    def __init__(self, status: int = 130) -> None:
        super().__init__(status)
        self.status = status
