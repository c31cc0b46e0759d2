"""One writer for each output."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from spotter.errors import ConfigError
from spotter.io.locks import OutputLock

KINDS = pytest.mark.parametrize("is_folder", [False, True])


def line_of_another(path: Path, is_folder: bool) -> str:
    """The last line on stderr of another process that takes the lock and ends without release."""
    code = (
        "import os, sys; from spotter.io.locks import OutputLock;"
        f"OutputLock({str(path)!r}, is_folder={is_folder}); os._exit(0)"
    )
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return ended.stderr.strip().rpartition("\n")[2]


@KINDS
def test_one_process_at_a_time_writes(tmp_path: Path, is_folder: bool) -> None:
    path = tmp_path / "out"
    with OutputLock(path, "wait", is_folder):
        if is_folder:
            (path / "a").touch()
        refused = line_of_another(path, is_folder)
        with pytest.raises(ConfigError, match="out: is being written by this process"):
            OutputLock(path, is_folder=is_folder)
    owner = "another process" if is_folder else f"process {os.getpid()} on "
    assert f"out: is being written by {owner}" in refused
    assert [each.name for each in tmp_path.iterdir()] == ["out"] * is_folder
    assert line_of_another(path, is_folder) == ""


def test_writer_of_a_file_that_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "out.jsonl"
    assert line_of_another(path, False) == ""
    for was_left in (True, False):
        with OutputLock(path) as lock:
            assert lock.was_left is was_left


def test_folders_that_stay_empty_are_removed_if_they_were_made(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    for name in ("old", "new", "full"):
        with OutputLock(tmp_path / name, is_folder=True):
            if name == "full":
                (tmp_path / name / "a").touch()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["full", "old"]
    with pytest.raises(ConfigError, match=r"a/b: cannot be made \(Not a directory\)"):
        OutputLock(tmp_path / "full" / "a" / "b", is_folder=True)


@KINDS
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_children_do_not_hold_what_their_parent_holds(tmp_path: Path, is_folder: bool) -> None:
    reading, writing = os.pipe()
    lock = OutputLock(tmp_path / "out", is_folder=is_folder)
    child = os.fork()
    if not child:
        os.close(writing)
        lock.release()
        os.read(reading, 1)
        os._exit(0)
    os.close(reading)
    try:
        assert "is being written" in line_of_another(tmp_path / "out", is_folder)
        lock.release()
        # The child still runs.
        assert line_of_another(tmp_path / "out", is_folder) == ""
    finally:
        os.close(writing)
        os.waitpid(child, 0)
