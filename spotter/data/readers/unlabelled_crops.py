"""Word crops without labels, from a folder or from an LMDB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spotter.data.readers.base import Reader
from spotter.data.readers.folder import ImageFolderReader
from spotter.data.readers.lmdb import LMDBReader
from spotter.registry import READERS


@READERS.register_module()
class UnlabelledCropsReader(Reader):
    """Every picture below a folder, or every crop of an LMDB, as an unlabelled word.

    Args:
        path: Folder of pictures, which may lie in sub-folders; or folder with ``data.mdb``, whose
            labels are ignored.

    Raises:
        AnnotationError: The folder does not exist or holds neither.
    """

    def __init__(
        self,
        path: str | Path,
    ) -> None:
        self.crops: Reader
        if (Path(path) / "data.mdb").is_file():
            self.crops = LMDBReader(path, labelled=False)
        else:
            self.crops = ImageFolderReader(path, recursive=True)
        super().__init__()

    def _total(self) -> int:
        return len(self.crops)

    def _read(self, index: int) -> dict[str, Any]:
        return self.crops[index]
