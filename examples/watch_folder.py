"""Read every photo that appears in a folder, while the program does something else (asyncio).

python examples/watch_folder.py incoming/ words.jsonl

A photo is read once it has stopped growing. The program ends when a file named "stop" appears.
"""

import asyncio
import json
import sys
from pathlib import Path

from spotter import SceneTextSpotter
from spotter.errors import SpotterError
from spotter.io import IMAGE_SUFFIXES
from spotter.pipeline.asynchronous import AsyncSpotter

EVERY = 0.5  # seconds


async def new_photos(folder: Path, queue: asyncio.Queue) -> None:
    sizes: dict[Path, int] = {}
    done: set[Path] = set()
    while True:
        stop = (folder / "stop").exists()
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() not in IMAGE_SUFFIXES or path in done:
                continue
            size = path.stat().st_size
            if sizes.get(path) == size or stop:
                done.add(path)
                await queue.put(path)
            sizes[path] = size
        if stop:
            await queue.put(None)
            return
        await asyncio.sleep(EVERY)


async def watch(folder: str, out: str) -> None:
    queue: asyncio.Queue = asyncio.Queue(maxsize=16)
    watcher = asyncio.create_task(new_photos(Path(folder), queue))
    async with AsyncSpotter(SceneTextSpotter()) as spotter:
        with Path(out).open("a", encoding="utf-8") as lines:
            while (path := await queue.get()) is not None:
                try:
                    result = await spotter.spot(str(path))
                except SpotterError as error:
                    print(error, file=sys.stderr)
                    continue
                lines.write(json.dumps(result.to_dict(), ensure_ascii=False) + "\n")
                lines.flush()
                print(f"{path.name}: {len(result.instances)} words")
    await watcher


def main(folder: str, out: str) -> None:
    asyncio.run(watch(folder, out))


if __name__ == "__main__":
    main(*sys.argv[1:])
