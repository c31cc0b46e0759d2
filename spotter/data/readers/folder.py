"""A folder of photos or crops without labels."""

from __future__ import annotations

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

    Raises:
        AnnotationError: The folder does not exist or holds no image.
    """

    def __init__(
        self,
        image_root: str | Path,
        recursive: bool = False,
    ) -> None:
        self.paths = [str(path) for path in list_images(Path(image_root), recursive)]
        if not self.paths:
            raise AnnotationError(f"{image_root}: holds no images")
        super().__init__()

    def _total(self) -> int:
        return len(self.paths)

    def _read(self, index: int) -> dict[str, Any]:
        return {"img_path": self.paths[index], "instances": [], "text": None}
