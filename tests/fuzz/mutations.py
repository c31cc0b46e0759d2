"""Hypothesis strategies that damage what is whole, and what every reader must hold to."""

from __future__ import annotations

import copy
import os
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, settings
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

# The usual run tries the same inputs each time; a long one others every time.
fuzz = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=EXAMPLES < 1000,
    suppress_health_check=list(HealthCheck),
)

_TELLING_BYTES = st.sampled_from(
    [b"\0", b"\xff", b"\x7f\xff\xff\xff", b"\xff" * 4, b"\0" * 8, b"\x80", b"%", b'"', b"{", b"["]
)


def damaged_bytes(wholes: Iterable[bytes]) -> st.SearchStrategy[bytes]:
    """One of some files after a few edits: bytes replaced, inserted, deleted, doubled, cut off."""
    edit = st.tuples(
        st.sampled_from(["set", "insert", "delete", "double", "cut"]),
        st.floats(0, 1),
        st.integers(1, 64),
        st.one_of(_TELLING_BYTES, st.binary(min_size=1, max_size=8)),
    )
    return st.builds(_apply, st.sampled_from(list(wholes)), st.lists(edit, min_size=1, max_size=6))


def _apply(whole: bytes, edits: list[tuple[str, float, int, bytes]]) -> bytes:
    data = bytearray(whole)
    for kind, where, length, filling in edits:
        # Half of the edits fall into the first bytes, where formats keep their structure.
        at = int(where * len(data)) if where > 0.5 else int(where * 2 * min(len(data), 200))
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
    return bytes(data)


_ODD_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 10**9, 10**400, 1e300, -0.0, float("nan"), float("inf")]),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["", "\0", "/etc/passwd", "../x", "subprocess.Popen", "\ud800", "a" * 70_000]),
    st.sampled_from([[], {}, [[]], {"type": "X"}, [0] * 3000]),
)


def damaged_values(wholes: Iterable[Any]) -> st.SearchStrategy[Any]:
    """One of some JSON-like values in which a few members are replaced, removed or added."""
    edit = st.tuples(
        st.lists(st.integers(0, 30), min_size=1, max_size=5),
        st.sampled_from(["replace", "remove", "add"]),
        _ODD_VALUES,
    )
    edits = st.lists(edit, min_size=1, max_size=3)
    return st.builds(_replace_members, st.sampled_from(list(wholes)), edits)


def _replace_members(whole: Any, edits: list[tuple[list[int], str, Any]]) -> Any:
    value = copy.deepcopy(whole)
    for path, kind, odd in edits:
        place = value
        for step in path[:-1]:
            members = list(place) if isinstance(place, dict) else list(range(len(place)))
            inside = place[members[step % len(members)]] if members else None
            if not isinstance(inside, dict | list) or not inside:
                break
            place = inside
        _edit(place, path[-1], kind, odd)
    return value


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
