"""Speed of what the CPU does on one core: per training sample targets, crops and augmentation,
and per test set the evaluation protocols."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import cv2
import numpy as np

from spotter.data.transforms import DBTargets, RandomAffineCrop, RecAugment, RecResize
from spotter.data.transforms.rec_geometric import rotation_shear
from spotter.evaluation import (
    DETECTION_PROTOCOLS,
    CLEvalSettings,
    evaluate_cleval,
    evaluate_end_to_end,
)
from spotter.structures import TextInstance


def random_instances(count: int, width: int, height: int, seed: int = 0) -> list[dict]:
    """Tilted words of 30-160 x 12-40 px, every fifth to be ignored."""
    rng = np.random.default_rng(seed)
    instances = []
    for number in range(count):
        w, h = rng.uniform(30, 160), rng.uniform(12, 40)
        corners = np.array([[-w, -h], [w, -h], [w, h], [-w, h]]) / 2
        centre = rng.uniform((80, 80), (width - 80, height - 80))
        polygon = corners @ rotation_shear(rng.uniform(-0.5, 0.5), 0.0).T + centre
        ignore = number % 5 == 4
        instances.append({"polygon": polygon.astype(np.float32), "text": None, "ignore": ignore})
    return instances


def random_test_set(images: int, words: int) -> tuple[list, list]:
    """Predictions, some of which are shaken, split or missing, and ground truth with texts."""
    rng = np.random.default_rng(0)
    predictions, truths = [], []
    for number in range(images):
        found, true = [], []
        for index, instance in enumerate(random_instances(words, 1280, 720, seed=number)):
            polygon, text = instance["polygon"], f"word{index}"
            true.append(TextInstance(polygon, text, ignore=instance["ignore"]))
            shaken = polygon + rng.normal(0, 2, polygon.shape).astype(np.float32)
            if index % 7 == 0:
                middle = (shaken[[0, 3]] + shaken[[1, 2]]) / 2
                parts = [[*shaken[:1], *middle, shaken[3]], [middle[0], *shaken[1:3], middle[1]]]
            else:
                parts = [] if index % 11 == 0 else [shaken]
            score = float(rng.uniform())
            found += [
                TextInstance(np.asarray(part, np.float32), text, detection_score=score)
                for part in parts
            ]
        predictions.append(found)
        truths.append(true)
    return predictions, truths


def curved(words: list[list[TextInstance]]) -> list[list[TextInstance]]:
    """The same words as bent strips of 14 vertices."""
    x = np.linspace(0.0, 1.0, 7)[:, None]
    bend = np.array([0, 8], np.float32) * np.sin(np.pi * x)
    bent: list[list[TextInstance]] = []
    for image in words:
        bent.append([])
        for word in image:
            top = word.polygon[0] + x * (word.polygon[1] - word.polygon[0]) + bend
            bottom = word.polygon[3] + x * (word.polygon[2] - word.polygon[3]) + bend
            outline = np.concatenate([top, bottom[::-1]]).astype(np.float32)
            bent[-1].append(replace(word, polygon=outline))
    return bent


def benchmark_protocols(images: int, words: int) -> None:
    """Print the processor time of every protocol over one test set."""
    quads = random_test_set(images, words)
    strips = tuple(curved(side) for side in quads)
    reading = partial(evaluate_cleval, settings=CLEvalSettings(end_to_end=True))
    protocols: dict[str, Callable[..., object]] = {
        **DETECTION_PROTOCOLS,
        "cleval with reading": reading,
        "end_to_end": evaluate_end_to_end,
        "word_spotting": partial(evaluate_end_to_end, mode="word_spotting"),
    }
    print(f"\nProtocols over {images} images x {words} words: quadrilaterals, 14-gons")
    for name, protocol in protocols.items():
        costs = [milliseconds(partial(protocol, *sides), 1) / 1000 for sides in (quads, strips)]
        print(f"{name:56s} {costs[0]:6.2f} s {costs[1]:6.2f} s")


def milliseconds(call: Callable[[], object], repeats: int) -> float:
    """Processor time per call, so that other processes on the machine do not count."""
    call()
    start = time.process_time()
    for _ in range(repeats):
        call()
    return (time.process_time() - start) / repeats * 1000.0


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of ``tools/benchmark_targets.py``."""
    parser = argparse.ArgumentParser(prog="benchmark_targets.py", description=__doc__)
    parser.add_argument("--instances", type=int, default=20, help="words per photo")
    parser.add_argument("--size", type=int, default=640, help="side of the target maps in pixels")
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--images", type=int, default=500, help="photos of the test set")
    args = parser.parse_args(arguments)

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
    benchmark_protocols(args.images, args.instances)
