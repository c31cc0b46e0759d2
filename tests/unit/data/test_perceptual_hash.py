"""Hashes of crops: stable under what leaves the word alone, different for other words."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from spotter.errors import ConfigError
from spotter.labeling.perceptual_hash import (
    BITS,
    NearDuplicates,
    hamming_distance,
    perceptual_hash,
)


def word(text: str, height: int = 40) -> np.ndarray:
    image = np.full((40, 22 * len(text), 3), 200, np.uint8)
    cv2.putText(image, text, (4, 30), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (30, 60, 90), 3)
    return cv2.resize(image, (image.shape[1] * height // 40, height), interpolation=cv2.INTER_AREA)


def test_the_same_word_stays_close_and_others_far() -> None:
    own = perceptual_hash(word("harvest"))
    data = cv2.imencode(".jpg", word("harvest"), [cv2.IMWRITE_JPEG_QUALITY, 40])[1]
    compressed = cv2.imdecode(data, cv2.IMREAD_COLOR)
    darker = np.clip(word("harvest") * 0.6 + 20, 0, 255).astype(np.uint8)
    for changed in (word("harvest", 30), compressed, darker):
        assert hamming_distance(own, perceptual_hash(changed)) <= 7
    for other, distance in (("harvast", 7), ("servant", 20), ("spotter", 30)):
        assert hamming_distance(own, perceptual_hash(word(other))) > distance
    assert 0 <= own < 1 << BITS


def test_signs_of_a_single_frequency() -> None:
    # Only one cosine: its coefficient alone lies above the median, which is about zero.
    columns = np.cos(np.pi * 3 * (2 * np.arange(64) + 1) / 128)
    grey = np.tile(127.5 + 100 * columns, (32, 1)).astype(np.uint8)
    bits = f"{perceptual_hash(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)):0128b}"
    assert bits[3] == "1"


def test_search_finds_exactly_the_close_ones() -> None:
    generator = np.random.default_rng(0)

    def draw() -> int:
        return int.from_bytes(generator.bytes(BITS // 8), "big")

    kept = [draw() for _ in range(50)]
    seen = NearDuplicates(7)
    for value in kept:
        seen.add(value)
    for value in kept:
        flips = generator.permutation(BITS)
        for distance in (0, 1, 7, 8, 20):
            changed = value
            for bit in flips[:distance].tolist():
                changed ^= 1 << bit
            assert (changed in seen) == (distance <= 7)
    assert draw() not in seen
    assert kept[0] not in NearDuplicates(-1)


def test_a_distance_that_could_miss_some_is_refused() -> None:
    with pytest.raises(ConfigError, match="at most 7 bits"):
        NearDuplicates(8)
