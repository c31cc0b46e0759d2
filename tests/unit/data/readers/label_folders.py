"""Small photos and label files as the benchmarks lay them out."""

from __future__ import annotations

from pathlib import Path

from PIL import Image


def write_photos(root: Path, *names: str) -> Path:
    """Photos of 4 x 3 pixels."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 3)).save(root / name)
    return root


def write_labels(root: Path, files: dict[str, str | bytes]) -> Path:
    """Label files, byte for byte."""
    root.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode("utf-8")
        (root / name).write_bytes(data)
    return root
