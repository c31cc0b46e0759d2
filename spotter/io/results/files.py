"""Results of many photos as the files of a format."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from spotter.errors import ConfigError
from spotter.io.formats import DOCUMENT_SUFFIXES, IMAGE_SUFFIXES
from spotter.io.results.alto import to_alto
from spotter.io.results.coco import to_coco
from spotter.io.results.hocr import to_hocr
from spotter.io.results.icdar import to_icdar
from spotter.io.results.label_studio import to_label_studio
from spotter.io.results.paddle import to_paddle
from spotter.io.results.parts import readable
from spotter.io.writing import write_file
from spotter.structures import SpottingResult


@dataclass(frozen=True)
class ResultFormat:
    """How a format lies on the disk.

    Attributes:
        encode: Gives the text of a file of some results.
        file_name: Of the one file for all photos; or, with ``{name}``, which is the photo's name
            without folders and suffix, of a file for each photo or page.
        labels: Whether its files are labels to train with, see :meth:`leaves_out`.
    """

    encode: Callable[[Sequence[SpottingResult]], str]
    file_name: str
    labels: bool = False

    @property
    def one_file(self) -> bool:
        """Whether all photos are in one file."""
        return "{name}" not in self.file_name

    def leaves_out(self, result: SpottingResult) -> bool:
        """Whether a page has no picture that its labels could be of.

        Who trains with labels opens the picture that they name. Of a file of several pages that is
        the first, and a PDF is none.
        """
        return self.labels and (
            (result.page or 1) > 1 or result.image.lower().endswith(DOCUMENT_SUFFIXES)
        )


FORMATS: dict[str, ResultFormat] = {
    "json": ResultFormat(
        lambda results: _json([result.to_dict() for result in results]), "results.json"
    ),
    "coco": ResultFormat(lambda results: _json(to_coco(results)), "annotations.json", True),
    "labelstudio": ResultFormat(
        lambda results: _json(to_label_studio(results)), "tasks.json", True
    ),
    "paddle": ResultFormat(to_paddle, "Label.txt", True),
    "icdar": ResultFormat(lambda results: "".join(map(to_icdar, results)), "gt_{name}.txt", True),
    "hocr": ResultFormat(to_hocr, "{name}.hocr"),
    "alto": ResultFormat(to_alto, "{name}.alto.xml"),
}
"""The formats of ``spotter spot --to``."""


def check_names(names: Iterable[str], form: ResultFormat) -> None:
    """Refuse photos whose files would have the same name; to be asked before they are spotted.

    Raises:
        ConfigError: Two names differ in folder or suffix only, and each photo has a file.
    """
    seen: dict[str, str] = {}
    for name in () if form.one_file else names:
        other = seen.setdefault(_stem(name), name)
        if other != name:
            raise ConfigError(
                f"{other} and {name} would both be written to"
                f" {form.file_name.format(name=_stem(name))}; spot their folders one by one"
            )


def check_output(out: str | Path, form: ResultFormat, sources: Iterable[str | Path] = ()) -> None:
    """Refuse to write over a picture, or over what is read; to be asked before photos are spotted.

    Args:
        out: See :func:`write_results`.
        form: One of ``FORMATS``.
        sources: Files and addresses that are read.

    Raises:
        ConfigError: The one file of the format has the suffix of a picture or PDF, or is read.
    """
    if not form.one_file:
        return
    path = _only_file(Path(out), form)
    if path.suffix.lower() in IMAGE_SUFFIXES + DOCUMENT_SUFFIXES:
        raise ConfigError(
            f"{path}: ends like a picture; give a folder, or a file such as {form.file_name}"
        )
    if path.is_file() and any(
        os.path.isfile(source) and path.samefile(source) for source in sources
    ):
        raise ConfigError(f"{path}: is what is read; give --out another place")


def write_results(
    results: Iterable[SpottingResult], form: ResultFormat, out: str | Path
) -> list[Path]:
    """Write the files of a format. Photos that could not be read have a place in JSON only.

    Of documents, files of labels hold what :meth:`ResultFormat.leaves_out` leaves.

    Args:
        results: Of photos and pages.
        form: One of ``FORMATS``.
        out: Folder of the files; of a format of one file also its path, if it has a suffix.

    Returns:
        The files' paths. A file for each photo is written as soon as there is its result.

    Raises:
        ConfigError: ``out`` is a file where a folder is wanted, ends like a picture, or cannot be
            written.
    """
    out = Path(out)
    check_output(out, form)
    results = (result for result in results if not form.leaves_out(result))
    try:
        if form.one_file:
            path = _only_file(out, form)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_file(path, form.encode(list(results)))
            return [path]
        out.mkdir(parents=True, exist_ok=True)
        files = []
        for result in results:
            for each in readable([result]):
                # Labels are found by the name of their photo.
                page = "" if each.page is None or form.labels else f".page{each.page}"
                files.append(out / form.file_name.format(name=_stem(each.image) + page))
                write_file(files[-1], form.encode([each]))
        return files
    except OSError as error:
        raise ConfigError(f"{out}: cannot be written ({error.strerror or error})") from None


def _only_file(out: Path, form: ResultFormat) -> Path:
    return out if out.suffix and not out.is_dir() else out / form.file_name


def _stem(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).stem


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
