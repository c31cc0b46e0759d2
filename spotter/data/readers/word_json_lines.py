"""Word crops in JSON lines, as Union14M and MMOCR 0.x list them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spotter.data.readers.json_files import field, parse_json, text_of
from spotter.data.readers.lines import LineReader
from spotter.registry import READERS


@READERS.register_module()
class WordJSONLinesReader(LineReader):
    """Lines ``{"filename": "art_curve/1.jpg", "text": "word"}``.

    Union14M-L (Jiang et al., ICCV 2023) keeps them in ``train_annos/mmocr-0.x/train_easy.jsonl``
    and so on; its ``image_root`` is the folder Union14M-L. Lines are read when asked for: 4 MB of
    memory per million. Whether a crop exists is only checked when it is loaded.

    Args:
        annotation_file: The JSON lines.
        image_root: Folder that the paths are relative to; ``None``: the file's own.
        path_key: Field of the path.
        text_key: Field of the text; without it or when it is empty the text is unknown.
        check: See :class:`LineReader`.
        strict: See :class:`Reader`.

    Raises:
        AnnotationError: The file is missing; a line is malformed (named by file and line).
    """

    def __init__(
        self,
        annotation_file: str | Path,
        image_root: str | Path | None = None,
        path_key: str = "filename",
        text_key: str = "text",
        check: bool = False,
        strict: bool = True,
    ) -> None:
        self.path_key = path_key
        self.text_key = text_key
        super().__init__(annotation_file, image_root, check, strict)

    def _parse(self, line: str, number: int) -> dict[str, Any]:
        where = f"{self.file}:{number}"
        record = parse_json(line, self.file, number)
        name = field(record, self.path_key, str, where)
        text = text_of(record.get(self.text_key), f"{where}: {self.text_key}")
        return {"img_path": str(self.image_root / name), "text": text}
