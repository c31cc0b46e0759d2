"""A little set of photos and one of word crops, as canonical samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spotter.data.readers import Reader

QUAD = np.array([[1.25, 2], [30, 2.5], [30, 10], [1, 10]], np.float32)
CURVE = np.array([[2, 20], [12, 16], [22, 20], [22, 26], [12, 22], [2, 26]], np.float32)
BOX = np.array([[32, 4], [44, 4], [44, 12], [32, 12]], np.float32)


class Samples(Reader):
    """Samples from a list; one of them may end the run."""

    def __init__(self, samples: list[dict[str, Any]], interrupt_at: int | None = None) -> None:
        self.samples = samples
        self.interrupt_at = interrupt_at
        super().__init__()

    def _total(self) -> int:
        return len(self.samples)

    def _read(self, index: int) -> dict[str, Any]:
        if index == self.interrupt_at:
            raise KeyboardInterrupt
        return dict(self.samples[index])


def word(polygon: np.ndarray, text: str | None, ignore: bool = False) -> dict[str, Any]:
    return {"polygon": polygon, "text": text, "ignore": ignore}


@pytest.fixture
def photos(tmp_path: Path) -> list[dict[str, Any]]:
    """Three photos: words of all kinds, no word, one word."""
    folder = tmp_path / "source" / "images"
    folder.mkdir(parents=True)
    for number in (1, 2, 3):
        pixels = np.full((32, 48, 3), 40 * number, np.uint8)
        pixels[4:12, 32:44] = (200, 100, 50)
        Image.fromarray(pixels).save(folder / f"img_{number}.png")
    words = [
        [word(QUAD, 'Café, "5"'), word(BOX, None), word(QUAD + 3, None, ignore=True)],
        [],
        [word(BOX, "SALE")],
    ]
    return [
        {"img_path": str(folder / f"img_{number}.png"), "instances": instances}
        for number, instances in zip((1, 2, 3), words, strict=True)
    ]


@pytest.fixture
def crops(tmp_path: Path) -> list[dict[str, Any]]:
    """Five word crops in a folder of folders, with texts that need escapes."""
    folder = tmp_path / "source"
    samples = []
    for number, text in enumerate(["one", "a b", 'say "no"', "back\\slash", "Straße"], start=1):
        path = folder / f"part_{number % 2}" / f"word_{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (10 + number, 8), (number, 0, 0)).save(path)
        samples.append({"img_path": str(path), "text": text})
    return samples
