"""Some of the samples of another reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from spotter.data.readers.base import Reader, built_reader
from spotter.errors import ConfigError
from spotter.registry import READERS


@READERS.register_module()
class SelectedReader(Reader):
    """Samples of another reader at given positions, for what reads whole readers.

    A dataset selects by itself; :class:`SceneWordsReader`, which takes all photos of its reader,
    is given this one.

    Args:
        reader: A reader or its config.
        start: See :func:`select`.
        stop: See :func:`select`.
        indices: See :func:`select`.

    Raises:
        ConfigError: See :func:`select`.
    """

    def __init__(
        self,
        reader: Reader | Mapping[str, Any],
        start: int | None = None,
        stop: int | None = None,
        indices: Sequence[int] | None = None,
    ) -> None:
        self.reader: Reader = built_reader(reader)
        self.indices = select(len(self.reader), start, stop, indices)
        super().__init__(self.reader.strict)
        self.refusals = list(self.reader.refusals)

    def _total(self) -> int:
        return len(self.indices)

    def _read(self, index: int) -> dict[str, Any]:
        return self.reader[self.indices[index]]


def select(
    total: int,
    start: int | None = None,
    stop: int | None = None,
    indices: Sequence[int] | None = None,
) -> Sequence[int]:
    """Positions among ``total`` samples.

    Args:
        total: Number of samples; photos that a reader refused are not among them.
        start: First sample to keep; negative values count from the end.
        stop: One past the last to keep; negative values count from the end.
        indices: Positions to keep, in this order, instead of ``start`` and ``stop``.

    Raises:
        ConfigError: ``indices`` are given beside ``start`` or ``stop``, or one is not in 0..total.
    """
    if indices is None:
        return range(total)[start:stop]
    if start is not None or stop is not None:
        raise ConfigError("give either indices or start and stop, not both")
    outside = [index for index in indices if not 0 <= index < total]
    if outside:
        raise ConfigError(f"index {outside[0]} is outside of {total} samples")
    return list(indices)
