"""Photos in the layout of docTR's ``DetectionDataset``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from spotter.data.readers.json_files import checked, field
from spotter.data.readers.scene import canonical_polygon
from spotter.data.readers.scene_json import Scene, SceneJSONReader, instance
from spotter.errors import AnnotationError
from spotter.geometry import order_polygon
from spotter.registry import READERS


@READERS.register_module()
class DocTRReader(SceneJSONReader):
    """``{"1.jpg": {"img_dimensions", "img_hash", "polygons": [[[x, y], ...], ...]}}``, no texts.

    ``polygons`` may be an object of class names and lists. In this layout the points of a polygon
    have no order, so :func:`spotter.geometry.order_polygon` says where a word starts.

    Args:
        annotation_file: ``labels.json``.
        image_root: Folder of the photos; ``None``: ``images`` beside the file.
        classes: The classes to read; ``None``: all.
        strict: See :class:`Reader`.

    Raises:
        AnnotationError: The file is not JSON (named by line and column), an entry is incomplete,
            a photo is missing, or ``classes`` are asked of a photo that has none.
    """

    def __init__(
        self,
        annotation_file: str | Path,
        image_root: str | Path | None = None,
        classes: Sequence[str] | None = None,
        strict: bool = True,
    ) -> None:
        self.classes = classes
        root = Path(annotation_file).parent / "images" if image_root is None else image_root
        super().__init__(annotation_file, root, strict)

    def _photos(self, document: Any) -> Iterable[tuple[str, Any]]:
        photos = checked(document, dict, str(self.file))
        return ((name, (name, photo)) for name, photo in photos.items())

    def _parse(self, entry: Any, where: str) -> Scene:
        name, photo = entry
        polygons = field(photo, "polygons", (list, dict), where)
        if isinstance(polygons, dict):
            wanted = polygons if self.classes is None else self.classes
            lists = (checked(polygons.get(key, []), list, f"{where}, {key}") for key in wanted)
            polygons = [polygon for part in lists for polygon in part]
        elif self.classes is not None:
            raise AnnotationError(f"{where}: its polygons have no classes to choose from")
        return self._photo(name, where), self._instances(polygons, where)

    def _instance(self, word: Any, where: str) -> dict[str, Any]:
        return instance(order_polygon(canonical_polygon(word, where)), None, False)
