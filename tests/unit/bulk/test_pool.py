"""Workers that crash, hang and fail cost one photo each."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from spotter.bulk.launchers import SpawnLauncher
from spotter.bulk.photos import Photo
from spotter.bulk.pool import Pool
from spotter.errors import ConfigError
from tests.unit.bulk.toy import ToyJob

TEXTS = ["one", "crash", "pages3", "hang", "broken", "bug", "two", "three"]
EXPECTED = [
    [None],
    ["1: the process that read it ended (SIGSEGV)"],
    [None, None, None],
    ["3: took longer than 1 s, and was given up"],
    ["4: is broken"],
    ["5: KeyError: 'bug'"],
    [None],
    [None],
    ["8: is no file"],
]


class Unusable(ToyJob):
    def open(self):
        raise ConfigError("there are no such weights")


def photos() -> Iterator[Photo]:
    for number, text in enumerate(TEXTS):
        yield Photo(str(number), text.encode())
    yield Photo("8", error="8: is no file")


def errors(data: bytes) -> list[str | None]:
    return [json.loads(line)["error"] for line in data.splitlines()]


@pytest.mark.parametrize("workers", [1, 3])
def test_a_bad_photo_costs_itself(workers: int) -> None:
    with Pool(ToyJob(), workers, time_limit=1.0) as pool:
        answered = list(pool.answer(photos()))
        processes = [each.process for each in pool._workers]
    assert [each.name for each in answered] == [str(number) for number in range(9)]
    assert [errors(each.data) for each in answered] == EXPECTED
    assert [each.failed for each in answered] == [any(lines) for lines in EXPECTED]
    assert len(processes) <= workers
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_workers_that_are_started_afresh_and_open_the_job_themselves() -> None:
    with Pool(ToyJob(shared=False), 1, 1.0, SpawnLauncher) as pool:
        answered = list(pool.answer(iter([*photos()][:2])))
    assert [errors(each.data) for each in answered] == EXPECTED[:2]


def test_a_job_that_cannot_be_opened_ends_the_run() -> None:
    with pytest.raises(ConfigError, match="no such weights"):
        Pool(Unusable(), 2)
    with (
        Pool(Unusable(shared=False), 1) as pool,
        pytest.raises(ConfigError, match="no such weights"),
    ):
        list(pool.answer(photos()))


@pytest.mark.parametrize("seconds", [1e12, float("inf")])
def test_a_time_limit_that_is_never_over(seconds: float) -> None:
    with Pool(ToyJob(), 1, seconds) as pool:
        answered = list(pool.answer(iter([Photo("0", b"one"), Photo("1", b"two")])))
    assert [each.failed for each in answered] == [False, False]


def test_photos_are_taken_one_by_one(tmp_path: Path) -> None:
    taken = []

    def endless() -> Iterator[Photo]:
        for number in range(10**9):
            taken.append(number)
            yield Photo(str(number), b"text")

    with Pool(ToyJob(), 1) as pool:
        answers = pool.answer(endless())
        assert [next(answers).name for _ in range(5)] == list("01234")
    assert len(taken) <= 7
