"""The base class of transforms."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from typing import Any


class BaseTransform(metaclass=ABCMeta):
    """One step of a pipeline; a subclass implements :meth:`transform`."""

    def __call__(self, results: dict[str, Any]) -> Any:
        """Transform a sample; see :meth:`transform`."""
        return self.transform(results)

    @abstractmethod
    def transform(self, results: dict[str, Any]) -> Any:
        """Transform a sample.

        Args:
            results: The sample so far, by the keys that docs/architecture.md lists.

        Returns:
            The changed sample, or None to leave it out.
        """
