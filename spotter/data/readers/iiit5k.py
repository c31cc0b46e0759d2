"""IIIT5K-Words (Mishra et al., BMVC 2012): 2,000 training and 3,000 test crops, with lexicons."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from spotter.data.readers.base import Reader
from spotter.data.readers.mat_files import load_mat, mat_text
from spotter.errors import AnnotationError, ConfigError
from spotter.registry import READERS

Lexicon = Literal["small", "medium"]
_FIELDS = {"small": "smallLexi", "medium": "mediumLexi"}
# The files of characters name a word's text differently.
_TEXTS = ("GroundTruth", "chars")


@READERS.register_module()
class IIIT5KReader(Reader):
    """The structs of ``traindata.mat`` and ``testdata.mat``: ImgName, GroundTruth, two lexicons.

    ``trainCharBound.mat`` and ``testCharBound.mat`` (ImgName, chars) give the same words, without
    lexicons and in a fraction of the time. Needs scipy: ``pip install "scene-text-spotter[mat]"``.

    Args:
        annotation_file: One of those files; the struct has the file's name.
        image_root: Folder of ``train`` and ``test``; ``None``: the file's own.
        lexicon: Every sample also has ``lexicon``, the crop's own list of 50 (``"small"``) or
            1,000 words (``"medium"``), as the lexicon scores need it; ``None``: it has not.
        strict: See :class:`Reader`.

    Raises:
        AnnotationError: The file is missing, damaged or without that struct, or an entry is empty.
        ConfigError: scipy is not installed, or ``lexicon`` is none of those.
    """

    def __init__(
        self,
        annotation_file: str | Path,
        image_root: str | Path | None = None,
        lexicon: Lexicon | None = None,
        strict: bool = True,
    ) -> None:
        if lexicon is not None and lexicon not in _FIELDS:
            raise ConfigError(f"lexicon is small, medium or None, not {lexicon!r}")
        self.file = Path(annotation_file)
        self.image_root = self.file.parent if image_root is None else Path(image_root)
        self.lexicon = lexicon
        super().__init__(strict)

    def _load(self) -> None:
        entries = load_mat(self.file, [self.file.stem])[self.file.stem].ravel()
        names = entries.dtype.names or ()
        text_field = next((name for name in _TEXTS if name in names), None)
        needed = ["ImgName", text_field or _TEXTS[0]]
        if self.lexicon is not None:
            needed.append(_FIELDS[self.lexicon])
        missing = [name for name in needed if name not in names]
        if missing:
            raise AnnotationError(f"{self.file}: {self.file.stem} has no field {missing[0]}")
        self._samples: list[dict[str, Any]] = []
        for number, entry in enumerate(entries, start=1):
            with self._refusing():
                values = [entry[name] for name in needed]
                self._samples.append(_sample(values, f"{self.file}: word {number}"))

    def _total(self) -> int:
        return len(self._samples)

    def _read(self, index: int) -> dict[str, Any]:
        sample = dict(self._samples[index])
        sample["img_path"] = str(self.image_root / sample["img_path"])
        if "lexicon" in sample:
            sample["lexicon"] = list(sample["lexicon"])
        return sample


def _sample(values: Sequence[Any], where: str) -> dict[str, Any]:
    name, text = (mat_text(value).strip() for value in values[:2])
    if not name:
        raise AnnotationError(f"{where}: has no ImgName")
    sample: dict[str, Any] = {"img_path": name, "text": text or None}
    if len(values) > 2:
        sample["lexicon"] = [mat_text(word).strip() for word in values[2].ravel()]
    return sample
