"""Which images a command line names."""

from __future__ import annotations

from pathlib import Path

import pytest

from spotter.cli.arguments import named_images
from spotter.errors import ImageError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("b.png", "a.JPG", "sub/c.webp", "sub/notes.md"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "list.txt").write_text("photos/b.png\n\nphotos/gone.png\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "photos"


def test_one_folder_names_by_the_path_below_it(folder: Path) -> None:
    assert named_images([folder]) == {
        "a.JPG": folder / "a.JPG",
        "b.png": folder / "b.png",
        "sub/c.webp": folder / "sub" / "c.webp",
    }
    assert list(named_images(["list.txt"])) == ["photos/b.png", "photos/gone.png"]


def test_several_sources_name_by_path_and_once(folder: Path) -> None:
    found = named_images(["gone.jpg", "photos/*.png", "photos", "photos/b.png"])
    assert list(found) == ["gone.jpg", "photos/b.png", "photos/a.JPG", "photos/sub/c.webp"]
    assert found["photos/a.JPG"] == Path("photos/a.JPG")


def test_patterns_search_folders(folder: Path) -> None:
    assert list(named_images(["photos/**/*.webp"])) == ["photos/sub/c.webp"]
    assert list(named_images(["photo?"])) == ["photos/a.JPG", "photos/b.png", "photos/sub/c.webp"]
    # A file may have the characters of a pattern in its name.
    (folder / "x[1].png").touch()
    assert list(named_images(["photos/x[1].png"])) == ["photos/x[1].png"]


def test_addresses_documents_and_names_that_no_terminal_shows(folder: Path) -> None:
    address = "https://host.example/a//b.png"
    assert named_images([address]) == {address: address}
    (folder / "scan.pdf").touch()
    assert "scan.pdf" not in named_images([folder])
    assert "scan.pdf" in named_images([folder], documents=True)
    assert list(named_images(["a\nb.png", "a\\nb.png"])) == ["a\\nb.png", "a\\nb.png (2)"]


def test_lists_hold_addresses(folder: Path) -> None:
    address = "http://host.example/a.jpg"
    Path("ul.txt").write_text(f"{address}\nphotos/b.png\n")
    expected = {address: address, "photos/b.png": Path("photos/b.png")}
    assert named_images(["ul.txt"]) == named_images(["ul.txt", "photos/b.png"]) == expected


@pytest.mark.parametrize(
    ("source", "message"), [("*.tiff", "no file matches"), ("empty", "no image in it")]
)
def test_nothing_found(folder: Path, source: str, message: str) -> None:
    Path("empty").mkdir()
    with pytest.raises(ImageError, match=message):
        named_images([source, "photos"])
