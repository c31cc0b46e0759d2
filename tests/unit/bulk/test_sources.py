"""Folders, lists, patterns, archives and addresses give photos one by one, and errors where due."""

from __future__ import annotations

import io
import os
import random
import tarfile
from pathlib import Path

import lmdb
import pyarrow as pa
import pytest
from pyarrow import parquet

from spotter.bulk.names import NameSet, in_shard
from spotter.bulk.photos import Photo
from spotter.bulk.sources import check_sources, count_photos, is_archive, walk_photos
from spotter.cli.arguments import named_images
from spotter.errors import ConfigError, ImageError, SpotterError
from tests.unit.bulk.toy import write_photos


def load(photo: Photo) -> str:
    """The content of a photo, or its error."""
    try:
        if photo.error is None:
            source = photo.load() if photo.load is not None else photo.source
            return (source if isinstance(source, bytes) else Path(str(source)).read_bytes()).decode(
                errors="replace"
            )
        return photo.error
    except SpotterError as error:
        return str(error)


def contents(*sources: str | Path) -> dict[str, str]:
    return {photo.name: load(photo) for photo in walk_photos(sources)}


def tar(path: Path, members: list[tuple[str, str]], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, text in members:
            header = tarfile.TarInfo(name)
            header.size = len(text)
            archive.addfile(header, io.BytesIO(text.encode()))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    names = ["b.png", "a-b/x.png", "a/x.png", "a/y/z.PDF", "a.jpg", "c/ä.jpeg"]
    folder = write_photos(tmp_path / "photos", {name: name for name in names})
    write_photos(folder, {"notes.txt": "no photo", "c/label.json": "{}"})
    (folder / "gone.png").symlink_to("nowhere")
    (folder / "link").symlink_to("a")
    (folder / os.fsdecode(b"\xff.png")).write_text("not utf-8")
    (folder / r"\xff.png").write_text("so called")
    return folder


def test_folders_are_walked_in_the_order_of_their_paths(folder: Path, monkeypatch) -> None:
    photos = list(walk_photos([folder]))
    listed = named_images([folder], documents=True)
    assert sorted(photo.name for photo in photos) == sorted(listed)
    assert {photo.source for photo in photos} == set(listed.values())
    plain = [photo.name for photo in photos if "xff" not in photo.name]
    assert plain == sorted(plain)
    assert count_photos([folder]) == len(photos) == 9
    monkeypatch.chdir(folder.parent)
    names = [photo.name for photo in walk_photos(["photos", "./photos/b.png", "photos"])]
    assert [name for name in names if "xff" not in name] == [f"photos/{name}" for name in plain]
    plain = [photo.name for photo in walk_photos([folder], documents=False)]
    assert len(plain) == count_photos([folder], documents=False) == 8
    assert "a/y/z.PDF" not in plain
    (folder / "none").mkdir()
    with pytest.raises(ImageError, match="photos/none: no image in it"):
        list(walk_photos(["photos/none"]))


def test_links_that_lead_nowhere_cost_themselves(folder: Path) -> None:
    before = [photo.name for photo in walk_photos([folder])]
    for name in ("loop", "a/loop", "c/loop.png"):
        (folder / name).symlink_to(Path(name).name)
    after = [photo.name for photo in walk_photos([folder])]
    assert sorted(after) == sorted([*before, "c/loop.png"])
    assert count_photos([folder]) == len(after)


def test_lists_and_patterns(folder: Path) -> None:
    (folder / "list.txt").write_text("b.png\n\na/x.png\nhttp://example.org/x.png\n")
    photos = list(walk_photos([folder / "list.txt"]))
    assert [photo.name for photo in photos] == ["b.png", "a/x.png", "http://example.org/x.png"]
    assert [photo.source for photo in photos] == [
        folder / "b.png", folder / "a/x.png", "http://example.org/x.png",
    ]  # fmt: skip
    assert count_photos([folder / "list.txt"]) == 3
    assert list(contents(f"{folder}/*.jpg").values()) == ["a.jpg"]
    with pytest.raises(ImageError, match="no file matches"):
        contents(f"{folder}/*.gif")
    with pytest.raises(ImageError, match="cannot be read as a list"):
        contents(folder / "none.txt")
    for wrong in (f"{folder}/*.gif", folder / "none.txt"):
        with pytest.raises(ImageError, match=r"no file matches|cannot be read as a list"):
            check_sources([folder, wrong])
    for gone in (folder / "none", f"{folder}/b.png/x", folder / "none.tar", folder / "gone.png"):
        with pytest.raises(ImageError, match=f"{Path(gone).name}: no such file or folder"):
            check_sources([folder, gone])
    check_sources([folder, folder / "list.txt", f"{folder}/*.jpg", "http://example.org/x.txt"])


@pytest.mark.parametrize("ending", [".tar", ".tar.gz", ".tar.bz2", ".tar.xz"])
def test_tar(tmp_path: Path, ending: str) -> None:
    mode = "w:" + ending.removeprefix(".tar").removeprefix(".")
    members = [("./0.jpg", "zero"), ("0.txt", "label"), ("1.jpg", "one"), ("1.jpg", "again")]
    path = tar(tmp_path / f"s{ending}", members, mode)
    name = path.as_posix()
    expected = {f"{name}/0.jpg": "zero", f"{name}/1.jpg": "one", f"{name}/1.jpg (2)": "again"}
    assert contents(path) == expected
    assert is_archive(path)
    assert count_photos([path]) is None


def test_tars_that_are_damaged_cost_what_is_damaged(tmp_path: Path) -> None:
    members = [(f"{n}.jpg", f"text {n}" * 200) for n in range(4)]
    whole = tar(tmp_path / "whole.tar", members).read_bytes()
    path = tmp_path / "s.tar"
    name = path.as_posix()

    def found(data: bytes) -> dict[str, str]:
        path.write_bytes(data)
        return {key.removeprefix(name): text for key, text in contents(path).items()}

    good = {f"/{member}": text for member, text in members}
    assert found(whole) == good
    assert found(whole + tar(tmp_path / "o.tar", [("x.jpg", "x")]).read_bytes()) == {
        **good, "/x.jpg": "x",
    }  # fmt: skip
    # The header of member 1: each takes a block of 512 bytes and 3 of content.
    spoilt = bytearray(whole)
    spoilt[2048 + 10] ^= 255
    damaged = found(bytes(spoilt))
    assert [key for key in damaged if key] == ["/0.jpg", "/2.jpg", "/3.jpg"]
    assert "is damaged at byte 2048" in damaged[""]
    # Cut in the content of member 2.
    cut = found(whole[: 2 * 2048 + 700])
    assert [key for key in cut if key] == ["/0.jpg", "/1.jpg", "/2.jpg"]
    assert "cut short" in cut["/2.jpg"]
    assert "cut short" in cut[""]
    # Cut between two members.
    assert "cut short" in found(whole[: 2 * 2048])[""]
    assert "not a readable tar" in found(b"nothing")[""]
    assert "no file in it" in found(bytes(1024))[""]
    assert "no such file" in contents(tmp_path / "none.tar")[(tmp_path / "none.tar").as_posix()]


def test_members_that_are_no_files(tmp_path: Path) -> None:
    path = tmp_path / "s.tar"
    with tarfile.open(path, "w") as archive:
        header = tarfile.TarInfo("link.jpg")
        header.type, header.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(header)
    assert contents(path) == {f"{path}/link.jpg": f"{path}/link.jpg: is not a regular file"}


def test_fuzzed_tars_never_raise(tmp_path: Path) -> None:
    chance = random.Random(0)
    whole = tar(tmp_path / "w.tar", [(f"{n}.jpg", "x" * 300) for n in range(3)]).read_bytes()
    for number in range(150):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 30)):
            data[chance.randrange(4096)] = chance.randrange(256)
        path = tmp_path / "s.tar"
        path.write_bytes(data[: chance.randrange(len(data))] if number % 2 else data)
        assert contents(path)


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    images = [b"a", b"", b"c"]
    table = pa.table({"label": [1, 2, 3], "image": images, "path": ["x.jpg", None, "x.jpg"]})
    parquet.write_table(table, path)
    assert contents(path) == {
        f"{path}/x.jpg": "a",
        f"{path}/1": f"{path}/1: holds no bytes",
        f"{path}/x.jpg (2)": "c",
    }
    assert count_photos([path]) == 3
    nested = [{"bytes": b"a", "path": "a.png"}, {"bytes": b"b", "path": None}]
    parquet.write_table(pa.table({"image": nested}), path)
    assert contents(path) == {f"{path}/a.png": "a", f"{path}/1": "b"}
    parquet.write_table(pa.table({"x": [1]}), path)
    assert contents(path) == {str(path): f"{path}: has no column of bytes"}
    path.write_bytes(b"PAR1 or not")
    assert "not a readable Parquet table" in contents(path)[str(path)]


def test_parquet_with_damaged_rows(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    rows = [os.urandom(2000) for _ in range(6)]
    parquet.write_table(pa.table({"image": rows}), path, row_group_size=2, write_page_checksum=True)
    data = bytearray(path.read_bytes())
    data[data.index(rows[2][:50]) + 100] ^= 255
    path.write_bytes(data)
    photos = list(walk_photos([path]))
    assert [photo.source for photo in photos if photo.error is None] == rows[:2] + rows[4:]
    assert [photo.name for photo in photos if photo.error] == [f"{path}/2-3"]


def test_lmdb(tmp_path: Path) -> None:
    words, plain = tmp_path / "words", tmp_path / "plain.lmdb"
    entries = {b"image-000000001": b"i", b"label-000000001": b"l", b"num-samples": b"1"}
    for path, values in ((words, entries), (plain, {b"a": b"A", b"\xff": b"B"})):
        with lmdb.open(str(path), 1 << 20) as environment, environment.begin(write=True) as write:
            for key, value in values.items():
                write.put(key, value)
    assert contents(words) == {f"{words}/image-000000001": "i"}
    assert contents(plain) == {f"{plain}/a": "A", rf"{plain}/\xff": "B"}
    (words / "data.mdb").write_bytes((words / "data.mdb").read_bytes()[:5000])
    assert "cut short" in contents(words)[str(words)]


def test_addresses_of_fsspec(tmp_path: Path) -> None:
    import fsspec

    files = fsspec.filesystem("memory")
    files.pipe({"/b/2/x.png": b"x", "/b/1.jpg": b"1", "/b/notes.md": b"-"})
    files.pipe("/b/s.tar", tar(tmp_path / "s.tar", [("0.jpg", "zero")]).read_bytes())
    found = {photo.name: load(photo) for photo in walk_photos(["memory://b"])}
    assert found == {"memory://b/1.jpg": "1", "memory://b/2/x.png": "x"} or found == {
        "memory:///b/1.jpg": "1", "memory:///b/2/x.png": "x",
    }  # fmt: skip
    assert contents("memory://b/s.tar") == {"memory://b/s.tar/0.jpg": "zero"}
    assert contents("memory://b/none.png") != {}
    assert "cannot be opened" in contents("memory://b/none.tar")["memory://b/none.tar"]
    with pytest.raises(ConfigError, match="nosuch"):
        contents("nosuch://b")
    assert is_archive("s3://b")
    assert is_archive("http://e.org/s.tar")
    assert not is_archive("http://e.org/s.png")


def test_names_of_many() -> None:
    names = NameSet()
    for number in range(34_000):
        names.add(f"photo {number}")
    names.add("photo 1")
    assert len(names) == 34_000
    assert all(f"photo {number}" in names for number in range(0, 34_000, 997))
    assert not any(f"other {number}" in names for number in range(0, 34_000, 997))
    shards = [sum(in_shard(f"{n}", (k, 3)) for n in range(3000)) for k in (1, 2, 3)]
    assert sum(shards) == 3000
    assert min(shards) > 900
