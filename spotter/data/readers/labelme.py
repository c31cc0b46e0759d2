"""Photos annotated with LabelMe: a JSON file per photo."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spotter.data.readers.json_files import checked, field, load_json, text_of
from spotter.data.readers.scene import box_polygon, canonical_polygon, label_files
from spotter.data.readers.scene_json import PackedSceneReader, Scene, instance
from spotter.errors import AnnotationError, GeometryError
from spotter.geometry import as_vertices
from spotter.registry import READERS

ILLEGIBLE = "###"


@READERS.register_module()
class LabelMeReader(PackedSceneReader):
    """Files ``{"imagePath", "shapes": [{"label", "points", "shape_type"}]}``, in natural order.

    A polygon starts at its first vertex, unless it was drawn counter-clockwise (see
    :func:`canonical_polygon`); a rectangle is two opposite corners. Words whose text is ``###`` are
    ignored. Other shapes are refused.

    Args:
        annotation_root: Folder of the JSON files.
        image_root: Folder that ``imagePath`` starts from; ``None``: the JSON files' own.
        text_key: Where a word's text is: in its ``"label"``, or in its ``"description"`` if labels
            are classes; ``None``: nowhere.
        labels: The labels (classes) to read; ``None``: all.
        strict: See :class:`Reader`.

    Raises:
        AnnotationError: A file is not JSON (named by line and column), a shape is malformed or no
            outline, a photo is missing, or the folder holds no JSON files.
    """

    def __init__(
        self,
        annotation_root: str | Path,
        image_root: str | Path | None = None,
        text_key: str | None = "label",
        labels: Sequence[str] | None = None,
        strict: bool = True,
    ) -> None:
        self.text_key = text_key
        self.labels = labels
        # The folder takes the file's part; its own files are beside the photos.
        root = annotation_root if image_root is None else image_root
        super().__init__(annotation_root, root, strict)

    def _load(self) -> None:
        self._entries = [(str(path), path) for path in label_files(self.file, "", ".json")]

    def _parse(self, entry: Any, where: str) -> Scene:
        document = load_json(entry)
        name = field(document, "imagePath", str, where)
        shapes = field(document, "shapes", list, where)
        if self.labels is not None:
            shapes = [shape for shape in shapes if field(shape, "label", str, where) in self.labels]
        return self._photo(name, where), self._instances(shapes, where)

    def _instance(self, word: Any, where: str) -> dict[str, Any]:
        text = None
        if self.text_key is not None:
            text = text_of(checked(word, dict, where).get(self.text_key), where)
        return instance(_outline(word, where), text, text == ILLEGIBLE)


def _outline(shape: Any, where: str) -> np.ndarray:
    points = field(shape, "points", list, where)
    kind = shape.get("shape_type") or "polygon"
    if kind == "rectangle" and len(points) == 2:
        try:
            (left, right), (top, bottom) = np.sort(as_vertices(points), axis=0).T
        except GeometryError:
            raise AnnotationError(f"{where}: its corners are not two points") from None
        return canonical_polygon(box_polygon(left, top, right, bottom), where)
    if kind not in ("polygon", "rectangle", "quadrilateral", "rotation"):
        raise AnnotationError(f"{where}: a {kind} is not the outline of a word")
    return canonical_polygon(points, where)
