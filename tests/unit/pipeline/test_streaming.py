"""Results one by one: in order, with few photos in memory, and from asyncio."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spotter.errors import ConfigError, ImageError
from spotter.pipeline import SceneTextSpotter
from spotter.pipeline.asynchronous import AsyncSpotter
from spotter.structures import SpottingResult
from tests.unit.pipeline.networks import photo


def photos(count: int) -> list[np.ndarray]:
    return [photo(100 + index, 60, [(20, 20, 50, 18)], index) for index in range(count)]


def comparable(results: list[SpottingResult]) -> list[object]:
    return [
        (each.image, each.page, each.width, [(w.text, w.polygon.tolist()) for w in each.instances])
        for each in results
    ]


def test_a_stream_gives_what_a_list_gives(spotter: SceneTextSpotter, tmp_path: Path) -> None:
    scan = tmp_path / "scan.tif"
    pages = [Image.fromarray(each[:60, :100]) for each in photos(3)]
    pages[0].save(scan, save_all=True, append_images=pages[1:])
    images = [*photos(2), tmp_path / "gone.png", scan, *photos(1)]
    expected = comparable(spotter.spot(images))
    assert len(expected) == 7
    for chunk in (1, 2, 7, 16):
        assert comparable(list(spotter.spot_iter(images, chunk))) == expected
    assert list(spotter.spot_iter([])) == []


def test_no_photo_is_taken_before_its_turn(spotter: SceneTextSpotter) -> None:
    taken = []

    def endless() -> Iterator[np.ndarray]:
        for index in range(1_000_000):
            taken.append(index)
            yield photo(80, 60, [(10, 20, 50, 18)], index % 3)

    results = spotter.spot_iter(endless(), chunk=2)
    assert taken == []
    for count in range(1, 8):
        assert next(results).image == f"image_{count - 1}"
        assert len(taken) == 2 * ((count + 1) // 2)


def test_every_result_is_reported_in_order(spotter: SceneTextSpotter) -> None:
    seen: list[SpottingResult] = []
    results = spotter.spot(photos(20), on_result=seen.append)
    assert [each.image for each in seen] == [f"image_{index}" for index in range(20)]
    assert all(one is other for one, other in zip(results, seen, strict=True))
    seen.clear()
    single = spotter.spot(photos(1)[0], on_result=seen.append)
    assert seen[0] is single

    def stop(result: SpottingResult) -> None:
        raise KeyError(result.image)

    with pytest.raises(KeyError, match="image_0"):
        spotter.spot(photos(2), on_result=stop)
    with pytest.raises(ConfigError, match="chunk must be at least 1, not 0"):
        spotter.spot_iter([], chunk=0)


def test_the_loop_goes_on_while_photos_are_read(spotter: SceneTextSpotter) -> None:
    expected = comparable(spotter.spot(photos(3)))

    async def run() -> None:
        async with AsyncSpotter(spotter) as asynchronous:
            streamed = [each async for each in asynchronous.spot_iter(photos(3))]
            assert comparable(streamed) == expected
            both = await asyncio.gather(
                asynchronous.spot(photos(3)), asynchronous.spot(photos(1)[0])
            )
            assert comparable(both[0]) == expected
            assert both[1].width == 100
            with pytest.raises(ImageError):
                await asynchronous.spot("gone.png")

    asyncio.run(run())


def test_calls_wait_for_each_other() -> None:
    begun, go_on = threading.Event(), threading.Event()
    calls: list[str] = []

    class Slow:
        def spot(self, images: str) -> str:
            calls.append(images)
            begun.set()
            assert go_on.wait(10)
            return images

    async def run() -> None:
        asynchronous = AsyncSpotter(Slow())  # type: ignore[arg-type]
        first = asyncio.create_task(asynchronous.spot("first"))
        second = asyncio.create_task(asynchronous.spot("second"))
        third = asyncio.create_task(asynchronous.spot("third"))
        while not begun.is_set():
            # The loop runs although a call is under way.
            await asyncio.sleep(0.001)
        assert calls == ["first"]
        second.cancel()
        await asyncio.sleep(0)
        go_on.set()
        assert [await first, await third] == ["first", "third"]
        assert calls == ["first", "third"]
        asynchronous.close()

    asyncio.run(run())
