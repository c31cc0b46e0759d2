"""What is done with each photo, in whatever process."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from spotter.bulk.photos import Source
from spotter.bulk.sources.remote import fetch
from spotter.io.sources import is_url
from spotter.structures import SpottingResult

Answer = Callable[[str, Source], Iterator[dict[str, Any]]]
"""Gives the records of a photo (name, source), one for each page: with ``image``, its name, and
``error``, which is ``None`` or one line."""


class Job(Protocol):
    """What is done with each photo; it is pickled, and opened where it runs."""

    def shareable(self) -> bool:
        """Whether what :meth:`open` gives can be used in a process that is forked afterwards.

        Whatever starts threads or talks to a GPU cannot.
        """
        ...

    def open(self) -> Answer:
        """Load what is needed.

        Raises:
            SpotterError: It cannot be loaded, which ends the run.
        """
        ...

    def failure(self, name: str, error: str, page: int | None = None) -> dict[str, Any]:
        """The record of a photo, or page, that could not be read."""
        ...


def is_shareable(runtime: str, device: str, threads: int | None) -> bool:
    """Whether networks can be used after a fork: on ONNX Runtime, one thread, on the CPU."""
    from spotter.runtime.openvino import is_quicker

    on_onnx = runtime == "onnx" or (runtime == "auto" and not is_quicker(device))
    return on_onnx and device == "cpu" and threads == 1


@dataclass
class SpotJob:
    """Words of photos.

    Attributes:
        settings: Arguments of :class:`spotter.pipeline.spotter.SceneTextSpotter`.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)

    def shareable(self) -> bool:
        """See :class:`Job`."""
        chosen = (self.settings.get("runtime", "auto"), self.settings.get("device", "cpu"))
        return is_shareable(*chosen, self.settings.get("threads"))

    def open(self) -> Answer:
        """See :class:`Job`."""
        from spotter.pipeline.spotter import SceneTextSpotter

        spotter = SceneTextSpotter(**self.settings)

        def answer(name: str, source: Source) -> Iterator[dict[str, Any]]:
            for result in spotter.spot_iter([stream_of(name, source)], 1):
                yield replace(result, image=name).to_dict()

        return answer

    def failure(self, name: str, error: str, page: int | None = None) -> dict[str, Any]:
        """See :class:`Job`."""
        return SpottingResult(name, error=error, page=page).to_dict()


class _Named(io.BytesIO):
    """Bytes whose errors name the photo."""

    name = ""


def stream_of(name: str, source: Source) -> Any:
    """What :func:`spotter.io.images.read_image` can read.

    Args:
        name: Of the photo, for messages about bytes.
        source: See :data:`spotter.bulk.photos.Source`.

    Raises:
        ImageError: It lies behind an address of fsspec, and cannot be fetched.
    """
    if isinstance(source, str) and "://" in source and not is_url(source):
        source = fetch(source)
    if not isinstance(source, bytes):
        return source
    stream = _Named(source)
    stream.name = name
    return stream
