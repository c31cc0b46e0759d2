"""Object storage, played by a server of moto on this machine."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from spotter.bulk.sources import walk_photos
from spotter.bulk.sources.remote import fetch
from spotter.errors import ImageError
from spotter.io.sources import ReadLimits

pytest.importorskip("s3fs")
moto_server = pytest.importorskip("moto.server")
pytestmark = pytest.mark.slow


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch):
    import fsspec

    server = moto_server.ThreadedMotoServer(port=0)
    server.start()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    address = f"http://127.0.0.1:{server._server.server_port}"
    monkeypatch.setitem(fsspec.config.conf, "s3", {"endpoint_url": address})
    files = fsspec.filesystem("s3")
    files.mkdir("photos")
    yield files
    server.stop()


def test_photos_and_archives(bucket, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "s.tar", "w") as archive:
        header = tarfile.TarInfo("0.jpg")
        header.size = 4
        archive.addfile(header, io.BytesIO(b"zero"))
    bucket.pipe({"photos/b/2.jpg": b"two", "photos/1.jpg": b"one", "photos/notes.md": b"-"})
    bucket.pipe("photos/s.tar", (tmp_path / "s.tar").read_bytes())
    found = list(walk_photos(["s3://photos"]))
    assert [photo.name for photo in found] == ["s3://photos/1.jpg", "s3://photos/b/2.jpg"]
    assert [fetch(str(photo.source)) for photo in found] == [b"one", b"two"]
    (member,) = walk_photos(["s3://photos/s.tar"])
    assert member.name == "s3://photos/s.tar/0.jpg"
    with pytest.raises(ImageError, match="more than the limit of 2 bytes"):
        fetch("s3://photos/1.jpg", ReadLimits(max_bytes=2))
    with pytest.raises(ImageError, match=r"s3://photos/none\.jpg: cannot be"):
        fetch("s3://photos/none.jpg")
