"""Errors of the toolkit: one line each that says what was wrong with what, and what to do."""

from __future__ import annotations


class SpotterError(Exception):
    """Base of all errors that the toolkit raises on purpose; ``str(error)`` is one line."""


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
