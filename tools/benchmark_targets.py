"""Speed of what the CPU does per training sample: targets, crops and augmentation, on one core."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import cv2
import numpy as np

from spotter.data.transforms import DBTargets, RandomAffineCrop, RecAugment, RecResize
from spotter.data.transforms.rec_geometric import rotation_shear


def random_instances(count: int, width: int, height: int) -> list[dict]:
    """Tilted words of 30-160 x 12-40 px, every fifth to be ignored."""
    rng = np.random.default_rng(0)
    instances = []
    for number in range(count):
        w, h = rng.uniform(30, 160), rng.uniform(12, 40)
        corners = np.array([[-w, -h], [w, -h], [w, h], [-w, h]]) / 2
        centre = rng.uniform((80, 80), (width - 80, height - 80))
        polygon = corners @ rotation_shear(rng.uniform(-0.5, 0.5), 0.0).T + centre
        ignore = number % 5 == 4
        instances.append({"polygon": polygon.astype(np.float32), "text": None, "ignore": ignore})
    return instances


def milliseconds(call: Callable[[], object], repeats: int) -> float:
    """Processor time per call, so that other processes on the machine do not count."""
    call()
    start = time.process_time()
    for _ in range(repeats):
        call()
    return (time.process_time() - start) / repeats * 1000.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=20, help="words per photo")
    parser.add_argument("--size", type=int, default=640, help="side of the target maps in pixels")
    parser.add_argument("--repeats", type=int, default=100)
    args = parser.parse_args()

    cv2.setNumThreads(0)
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (720, 1280, 3), np.uint8)
    word = rng.integers(0, 256, (48, 160, 3), np.uint8)
    on_maps = random_instances(args.instances, args.size, args.size)
    on_photo = random_instances(args.instances, 1280, 720)
    targets, crop = DBTargets(), RandomAffineCrop(512)
    augment, resize = RecAugment(), RecResize()

    rows: list[tuple[str, Callable[[], object], int]] = [
        (
            f"DBTargets, {args.size} x {args.size}, {args.instances} words",
            lambda: targets.maps(on_maps, args.size, args.size),
            args.repeats,
        ),
        (
            f"RandomAffineCrop, 512 x 512 of 1280 x 720, {args.instances} words",
            lambda: crop({"img": photo, "instances": on_photo}),
            args.repeats,
        ),
        ("RecAugment, 32 x 128", lambda: augment({"img": word}), args.repeats * 20),
        ("RecResize, 32 x 128", lambda: resize({"img": word}), args.repeats * 20),
    ]
    for name, call, repeats in rows:
        cost = milliseconds(call, repeats)
        print(f"{name:56s} {cost:8.3f} ms {1000.0 / cost:9.0f} /s")


if __name__ == "__main__":
    main()
