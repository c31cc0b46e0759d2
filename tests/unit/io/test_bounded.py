"""Data that asks for too much, and data that is damaged, end in one line."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spotter.errors import AnnotationError, WeightsError
from spotter.io.bounded import (
    ZipContents,
    check_lmdb,
    failures_as,
    parse_json,
    read_arrays,
    read_json,
    unzip,
)


def refusal(call: Callable[..., Any], *arguments: Any, **options: Any) -> str:
    with pytest.raises(AnnotationError) as caught:
        call(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_json() -> None:
    assert parse_json('{"a": [1, 2.5, "é", null]}', "f", AnnotationError) == {
        "a": [1, 2.5, "é", None]
    }
    for text, says in (
        ("9" * 5000, "a number of 5000 digits"),
        ("1e999", "beyond what a float holds"),
        ("NaN", "NaN is no number of JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[" * 70 + "]" * 70, "nested deeper than 64"),
        ("{", "is not JSON"),
        (b"\xff\xfe\xfd", "is not JSON"),
    ):
        assert says in refusal(parse_json, text, "f", AnnotationError)


def test_json_files(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.json", tmp_path / "a.json.gz"
    plain.write_text("\ufeff[1]", encoding="utf-8")
    packed.write_bytes(gzip.compress(b"[1]"))
    assert read_json(plain, AnnotationError) == read_json(packed, AnnotationError) == [1]
    packed.write_bytes(gzip.compress(b" " * 100_000))
    assert "unpacks to more than the limit of 1000 bytes" in refusal(
        read_json, packed, AnnotationError, max_bytes=1000
    )
    assert "more than the limit of 2 bytes" in refusal(
        read_json, plain, AnnotationError, max_bytes=2
    )
    assert "is not readable gzip" in refusal(
        unzip, gzip.compress(b"[1]")[:-6], "f", AnnotationError
    )
    assert "no such file" in refusal(read_json, tmp_path / "gone", AnnotationError)
    assert "is a folder" in refusal(read_json, tmp_path, AnnotationError)


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def test_zip_archives() -> None:
    data = zipped({"a/": b"", "a/b.txt": b"one", "c.txt": b"two"})
    contents = ZipContents(data, "f.zip", AnnotationError)
    assert contents.names == ["a/b.txt", "c.txt"]
    assert contents.read("c.txt") == b"two"
    assert "no such member" in refusal(contents.read, "d.txt")
    assert "is not a zip archive" in refusal(ZipContents, data[:-9], "f.zip", AnnotationError)
    assert "2 members are more" in refusal(
        ZipContents, zipped({"a": b"", "b": b""}), "f", AnnotationError, max_members=1
    )
    bomb = ZipContents(zipped({"a": bytes(10**6), "b": b""}), "f", AnnotationError, max_bytes=10**5)
    assert "more than the limit of 100000 bytes" in refusal(bomb.read, "a")
    slow = ZipContents(data, "f", AnnotationError, max_seconds=-1)
    assert "takes too long" in refusal(slow.read, "c.txt")
    # The flag of encryption, and a method that does not exist, in the directory of the archive.
    at = data.rindex(b"PK\x01\x02")
    locked = bytearray(data)
    locked[at + 8] |= 1
    assert "is encrypted" in refusal(ZipContents(bytes(locked), "f", AnnotationError).read, "c.txt")
    odd = bytearray(data)
    odd[at + 10] = 77
    assert "packed by the method 77, not by deflate" in refusal(
        ZipContents(bytes(odd), "f", AnnotationError).read, "c.txt"
    )
    # Names end at a NUL, so one that begins with it is empty.
    nameless = data.replace(b"c.txt", b"\0.txt")
    assert refusal(ZipContents, nameless, "f", AnnotationError) == "f: has a member without a name"


def test_arrays(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    given = {"x": np.arange(6.0).reshape(2, 3), "y": np.array(3, np.uint8)}
    np.savez_compressed(path, **given, z=np.asfortranarray(given["x"]))
    read = read_arrays(path, WeightsError)
    for name, array in {**given, "z": given["x"]}.items():
        np.testing.assert_array_equal(read[name], array)
        assert read[name].flags.writeable
    np.savez(path, x=np.array([{}], object))
    assert "type object" in refusal(read_arrays, path, AnnotationError)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)}
    )
    path.write_bytes(zipped({"x.npy": header.getvalue()}))
    assert "0 bytes for shape (1000000000000,)" in refusal(read_arrays, path, AnnotationError)


def test_errors_of_ours_pass_as_they_are() -> None:
    with (
        pytest.raises(WeightsError, match=r"^own$"),
        failures_as(AnnotationError, "f", "is damaged"),
    ):
        raise WeightsError("own")
    with (
        pytest.raises(AnnotationError, match=r"^f: is damaged \(not enough memory\)$"),
        failures_as(AnnotationError, "f", "is damaged"),
    ):
        raise MemoryError


def test_lmdb_archives(tmp_path: Path) -> None:
    lmdb = pytest.importorskip("lmdb")
    folder = tmp_path / "words"
    with lmdb.open(str(folder), map_size=1 << 24) as archive, archive.begin(write=True) as writer:
        for number in range(200):
            writer.put(f"image-{number}".encode(), bytes(3000))
        writer.put(b"num-samples", b"-3")
    check_lmdb(folder, AnnotationError)
    from spotter.data.readers.lmdb import LMDBReader

    with pytest.raises(AnnotationError, match="num-samples is b'-3'"):
        len(LMDBReader(folder))
    cut = tmp_path / "cut"
    shutil.copytree(folder, cut)
    with open(cut / "data.mdb", "rb+") as file:
        file.truncate(100_000)
    assert "cut short: 100000 bytes of" in refusal(check_lmdb, cut, AnnotationError)
    # Reading its last pages through lmdb would kill the process.
    with pytest.raises(AnnotationError, match="cut short"):
        len(LMDBReader(cut))
    (cut / "data.mdb").write_bytes(json.dumps({}).encode())
    assert "not an LMDB archive" in refusal(check_lmdb, cut, AnnotationError)
    assert "no such file" in refusal(check_lmdb, tmp_path / "gone", AnnotationError)
