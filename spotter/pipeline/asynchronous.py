"""Spotting from asyncio: the event loop goes on while photos are read in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Any, TypeVar

from spotter.io.images import ImageSource
from spotter.pipeline.spotter import SceneTextSpotter
from spotter.structures import SpottingResult

T = TypeVar("T")


class AsyncSpotter:
    """A spotter whose calls are awaited.

    Calls run one after the other, in the order in which they were made, because the networks use
    all threads for one call. A call that is cancelled while it waits is not run. A call that is
    cancelled while it runs is finished in its thread, and its result is dropped.

    ::

        async with AsyncSpotter(SceneTextSpotter()) as spotter:
            result = await spotter.spot("photo.jpg")
            async for result in spotter.spot_iter(paths):
                ...

    Args:
        spotter: The spotter to call. Nothing else may call it at the same time.
    """

    def __init__(self, spotter: SceneTextSpotter) -> None:
        self.spotter = spotter
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spotter")

    async def spot(self, images: ImageSource | Iterable[ImageSource]) -> Any:
        """See :meth:`spotter.pipeline.spotter.SceneTextSpotter.spot`; it raises the same."""
        return await self._call(partial(self.spotter.spot, images))

    async def spot_iter(
        self, images: Iterable[ImageSource], chunk: int = 1
    ) -> AsyncIterator[SpottingResult]:
        """The results of many photos, in order. Other calls may run between two groups of photos.

        A group is started when its first result is requested. ``images`` is iterated over in the
        thread.

        Args:
            images: See :meth:`spotter.pipeline.spotter.SceneTextSpotter.spot_iter`.
            chunk: See there.

        Yields:
            A result for each photo or page; one that cannot be read has ``error`` set.

        Raises:
            ConfigError: ``chunk`` is below 1.
        """
        results = self.spotter.spot_iter(images, chunk)
        while (result := await self._call(partial(next, results, None))) is not None:
            yield result

    def close(self) -> None:
        """End the thread: waiting calls are cancelled, a running call is finished first."""
        self._thread.shutdown(cancel_futures=True)

    async def __aenter__(self) -> AsyncSpotter:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Waiting for the thread must not stop the loop.
        await asyncio.to_thread(self.close)

    async def _call(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)
