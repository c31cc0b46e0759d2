"""Makers of damaged input, and what every reader must hold to."""

from __future__ import annotations

import copy
import os
import resource
import struct
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spotter.errors import SpotterError

EXAMPLES = int(os.environ.get("SPOTTER_FUZZ_EXAMPLES", "60"))
"""Inputs per test; ``make fuzz`` asks for many more."""

_SLOWEST = 15.0
_MOST_MEMORY = 1500 << 20


@dataclass
class Tally:
    """What a test tried in this process.

    Attributes:
        inputs: Calls of :func:`holds`.
        refused: Those that ended in an error of the toolkit.
        seconds: What the calls took together.
        slowest: Seconds of the longest call.
    """

    inputs: int = 0
    refused: int = 0
    seconds: float = 0.0
    slowest: float = 0.0

    def __str__(self) -> str:
        rate = self.inputs / max(self.seconds, 1e-9)
        return (
            f"{self.inputs} inputs, {self.refused} refused in one line, {rate:.0f} a second,"
            f" slowest {self.slowest:.2f} s"
        )


TALLIES: defaultdict[str, Tally] = defaultdict(Tally)
"""By the name of the test."""

# Of an example that hypothesis draws, which costs more than most of the calls.
_INPUTS = 20

Maker = Callable[[Random], Any]
"""Makes an argument of a test."""


def fuzz(*makers: Maker, inputs: int = EXAMPLES) -> Callable[[Callable[..., None]], Any]:
    """Makes a test that is called ``inputs`` times, with what makers make of a random generator.

    The usual run tries the same inputs each time; a long one others every time.
    """

    def decorate(test: Callable[..., None]) -> Any:
        @settings(
            max_examples=max(1, inputs // _INPUTS),
            deadline=None,
            database=None,
            derandomize=EXAMPLES < 1000,
            suppress_health_check=list(HealthCheck),
        )
        @given(st.integers(0, 2**62))
        def tried(seed: int) -> None:
            random = Random(seed)
            for _ in range(min(_INPUTS, inputs)):
                given_ = [make(random) for make in makers]
                try:
                    test(*given_)
                except Exception as error:
                    raise AssertionError(f"fails with {repr(given_)[:5000]}") from error

        tried.__name__ = tried.__qualname__ = test.__name__
        tried.__module__, tried.__doc__ = test.__module__, test.__doc__
        return tried

    return decorate


def one_of(values: Iterable[Any]) -> Maker:
    """One of some values."""
    choices = list(values)
    return lambda random: random.choice(choices)


_TELLING_BYTES = [b"\0", b"\xff", b"\x7f\xff\xff\xff", b"\xff" * 4, b"\0" * 8]
_TELLING_BYTES += [b"\x80", b"%", b'"', b"{", b"["]


def damaged_bytes(wholes: Iterable[bytes]) -> Maker:
    """One of some files after a few edits: bytes replaced, inserted, deleted, doubled, cut off."""
    files = list(wholes)

    def damage(random: Random) -> bytes:
        data = bytearray(random.choice(files))
        for _ in range(random.randint(1, 6)):
            _edit_bytes(data, random)
        return bytes(data)

    return damage


def _edit_bytes(data: bytearray, random: Random) -> None:
    kind = random.choice(["set", "insert", "delete", "double", "cut"])
    filling = random.choice([random.choice(_TELLING_BYTES), random.randbytes(random.randint(1, 8))])
    length = random.randint(1, 64)
    # Half of the edits fall into the first bytes, where formats keep their structure.
    at = random.randint(0, random.choice([len(data), min(len(data), 200)]))
    if kind == "set":
        data[at : at + len(filling)] = filling
    elif kind == "insert":
        data[at:at] = filling
    elif kind == "delete":
        del data[at : at + length]
    elif kind == "double":
        data[at:at] = data[at : at + length]
    else:
        del data[at:]


_ODD_NUMBERS = [0, -1, 10**9, 10**400, 1e300, -0.0, float("nan"), float("inf")]
_ODD_TEXTS = ["", "\0", "/etc/passwd", "../x", "subprocess.Popen", "\ud800", "a" * 70_000]
_ODD_MEMBERS: list[Any] = [[], {}, [[]], {"type": "X"}, [0] * 3000]


def _odd_value(random: Random) -> Any:
    kind = random.randrange(8)
    if kind < 4:
        chosen = random.choice([[None, True, False], _ODD_NUMBERS, _ODD_TEXTS, _ODD_MEMBERS])
        return copy.deepcopy(random.choice(chosen))
    if kind == 4:
        return random.choice([-1, 1]) * random.getrandbits(random.choice([3, 8, 16, 33, 70]))
    if kind == 5:
        return struct.unpack("d", random.randbytes(8))[0]
    if kind == 6:
        return random.gauss(0.0, 10.0 ** random.randint(-3, 3))
    return odd_text(random)


def odd_text(random: Random) -> str:
    """Up to 20 characters of any kind."""
    largest = random.choice([0x7F, 0x7FF, 0x10FFFF])
    return "".join(chr(random.randint(0, largest)) for _ in range(random.randint(0, 20)))


def damaged_values(wholes: Iterable[Any]) -> Maker:
    """One of some JSON-like values in which a few members are replaced, removed or added."""
    values = list(wholes)

    def damage(random: Random) -> Any:
        value = copy.deepcopy(random.choice(values))
        for _ in range(random.randint(1, 3)):
            _edit_somewhere(value, random)
        return value

    return damage


def _edit_somewhere(value: Any, random: Random) -> None:
    place = value
    for _ in range(random.randint(0, 4)):
        members = list(place.values() if isinstance(place, dict) else place)
        inside = random.choice(members) if members else None
        if not isinstance(inside, dict | list) or not inside:
            break
        place = inside
    kind = random.choice(["replace", "remove", "add"])
    _edit(place, random.randint(0, 30), kind, _odd_value(random))


def _edit(place: Any, step: int, kind: str, odd: Any) -> None:
    if isinstance(place, dict):
        key = list(place)[step % len(place)] if place else "type"
        if kind == "remove":
            place.pop(key, None)
        else:
            place[f"{key}_" if kind == "add" else key] = odd
    elif isinstance(place, list):
        if kind == "add" or not place:
            place.append(odd)
        elif kind == "remove":
            del place[step % len(place)]
        else:
            place[step % len(place)] = odd


def peak_memory() -> int:
    """Most bytes that the process has held so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def holds(call: Callable[[], Any], error: type[SpotterError] = SpotterError) -> Any:
    """What a call gives; ``None`` if it raises ``error`` with one line. Anything else fails.

    So does a call that takes over 15 s twice, or by which the process comes to hold over 1.5 GB.
    """
    test = os.environ["PYTEST_CURRENT_TEST"].rpartition("::")[2].partition("[")[0]
    tally = TALLIES[test.partition(" ")[0]]
    before = peak_memory()
    start = time.monotonic()
    result = None
    tally.inputs += 1
    try:
        result = call()
    except error as refused:
        message = str(refused)
        assert message
        assert len(message.splitlines()) == 1, message
        # Any terminal and any file must be able to hold it.
        message.encode("utf-8")
        tally.refused += 1
    seconds = time.monotonic() - start
    if seconds >= _SLOWEST:
        # It may have been the machine that stood still.
        start = time.monotonic()
        with suppress(error):
            call()
        seconds = time.monotonic() - start
    tally.seconds += seconds
    tally.slowest = max(tally.slowest, seconds)
    assert seconds < _SLOWEST
    # Tests that ran earlier in the process may have held more.
    assert peak_memory() <= max(before, _MOST_MEMORY)
    return result
