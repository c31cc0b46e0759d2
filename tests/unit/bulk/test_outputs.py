"""Outputs that are cut off, gone on with, and retried."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spotter.bulk import packed_outputs
from spotter.bulk.outputs import done_names, open_output
from spotter.bulk.records import scan_line, to_line
from spotter.errors import AnnotationError, ConfigError
from tests.unit.full_disk import full_disk

ENDINGS = [".jsonl", ".jsonl.zst", ".parquet"]


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_outputs, "PART_PHOTOS", 3)


def data(name: str, pages: int = 0, error: str | None = None) -> bytes:
    numbers = [{"page": page} for page in range(1, pages + 1)] or [{}]
    return b"".join(to_line({"image": name, **each, "error": error}) for each in numbers)


def images(path: Path) -> list[str]:
    output = open_output(path)
    found = [line.image for line in output.entries()]
    output.close(False)
    return found


@pytest.mark.parametrize("ending", ENDINGS)
def test_write_go_on_and_retry(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "new" / f"out{ending}"
    output = open_output(path)
    for number in range(5):
        output.write(data(f"ü{number}", error="bad" if number in (1, 4) else None))
    output.close(complete=False)
    assert images(path) == [f"ü{n}" for n in range(5)]
    output = open_output(path)
    assert "ü4" in done_names(output)
    done = done_names(output, retry_failed=True)
    assert [f"ü{n}" in done for n in range(5)] == [True, False, True, True, False]
    output.write(data("doc", pages=2))
    output.write(data("ü1"))
    output.close(complete=True)
    assert images(path) == ["ü0", "ü2", "ü3", "doc", "doc", "ü1"]
    output = open_output(path, anew=True)
    assert len(done_names(output)) == 0
    output.close(complete=True)
    assert images(path) == []


@pytest.mark.parametrize("retry_failed", [False, True])
@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_begun_anew_stays_until_the_first_photo(
    tmp_path: Path, ending: str, retry_failed: bool
) -> None:
    path = tmp_path / f"out{ending}"
    output = open_output(path)
    for number in range(4):
        output.write(data(f"old {number}", error="bad" if number == 2 else None))
    output.close(complete=False)
    whole = {each: each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()}
    output = open_output(path, anew=True)
    assert len(done_names(output, retry_failed)) == 0
    output.close(complete=False)
    assert {each: each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()} == whole
    output = open_output(path, anew=True)
    output.write(data("new"))
    output.close(complete=False)
    assert images(path) == ["new"]


def test_a_shard_that_is_begun_anew_leaves_the_others(tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    for shard, name in (((1, 2), "a"), ((2, 2), "b")):
        output = open_output(path, shard)
        output.write(data(name, error="bad"))
        output.close(complete=True)
    output = open_output(path, (2, 2), anew=True)
    done = done_names(output, retry_failed=True)
    assert ["a" in done, "b" in done] == [True, False]
    output.write(data("b"))
    output.close(complete=True)
    assert images(path) == ["a", "b"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_document_whose_pages_may_be_missing_is_made_again(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out{ending}"
    output = open_output(path)
    output.write(data("a"))
    output.write(data("doc", pages=3))
    # As if the process had been killed: the lock stays, and of the document a page is missing.
    output.close(complete=False)
    (lines,) = [path] if ending == ".jsonl" else tmp_path.rglob("*.journal")
    whole = lines.read_bytes()
    lines.write_bytes(b"".join(whole.splitlines(keepends=True)[:-1]))
    lock = output._lock.path
    lock.write_text("process 1")
    assert images(path) == ["a"]
    lines.write_bytes(whole)
    assert images(path) == ["a", "doc", "doc", "doc"]


@pytest.mark.parametrize("ending", ENDINGS[:2])
def test_lines_before_a_full_disk_stay_valid(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out{ending}"
    output = open_output(path)
    output.write(data("a"))
    with full_disk(1000), pytest.raises(AnnotationError, match="cannot be written"):
        output.write(data("b", error="x" * 5000))
    (lines,) = [path] if ending == ".jsonl" else tmp_path.rglob("*.journal")
    assert lines.read_bytes().endswith(data("a"))
    output.close(complete=False)
    assert images(path) == ["a"]


def test_a_run_that_failed_at_once_leaves_nothing(tmp_path: Path) -> None:
    open_output(tmp_path / "out.jsonl").close(complete=False)
    assert list(tmp_path.iterdir()) == []
    open_output(tmp_path / "out.jsonl").close(complete=True)
    assert (tmp_path / "out.jsonl").read_bytes() == b""
    # A file that was there before is not removed.
    open_output(tmp_path / "out.jsonl").close(complete=False)
    assert (tmp_path / "out.jsonl").read_bytes() == b""


@pytest.mark.parametrize("anew", [False, True])
@pytest.mark.parametrize("content", ["my only note", '{"text": "x", "image": "a"}', "[1,\n 2]"])
def test_files_of_others_stay(tmp_path: Path, content: str, anew: bool) -> None:
    path = tmp_path / "note.jsonl"
    path.write_text(content)
    with pytest.raises(AnnotationError, match=r"note\.jsonl:1: not a result line"):
        open_output(path, anew=anew)
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {path.name: content}


@pytest.mark.parametrize("rest", [b'{"image": "b', b'{"im', b'{"text": "x", "ima'])
def test_a_last_line_that_was_cut_off_is_removed(tmp_path: Path, rest: bytes) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(data("a") + rest)
    assert images(path) == ["a"]
    assert path.read_bytes() == data("a")
    path.write_bytes(b'{"image": "b')
    assert images(path) == []
    assert path.read_bytes() == b""


def test_parts(tmp_path: Path) -> None:
    import zstandard
    from pyarrow import parquet

    for ending in ENDINGS[1:]:
        output = open_output(tmp_path / f"out{ending}")
        for number in range(7):
            output.write(data(str(number)))
        output.close(complete=True)
    packed = (tmp_path / "out.jsonl.zst").read_bytes()
    assert packed.count((0xFD2FB528).to_bytes(4, "little")) == 3
    with zstandard.open(tmp_path / "out.jsonl.zst", "rt") as lines:
        assert [json.loads(line)["image"] for line in lines] == list("0123456")
    parts = sorted((tmp_path / "out.parquet").iterdir())
    assert [part.name for part in parts] == [f"part-0000{n}.parquet" for n in range(3)]
    assert [len(parquet.read_table(part)) for part in parts] == [3, 3, 1]
    # A shard that another process makes goes beside.
    output = open_output(tmp_path / "out.parquet", (2, 3))
    assert "0" in done_names(output)
    output.write(data("x"))
    output.close(complete=True)
    assert (tmp_path / "out.parquet" / "part-2-of-3-00000.parquet").is_file()


def test_a_part_that_was_cut_off_is_packed_again(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl.zst"
    output = open_output(path)
    for number in range(3):
        output.write(data(str(number)))
    output.close(complete=False)
    whole, journal = path.read_bytes(), tmp_path / ".out.jsonl.zst.journal"
    # Killed after half of the frame, before the journal was replaced.
    path.write_bytes(whole[: len(whole) // 2])
    journal.write_bytes(b'{"place": 0}\n' + b"".join(data(str(n)) for n in range(3)))
    assert images(path) == ["0", "1", "2"]
    assert path.read_bytes() == whole
    path.write_bytes(b"")
    with pytest.raises(AnnotationError, match="shorter than when it was written"):
        open_output(path)
    open_output(path, anew=True).close(complete=True)
    assert images(path) == []
    journal.unlink()
    path.write_bytes(b"something else")
    output = open_output(path)
    with pytest.raises(AnnotationError, match=r"out\.jsonl\.zst: is damaged"):
        list(output.entries())
    output.close(complete=False)


def test_a_packed_file_that_was_removed_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl.zst"
    output = open_output(path)
    for number in range(4):
        output.write(data(str(number)))
    output.close(complete=False)
    path.unlink()
    assert images(path) == []
    # Before the first part is packed there is no file yet, and the journal counts.
    output = open_output(path)
    output.write(data("a"))
    output.close(complete=False)
    assert images(path) == ["a"]


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--out ends in \.jsonl"):
        open_output(tmp_path / "out.csv")
    (tmp_path / "notes.jsonl").write_text("notes\nmore\n")
    with pytest.raises(AnnotationError, match=r"notes\.jsonl:1: not a result line"):
        open_output(tmp_path / "notes.jsonl")
    assert (tmp_path / "notes.jsonl").read_text() == "notes\nmore\n"
    with pytest.raises(AnnotationError, match="cannot be written"):
        open_output(tmp_path / "notes.jsonl" / "out.jsonl")
    output = open_output(tmp_path / "out.jsonl")
    with pytest.raises(ConfigError, match=r"out\.jsonl: is being written by this process"):
        open_output(tmp_path / "out.jsonl")
    output.close(complete=True)
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


@pytest.mark.parametrize(
    "cut", ["", "{", '{"image": "a', '{"image": "a"', '{"image": "a", "error": nul']
)
def test_lines_that_were_cut_off(cut: str) -> None:
    assert scan_line(cut.encode()) is None


def test_what_is_known_of_lines() -> None:
    names = ['a "quoted" name', "back\\slash", "ü", "\ud800"]
    for name in names:
        line = scan_line(to_line({"image": name, "page": 2, "error": None}))
        assert line is not None
        assert (line.image, line.paged, line.failed) == (name, True, False)
    line = scan_line(to_line({"image": "a", "error": "x"}))
    assert line is not None
    assert (line.image, line.paged, line.failed) == ("a", False, True)
