"""TextOCR (Singh et al., CVPR 2021): 900,000 words on photos of Open Images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spotter.data.readers.coco_text import COCOTextReader
from spotter.registry import READERS

ILLEGIBLE = "."


@READERS.register_module()
class TextOCRReader(COCOTextReader):
    """``TextOCR_0.1_train.json`` and so on: the layout of COCO-Text, with outlines as ``points``.

    ``.`` marks an illegible word, which is ignored. The file of 700,000 words takes about 1 GB and
    some minutes to read; converted once to canonical JSON lines (:class:`CanonicalReader` with
    ``check=False``) it opens in seconds.

    Args:
        annotation_file: The JSON file.
        image_root: Folder of the photos (the archive unpacks to ``train_images``), below which they
            may lie as ``file_name`` says (``train/1.jpg``) or at once; ``None``: the file's own.
        split: Only photos of that ``set``; ``None``: all.
        strict: See :class:`Reader`.

    Raises:
        AnnotationError: As :class:`COCOTextReader`.
    """

    outline_keys = ("points",)

    def __init__(
        self,
        annotation_file: str | Path,
        image_root: str | Path | None = None,
        split: str | None = None,
        strict: bool = True,
    ) -> None:
        super().__init__(
            annotation_file,
            image_root,
            split,
            strict=strict,
        )

    def _illegible(self, word: dict[str, Any], text: str | None) -> bool:
        return text == ILLEGIBLE
