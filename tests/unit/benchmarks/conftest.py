"""Small benchmark folders, written as they are commonly distributed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import lmdb
import numpy as np
import pytest

from spotter.pipeline import SceneTextSpotter
from tests.unit.pipeline.networks import bright_detector, digit_recognizer, photo, written


def encoded(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


@pytest.fixture
def write_lmdb() -> Callable[[Path, Sequence[tuple[str, str]]], None]:
    """``write(folder, [(digits that are seen, label), ...])``."""

    def write(folder: Path, words: Sequence[tuple[str, str]]) -> None:
        folder.mkdir(parents=True)
        with lmdb.open(str(folder), map_size=1 << 22) as archive, archive.begin(write=True) as to:
            to.put(b"num-samples", str(len(words)).encode())
            for number, (seen, label) in enumerate(words, start=1):
                to.put(f"image-{number:09d}".encode(), encoded(written(seen)))
                to.put(f"label-{number:09d}".encode(), label.encode())

    return write


@pytest.fixture
def validation_root(tmp_path: Path) -> Path:
    """The validation suite with two words of each set and two photos of one bright word each."""
    root = tmp_path / "data"
    svt, words, photos = (
        root / name for name in ("svt_words_test", "icdar2015_words_train", "icdar2015_train")
    )
    for folder in (svt / "images", words / "images", photos / "images", photos / "gt"):
        folder.mkdir(parents=True)
    for number, seen in ((1, "31415926"), (2, "27182818")):
        (svt / f"images/{number}.png").write_bytes(encoded(written(seen)))
        (words / f"images/word_{3960 + number}.png").write_bytes(encoded(written(seen)))
        picture = photo(640, 360, [(200, 100, 160, 60)])
        (photos / f"images/img_{900 + number}.png").write_bytes(encoded(picture))
    # The reader of the layout looks where the first word lies.
    (words / "images/word_1.png").write_bytes(encoded(written("1")))
    (svt / "labels.txt").write_text("images/1.png 31415926\nimages/2.png 27182810\n")
    lines = [f'word_{n}.png, "1"' for n in range(1, 3961)]
    lines += ['word_3961.png, "31415926"', 'word_3962.png, "27182818"']
    (words / "gt.txt").write_text("\n".join(lines))
    blank = photos / "images/img_1.png"
    blank.write_bytes(encoded(photo(64, 64, [])))
    for number in range(2, 901):
        os.link(blank, photos / f"images/img_{number}.png")
    for number in range(1, 903):
        label = "200,100,360,100,360,160,200,160,12345678\n" if number > 900 else ""
        (photos / f"gt/gt_img_{number}.txt").write_text(label)
    return root


@pytest.fixture(scope="session")
def spotter(tmp_path_factory: pytest.TempPathFactory) -> SceneTextSpotter:
    """A spotter of two tiny ONNX networks."""
    folder = tmp_path_factory.mktemp("preset")
    detector, recognizer = folder / "bright.onnx", folder / "digits.onnx"
    bright_detector(detector)
    digit_recognizer(recognizer)
    return SceneTextSpotter(detector=detector, recognizer=recognizer, threads=1)
