"""Photos annotated with Label Studio: its JSON export (not JSON-MIN)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np

from spotter.data.readers.json_files import checked, field, flag_of, number_of, text_of
from spotter.data.readers.scene import canonical_polygon, is_photo
from spotter.data.readers.scene_json import Scene, SceneJSONReader, instance
from spotter.errors import AnnotationError, GeometryError, ImageError
from spotter.geometry import MAX_COORDINATE, as_vertices
from spotter.io.images import IMAGE_SUFFIXES, image_size
from spotter.registry import READERS

ILLEGIBLE = "###"
# Texts, labels and choices of a region repeat its numbers; only results of these types have the
# outline.
_SHAPES = ("rectangle", "polygon", "ellipse", "keypoint", "brush", "bitmask", "vector")
_UPLOAD_PREFIX = re.compile(r"^[0-9a-f]{8}-")


@READERS.register_module()
class LabelStudioReader(SceneJSONReader):
    """A list of tasks with the results of their annotations, joined by the regions' ids.

    A region is a rectangle (turned about its top left corner by ``rotation`` degrees clockwise) or
    a polygon, in percent of the photo; the text area of the same id holds its text. Words whose
    text is ``###`` are ignored. Of several annotations of a photo the one marked as ground truth
    counts, else the first that was not cancelled. Tasks that nobody has annotated are left out, or
    with ``predictions`` read as they were predicted.
    A photo is found in ``image_root`` by the last part of its address, with or without the eight
    characters that an upload puts before it.

    Args:
        annotation_file: The export.
        image_root: Folder of the photos; ``None``: the file's own.
        text_name: ``from_name`` of the text area; ``None``: any.
        labels: Labels of the regions to read; ``None``: all.
        ignored_labels: Labels of regions that are ignored, as ``("illegible",)``.
        predictions: Take the last prediction of a task that nobody has annotated.
        strict: See :class:`Reader`.

    Raises:
        AnnotationError: The file is not JSON (named by line and column) or not such a list, a
            region is malformed or no outline, or a photo is missing.
    """

    def __init__(
        self,
        annotation_file: str | Path,
        image_root: str | Path | None = None,
        text_name: str | None = None,
        labels: Sequence[str] | None = None,
        ignored_labels: Sequence[str] = (),
        predictions: bool = False,
        strict: bool = True,
    ) -> None:
        self.text_name = text_name
        self.labels = labels
        self.ignored_labels = ignored_labels
        self.predictions = predictions
        super().__init__(annotation_file, image_root, strict)

    def _photos(self, document: Any) -> Iterable[tuple[str, Any]]:
        photos = []
        for number, task in enumerate(checked(document, list, str(self.file)), start=1):
            with self._refusing():
                results = _results(task, f"{self.file}: task {number}", self.predictions)
                if results is not None:
                    photos.append((f"task {number}", (task, results)))
        return photos

    def _parse(self, entry: Any, where: str) -> Scene:
        task, results = entry
        photo = self._uploaded(_image_name(field(task, "data", dict, where), where), where)
        regions: dict[str, list[dict[str, Any]]] = {}
        for result in results:
            if isinstance(result, dict) and isinstance(result.get("id"), str):
                regions.setdefault(result["id"], []).append(result)
        words = [_Region(parts, self.text_name, photo) for parts in regions.values()]
        # Answers about the whole photo have no outline.
        words = [word for word in words if word.shape is not None]
        if self.labels is not None:
            words = [word for word in words if word.labels & set(self.labels)]
        return photo, self._instances(words, where)

    def _uploaded(self, name: str, where: str) -> str:
        try:
            return self._photo(name, where)
        except AnnotationError:
            plain = _UPLOAD_PREFIX.sub("", name.rpartition("/")[2])
            if not is_photo(self.image_root / plain):
                raise
            return str(self.image_root / plain)

    def _instance(self, word: Any, where: str) -> dict[str, Any]:
        where = f"{where} ({word.shape['id']})"
        text = text_of(word.text(where), where)
        ignore = text == ILLEGIBLE or bool(word.labels & set(self.ignored_labels))
        return instance(canonical_polygon(word.outline(where), where), text, ignore)


class _Region:
    """The results of one id: an outline, labels, a text."""

    def __init__(self, parts: list[dict[str, Any]], text_name: str | None, photo: str) -> None:
        self.photo = photo
        self.shape: dict[str, Any] | None = None
        self.labels: set[str] = set()
        self.texts: Any = None
        for part in parts:
            kind, value = str(part.get("type", "")), part.get("value")
            if not isinstance(value, dict):
                value = {}
            if kind == "textarea":
                if text_name in (None, part.get("from_name")):
                    self.texts = value.get("text")
                continue
            if kind.endswith("labels") and isinstance(value.get(kind), list):
                self.labels.update(str(label) for label in value[kind])
            if self.shape is None and kind.startswith(_SHAPES):
                self.shape = part

    def text(self, where: str) -> Any:
        """The text; lines that were entered one by one are joined with spaces."""
        if isinstance(self.texts, list):
            return " ".join(checked(text, str, where) for text in self.texts)
        return self.texts

    def outline(self, where: str) -> np.ndarray:
        """Vertices (N, 2) in pixels of the photo."""
        shape = self.shape or {}
        kind, value = str(shape.get("type")), field(shape, "value", dict, where)
        if shape.get("image_rotation"):
            raise AnnotationError(f"{where}: drawn on a turned view; turn the photo itself")
        percent = self._photo_size(shape, where) / 100
        try:
            if kind.startswith("polygon"):
                return as_vertices(value["points"]) * percent
            if kind.startswith("rectangle"):
                return _turned_rectangle(value, percent, where)
        except (KeyError, GeometryError):
            raise AnnotationError(f"{where}: is an incomplete {kind}") from None
        raise AnnotationError(f"{where}: a {kind} is not the outline of a word")

    def _photo_size(self, shape: dict[str, Any], where: str) -> np.ndarray:
        size = [shape.get("original_width"), shape.get("original_height")]
        if not all(_is_side(side) for side in size):
            try:
                size = list(image_size(self.photo))
            except ImageError as error:
                raise AnnotationError(f"{where}: {error}") from None
        return np.array(size, np.float64)


def _is_side(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and 0 < value <= MAX_COORDINATE


def _turned_rectangle(value: dict[str, Any], percent: np.ndarray, where: str) -> np.ndarray:
    left, top, width, height = (
        number_of(value[key], f"{where}: {key}") for key in ("x", "y", "width", "height")
    )
    corner = np.array([left, top]) * percent
    width, height = np.array([width, height]) * percent
    angle = np.radians(number_of(value.get("rotation") or 0, f"{where}: rotation"))
    # Percents of width and height differ in length, so it is pixels that are turned.
    along = np.array([np.cos(angle), np.sin(angle)]) * width
    down = np.array([-np.sin(angle), np.cos(angle)]) * height
    return np.stack([corner, corner + along, corner + along + down, corner + down])


def _results(task: Any, where: str, predictions: bool) -> list[Any] | None:
    """The results of the annotation that counts, ``None`` when there is none.

    Args:
        task: Of the export.
        where: For error messages.
        predictions: Whether the last prediction counts where there is no annotation.
    """
    if "data" not in checked(task, dict, where):
        raise AnnotationError(f"{where}: has no data; export as JSON, not as JSON-MIN")
    annotations = task.get("annotations", task.get("completions"))
    done = [
        annotation
        for annotation in checked(annotations or [], list, f"{where}: annotations")
        if isinstance(annotation, dict)
        and not flag_of(annotation.get("was_cancelled"), f"{where}: was_cancelled")
    ]
    if not done and predictions:
        predicted = checked(task.get("predictions") or [], list, f"{where}: predictions")
        done = [prediction for prediction in predicted[-1:] if isinstance(prediction, dict)]
    if not done:
        return None
    true = [
        annotation
        for annotation in done
        if flag_of(annotation.get("ground_truth"), f"{where}: ground_truth")
    ]
    chosen = (true or done)[0]
    return field(chosen, "result", list, where)


def _image_name(data: dict[str, Any], where: str) -> str:
    """Path of the photo that a task's data names, as a file, an upload, a URL or in a bucket."""
    for value in data.values():
        if not isinstance(value, str):
            continue
        address = urlsplit(value)
        # Files on the server's disk: /data/local-files/?d=folder/1.jpg
        path = parse_qs(address.query).get("d", [unquote(address.path)])[0]
        if path.lower().endswith(IMAGE_SUFFIXES):
            return path.lstrip("/")
    raise AnnotationError(f"{where}: its data name no image")
