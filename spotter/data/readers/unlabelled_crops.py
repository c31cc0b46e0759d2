"""Word crops without labels, from a folder, an LMDB or WebDataset shards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spotter.data.readers.base import Reader
from spotter.data.readers.folder import ImageFolderReader
from spotter.data.readers.lmdb import LMDBReader
from spotter.data.readers.webdataset import WebDatasetReader, is_shards
from spotter.registry import READERS


@READERS.register_module()
class UnlabelledCropsReader(Reader):
    """Every picture below a folder, or every crop of an archive, as an unlabelled word.

    Labels of archives are not looked at.

    Args:
        path: Folder of pictures, which may lie in sub-folders; folder with ``data.mdb``; or a
            folder or pattern of shards, see :class:`WebDatasetReader`, of which what is damaged is
            left out.

    Raises:
        AnnotationError: The folder does not exist or holds none of these.
    """

    def __init__(
        self,
        path: str | Path,
    ) -> None:
        self.crops: Reader
        if (Path(path) / "data.mdb").is_file():
            self.crops = LMDBReader(path, labelled=False)
        elif is_shards(path):
            self.crops = WebDatasetReader(path, labelled=False, strict=False)
        else:
            self.crops = ImageFolderReader(path, recursive=True)
        super().__init__()
        self.refusals = list(self.crops.refusals)

    def _total(self) -> int:
        return len(self.crops)

    def _read(self, index: int) -> dict[str, Any]:
        return self.crops[index]
