"""Perceptual hashes of word crops, and the search for near duplicates among very many of them."""

from __future__ import annotations

import cv2
import numpy as np

from spotter.errors import ConfigError

#: Width and height of the block of low frequencies; words are wider than high.
FREQUENCIES = (16, 8)
BITS = FREQUENCIES[0] * FREQUENCIES[1]
_SAMPLES = (64, 32)
_BANDS = 8
_BAND_BITS = BITS // _BANDS


def perceptual_hash(image: np.ndarray) -> int:
    """Signs of the low frequencies of a picture (pHash, Zauner 2010, with a wide block).

    The grey picture is reduced to 64x32 pixels; bit ``i`` says whether the ``i``-th of its 16x8
    lowest cosine coefficients lies above their median. Scale, brightness, contrast and compression
    change few bits; other words change about half of them.

    Args:
        image: (H, W, 3) uint8 BGR.

    Returns:
        A number of 128 bits.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, _SAMPLES, interpolation=cv2.INTER_AREA).astype(np.float32)
    block = cv2.dct(small)[: FREQUENCIES[1], : FREQUENCIES[0]].ravel()
    # The mean brightness does not depend on shapes and would always be above the median.
    block[0] = 0.0
    return int.from_bytes(np.packbits(block > np.median(block)).tobytes(), "big")


def hamming_distance(first: int, second: int) -> int:
    """Number of bits in which two hashes differ."""
    return (first ^ second).bit_count()


class NearDuplicates:
    """A collection of hashes that tells whether a new hash is close to one of them.

    Two hashes that differ in fewer bits than there are bands agree on at least one band, so only
    the hashes that share a band are compared, and none that is close is missed.

    Args:
        distance: Hashes that differ in at most so many bits are near duplicates, 0 .. 7; negative:
            nothing is a duplicate.

    Raises:
        ConfigError: A distance that the bands cannot guarantee.
    """

    def __init__(self, distance: int = 7) -> None:
        if distance >= _BANDS:
            raise ConfigError(f"near duplicates differ in at most {_BANDS - 1} bits")
        self.distance = distance
        self._bands: list[dict[int, list[int]]] = [{} for _ in range(_BANDS)]

    def __contains__(self, value: int) -> bool:
        return any(
            hamming_distance(value, other) <= self.distance
            for band, part in zip(self._bands, _parts(value), strict=True)
            for other in band.get(part, ())
        )

    def add(self, value: int) -> None:
        """Remember a hash."""
        for band, part in zip(self._bands, _parts(value), strict=True):
            band.setdefault(part, []).append(value)


def _parts(value: int) -> list[int]:
    mask = (1 << _BAND_BITS) - 1
    return [value >> (_BAND_BITS * number) & mask for number in range(_BANDS)]
