"""Backgrounds of text: patches of photos, or painted surfaces where there are no photos."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from spotter.errors import ConfigError
from spotter.io.images import IMAGE_SUFFIXES, read_image
from spotter.synthesis.painted import paint_surface


def find_images(path: str | Path) -> list[str]:
    """Image files of a folder and its folders, sorted; a file stands for itself."""
    path = Path(path)
    if path.is_file():
        return [str(path)]
    files = path.rglob("*") if path.is_dir() else []
    return sorted(str(file) for file in files if file.suffix.lower() in IMAGE_SUFFIXES)


class BackgroundBank:
    """Photos decoded once and kept small in memory.

    Args:
        paths: Photos or folders of them; ``None`` paints surfaces instead.
        side: Longest side that is kept, in pixels.
        painted: How many surfaces are painted when there are no photos.

    Raises:
        ConfigError: ``paths`` holds no image.
    """

    def __init__(
        self, paths: Sequence[str] | None = None, side: int = 448, painted: int = 64
    ) -> None:
        self.paths = None if paths is None else [f for p in paths for f in find_images(p)]
        if self.paths is not None and not self.paths:
            raise ConfigError(f"no images in {', '.join(map(str, paths or []))}")
        self._side = side
        self._painted = painted
        self._photos: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return self._painted if self.paths is None else len(self.paths)

    def photo(self, index: int) -> np.ndarray:
        """(H, W, 3) uint8 BGR.

        Raises:
            ImageError: The file is no image.
        """
        if index not in self._photos:
            self._photos[index] = self._load(index)
        return self._photos[index]

    def preload(self) -> None:
        """Decode every photo now, so that processes forked later share the memory."""
        for index in range(len(self)):
            self.photo(index)

    def _load(self, index: int) -> np.ndarray:
        if self.paths is None:
            surface = paint_surface(np.random.default_rng([7, index]), (320, self._side))
            return surface
        image = read_image(self.paths[index])
        scale = self._side / max(image.shape[:2])
        if scale < 1:
            image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return image

    def patch(
        self, rng: np.random.Generator, height: int, width: int, closest: float = 0.08
    ) -> np.ndarray:
        """(height, width, 3) uint8 piece of a random photo at a random magnification.

        Args:
            rng: Source of all randomness.
            height: Rows of the patch.
            width: Columns of the patch.
            closest: Fewest photo pixels per patch pixel and side, while the photo is large enough.
        """
        photo = self.photo(int(rng.random() * len(self)))
        limit = min(photo.shape[0] / height, photo.shape[1] / width)
        zoom = limit * np.exp(np.log(min(1.0, closest / limit)) * rng.random())
        tall, wide = max(2, int(height * zoom)), max(2, int(width * zoom))
        top = int(rng.random() * (photo.shape[0] - tall + 1))
        left = int(rng.random() * (photo.shape[1] - wide + 1))
        crop = photo[max(0, top) : top + tall, max(0, left) : left + wide]
        if rng.random() < 0.5:
            crop = crop[:, ::-1]
        method = cv2.INTER_AREA if zoom > 1.2 else cv2.INTER_LINEAR
        return cv2.resize(np.ascontiguousarray(crop), (width, height), interpolation=method)
