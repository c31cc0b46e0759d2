"""Names of millions of photos, in little memory."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

_UNSORTED = 1 << 15


def fingerprint(name: str) -> int:
    """A number of 64 bits that is the same on every machine."""
    digest = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def in_shard(name: str, shard: tuple[int, int]) -> bool:
    """Whether a photo belongs to shard K (from 1) of N, which its name alone decides."""
    return fingerprint(name) % shard[1] == shard[0] - 1


class NameSet:
    """A set of names that holds 8 bytes for each.

    It holds fingerprints of 64 bits: among a million names, the chance that two of them share one
    is 3e-8.
    """

    def __init__(self) -> None:
        self._sorted: np.ndarray = np.empty(0, np.uint64)
        self._recent: set[int] = set()

    def __contains__(self, name: object) -> bool:
        number = fingerprint(str(name))
        if number in self._recent:
            return True
        place = int(np.searchsorted(self._sorted, np.uint64(number)))
        return place < len(self._sorted) and int(self._sorted[place]) == number

    def __len__(self) -> int:
        return len(self._sorted) + len(self._recent)

    def add(self, name: str) -> None:
        """Add a name, if it is not there."""
        if name in self:
            return
        self._recent.add(fingerprint(name))
        if len(self._recent) >= max(_UNSORTED, len(self._sorted) // 16):
            recent = np.fromiter(self._recent, np.uint64, len(self._recent))
            self._sorted = np.sort(np.concatenate([self._sorted, recent]))
            self._recent.clear()
