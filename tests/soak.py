"""Reads photos of ever other sizes for long: ``python -m tests.soak --minutes 60``.

Memory has to stay level, and what a photo says has to stay the same. Prints one line, and ends with
status 1 if either does not.
"""

from __future__ import annotations

import argparse
import gc
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from spotter import SceneTextSpotter
from spotter.decoding import LanguageModel
from spotter.structures import SpottingResult

PHOTOS = Path(__file__).parents[1] / "demo" / "photos"
_GROWTH = 0.05
_WARM_UP = 0.2
_WARM_UP_PHOTOS = 60
_COMPARE_EVERY = 10
# Enough to fill the caches of the language model, which take thousands of photos otherwise.
_RANDOM_WORDS = 20_000


def resident() -> float:
    """Megabytes that the process holds."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("needs Linux: /proc/self/status has no VmRSS")


def varied(photos: list[np.ndarray], rng: np.random.Generator, largest: int = 1200) -> np.ndarray:
    """A photo of another size, turn or cut, or now and then one of noise or of nothing."""
    kind = rng.integers(0, 10)
    width, height = (int(side) for side in rng.integers(8, largest, 2))
    if kind == 0:
        return rng.integers(0, 256, (height, width, 3), np.uint8)
    if kind == 1:
        return np.full((height, width, 3), int(rng.integers(0, 256)), np.uint8)
    photo = photos[rng.integers(0, len(photos))]
    if kind < 4:
        photo = np.rot90(photo, int(rng.integers(1, 4)))
    return cv2.resize(np.ascontiguousarray(photo), (width, height), interpolation=cv2.INTER_AREA)


def words(result: SpottingResult) -> list[dict[str, Any]]:
    """What has to stay the same."""
    return [word.to_dict() for word in result.instances]


def fill_caches(rng: np.random.Generator) -> None:
    """Ask the language models of the process for words until they keep as much as they ever do."""
    for model in [each for each in gc.get_objects() if isinstance(each, LanguageModel)]:
        for letters in rng.integers(0, 26, (_RANDOM_WORDS, 8)):
            model.log_probability("".join(chr(ord("a") + letter) for letter in letters))


def fitted_growth(memory: list[float]) -> float:
    """From the first to the last value of the line that fits values best by least squares."""
    photos = np.arange(len(memory))
    return float(np.polyfit(photos, memory, 1)[0] * photos[-1]) if len(memory) > 1 else 0.0


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--runtime", default="auto")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--largest", type=int, default=1200, help="side of a photo in pixels")
    options = parser.parse_args()
    spotter = SceneTextSpotter(runtime=options.runtime, threads=options.threads)
    photos = [cv2.imread(str(path)) for path in sorted(PHOTOS.glob("*.jpg"))]
    known = [cv2.resize(photo, (480, 360), interpolation=cv2.INTER_AREA) for photo in photos]
    expected = [words(spotter.spot(photo)) for photo in known]
    rng = np.random.default_rng(0)
    fill_caches(rng)
    start, read, different = time.monotonic(), 0, 0
    seconds = 60.0 * options.minutes
    memory: list[float] = []
    while (passed := time.monotonic() - start) < seconds:
        spotter.spot(varied(photos, rng, options.largest))
        read += 1
        if passed > _WARM_UP * seconds and read > _WARM_UP_PHOTOS:
            memory.append(resident())
        if read % _COMPARE_EVERY == 0:
            which = read // _COMPARE_EVERY % len(known)
            different += words(spotter.spot(known[which])) != expected[which]
    if not memory:
        raise SystemExit(f"soak: {read} photos in {options.minutes:g} minutes are too few to judge")
    growth = fitted_growth(memory)
    print(
        f"soak: {read} photos in {options.minutes:g} minutes, {read // _COMPARE_EVERY} compared,"
        f" {different} of them read differently; memory {memory[0]:.0f} MB after the first"
        f" {read - len(memory)}, {memory[-1]:.0f} MB at the end, at most {max(memory):.0f} MB; the"
        f" fitted line grows by {growth:.1f} MB ({spotter!r})"
    )
    raise SystemExit(bool(different) or max(growth, memory[-1] - memory[0]) > _GROWTH * memory[0])


if __name__ == "__main__":
    main()
