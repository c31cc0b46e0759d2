"""Nothing with a picture's suffix is skipped in silence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spotter.errors import ImageError
from spotter.io.folders import list_images
from spotter.io.images import read_image


def test_what_is_listed(tmp_path: Path) -> None:
    (tmp_path / "b" / "c").mkdir(parents=True)
    for name in ("z.JFIF", "a.avif", "b/c/x.pgm", "b/notes.txt", "b/doc.pdf"):
        (tmp_path / name).touch()
    (tmp_path / "broken.png").symlink_to(tmp_path / "gone.png")
    assert list(list_images(tmp_path)) == ["a.avif", "b/c/x.pgm", "broken.png", "z.JFIF"]
    assert "b/doc.pdf" in list_images(tmp_path, documents=True)
    with pytest.raises(ImageError, match="no such folder"):
        list_images(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImageError, match="no image in it"):
        list_images(tmp_path / "empty")


@pytest.mark.skipif(os.name != "posix", reason="names of bytes")
def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"\xff.png")).touch()
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    (tmp_path / "\\xff.png").touch()
    found = list_images(tmp_path)
    assert sorted(found) == ["\\xff.png", "\\xff.png (2)"]
    assert len({*found.values()}) == 2


def test_a_closed_folder_has_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "open.png").touch()
    closed = tmp_path / "closed"
    closed.mkdir()
    scandir = os.scandir

    def refuse(path: str) -> object:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = list_images(tmp_path)
    assert list(found) == ["closed", "open.png"]
    with pytest.raises(ImageError, match=r"closed: cannot be read \(Permission denied\)"):
        read_image(found["closed"])
    with pytest.raises(ImageError, match="cannot be entered"):
        list_images(closed)
