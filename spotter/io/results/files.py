"""Results of many photos as the files of a format."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from spotter.errors import ConfigError
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
    """

    encode: Callable[[Sequence[SpottingResult]], str]
    file_name: str

    @property
    def one_file(self) -> bool:
        """Whether all photos are in one file."""
        return "{name}" not in self.file_name


FORMATS: dict[str, ResultFormat] = {
    "json": ResultFormat(
        lambda results: _json([result.to_dict() for result in results]), "results.json"
    ),
    "coco": ResultFormat(lambda results: _json(to_coco(results)), "annotations.json"),
    "labelstudio": ResultFormat(lambda results: _json(to_label_studio(results)), "tasks.json"),
    "paddle": ResultFormat(to_paddle, "Label.txt"),
    "icdar": ResultFormat(lambda results: "".join(map(to_icdar, results)), "gt_{name}.txt"),
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


def write_results(
    results: Iterable[SpottingResult], form: ResultFormat, out: str | Path
) -> list[Path]:
    """Write the files of a format. Photos that could not be read have a place in JSON only.

    Args:
        results: Of photos and pages.
        form: One of ``FORMATS``.
        out: Folder of the files; of a format of one file also its path, if it has a suffix.

    Returns:
        The files' paths. A file for each photo is written as soon as there is its result.

    Raises:
        ConfigError: ``out`` is a file where a folder is wanted, or cannot be written.
    """
    out = Path(out)
    try:
        if form.one_file:
            path = out if out.suffix and not out.is_dir() else out / form.file_name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_file(path, form.encode(list(results)))
            return [path]
        out.mkdir(parents=True, exist_ok=True)
        files = []
        for result in results:
            for each in readable([result]):
                page = "" if each.page is None else f".page{each.page}"
                files.append(out / form.file_name.format(name=_stem(each.image) + page))
                write_file(files[-1], form.encode([each]))
        return files
    except OSError as error:
        raise ConfigError(f"{out}: cannot be written ({error.strerror or error})") from None


def _stem(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).stem


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
