"""Fixtures of the tests of JSON layouts: photos to be referred to, documents to be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PIL import Image


def write_photos(root: Path, *names: str, size: tuple[int, int] = (200, 100)) -> Path:
    """Black photos of ``size`` (width, height) below ``root``, which is returned."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size).save(path)
    return root


def write_json(path: Path, document: Any, bom: bool = False, indent: int | None = None) -> Path:
    """A document as UTF-8 JSON, of which no character is escaped; ``path`` is returned."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, ensure_ascii=False, indent=indent)
    path.write_bytes((b"\xef\xbb\xbf" if bom else b"") + text.encode())
    return path


def words_of(sample: dict[str, Any]) -> list[tuple[str | None, bool]]:
    """Text and ignore flag of a sample's instances."""
    return [(item["text"], item["ignore"]) for item in sample["instances"]]


def corners_of(sample: dict[str, Any], number: int = 0) -> list[list[float]]:
    """Vertices of an instance as plain numbers."""
    return sample["instances"][number]["polygon"].tolist()
