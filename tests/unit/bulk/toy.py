"""A job whose photos are texts that say what is to happen."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spotter.bulk.jobs import Answer
from spotter.errors import ImageError


@dataclass
class ToyJob:
    """Answers with the text of the file; some texts are obeyed instead."""

    delay: float = 0.0
    shared: bool = True

    def shareable(self) -> bool:
        return self.shared

    def open(self) -> Answer:
        return self.answer

    def answer(self, name: str, source: Any) -> Iterator[dict[str, Any]]:
        time.sleep(self.delay)
        text = source.decode() if isinstance(source, bytes) else Path(source).read_text()
        if text == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if text == "hang":
            signal.pause()
        if text == "broken":
            raise ImageError(f"{name}: is broken")
        if text == "bug":
            raise KeyError("bug")
        pages = int(text[5:]) if text.startswith("pages") else 0
        for page in range(1, pages + 1):
            yield {"image": name, "page": page, "error": None}
        if not pages:
            yield {"image": name, "text": text, "error": None}

    def failure(self, name: str, error: str, page: int | None = None) -> dict[str, Any]:
        return {"image": name, **({"page": page} if page else {}), "error": error}


def write_photos(folder: Path, texts: dict[str, str]) -> Path:
    """Files of these names and texts."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def main(folder: str, out: str, workers: str, delay: str) -> None:
    """A run that tests kill."""
    from spotter.bulk import packed_outputs
    from spotter.bulk.run import BulkOptions, run_in_bulk

    packed_outputs.PART_PHOTOS = 7
    run_in_bulk([folder], out, ToyJob(float(delay)), BulkOptions(int(workers)))


if __name__ == "__main__":
    main(*sys.argv[1:])
