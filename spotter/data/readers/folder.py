"""A folder of photos or crops without labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spotter.data.readers.base import Reader, list_images
from spotter.errors import AnnotationError
from spotter.registry import READERS


@READERS.register_module()
class ImageFolderReader(Reader):
    """Every image of a folder, as an unlabelled sample of either task.

    Args:
        image_root: The folder.
        recursive: Descend into sub-folders.
        indices: See :class:`Reader`.
        start: See :class:`Reader`.
        stop: See :class:`Reader`.

    Raises:
        AnnotationError: The folder does not exist or holds no image.
    """

    def __init__(
        self,
        image_root: str | Path,
        recursive: bool = False,
        indices: Sequence[int] | None = None,
        start: int | None = None,
        stop: int | None = None,
    ) -> None:
        self.paths = [str(path) for path in list_images(Path(image_root), recursive)]
        if not self.paths:
            raise AnnotationError(f"{image_root}: holds no images")
        super().__init__(indices, start, stop)

    def _total(self) -> int:
        return len(self.paths)

    def _read(self, index: int) -> dict[str, Any]:
        return {"img_path": self.paths[index], "instances": [], "text": None}
