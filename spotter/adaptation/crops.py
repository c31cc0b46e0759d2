"""The unlabelled words to adapt to: mined from photos, or crops that are there already."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.progress import track

from spotter.bulk.run import Photos
from spotter.data.readers.lmdb import LMDBReader, close_lmdb, read_lmdb_value
from spotter.data.transforms.loading import load_pixels
from spotter.errors import ConfigError, SpotterError
from spotter.io.folders import list_images
from spotter.io.images import encode_jpeg, read_image
from spotter.labeling.crop_archive import CropArchive
from spotter.labeling.crop_mining import CropMiningSettings, mine_crops
from spotter.runtime.input_size import keep_ratio_width

_QUALITY = 95
_MAX_HEIGHT = 64


@dataclass(frozen=True)
class Crops:
    """Word crops in an archive of :class:`CropArchive`.

    Attributes:
        path: Folder of the LMDB.
        origins: For each crop the name of the photo or file that it is from.
    """

    path: Path
    origins: Sequence[str]

    def __len__(self) -> int:
        return len(self.origins)

    def reader(self) -> LMDBReader:
        """The crops as canonical samples without labels."""
        return LMDBReader(self.path, labelled=False)

    def load(self, index: int) -> np.ndarray:
        """(H, W, 3) uint8 BGR pixels of a crop."""
        return load_pixels(self.reader()[index])

    def split(self, share: float, hidden: Collection[str] = ()) -> tuple[list[int], list[int]]:
        """Positions of the crops to learn from, and of those that are held back.

        All crops of a photo are on one side; which, depends on its name alone, so that a later run
        with more photos holds back the same ones.

        Args:
            share: Share of the photos that is held back.
            hidden: Photos on neither side, whose labels are to measure with.
        """
        learned: list[int] = []
        held: list[int] = []
        for index, origin in enumerate(self.origins):
            if origin not in hidden:
                (held if held_back_fraction(origin) < share else learned).append(index)
        return learned, held


def gather_crops(
    source: Path, out: Path, mining: CropMiningSettings | None, workers: int = 1
) -> Crops:
    """Bring the words to adapt to into an archive; a later run goes on where the last one stopped.

    Args:
        source: Folder of photos or crops, which may lie in sub-folders; or an LMDB of crops.
        out: Folder of the archive.
        mining: How words are found in photos; ``None``: the pictures are single words already.
        workers: Processes that mine.

    Raises:
        ConfigError: There are no crops, or the archive is of another source.
        ImageError: There is no such folder, or no picture in it.
    """
    close_lmdb(str(out))
    if (source / "data.mdb").is_file():
        _copy_crops(_lmdb_crops(source), out, source)
    elif mining is None:
        _copy_crops(list_images(source), out, source)
    else:
        report = mine_crops(Photos.named(list_images(source)), out, mining, workers)
        print(f"crops: {report}")
    path = str(out)
    metas = (read_lmdb_value(path, f"meta-{i + 1:09d}") for i in range(_count(path)))
    origins = [str(json.loads(meta)["image"]) for meta in metas]
    if not origins:
        raise ConfigError(
            f"{source}: no words were found in it; with --crops its pictures are taken as single"
            " words"
        )
    return Crops(out, origins)


def _count(path: str) -> int:
    return int(read_lmdb_value(path, "num-samples"))


def _copy_crops(crops: Mapping[str, Path | dict[str, Any]], out: Path, source: Path) -> None:
    """Store pictures of single words, reduced to what a recognizer can use."""
    failed = 0
    settings = {"crops": str(source.resolve()), "max_height": _MAX_HEIGHT}
    with CropArchive(out, settings) as archive:
        todo = {name: place for name, place in crops.items() if not archive.has_seen(name)}
        for name, place in track(todo.items(), "gathering crops", disable=not todo):
            try:
                crop = load_pixels(place) if isinstance(place, dict) else read_image(place)
            except SpotterError:
                failed += 1
                archive.add(name, [])
                continue
            archive.add(name, [(_encoded(crop), {"image": name})])
        print(f"crops: {archive.count}; {failed} new pictures could not be read")


def _lmdb_crops(source: Path) -> dict[str, dict[str, Any]]:
    reader = LMDBReader(source, labelled=False)
    samples = (reader[index] for index in range(len(reader)))
    return {sample["key"]: sample for sample in samples}


def _encoded(crop: np.ndarray) -> bytes:
    height, width = crop.shape[:2]
    if height > _MAX_HEIGHT:
        size = (keep_ratio_width(width, height, _MAX_HEIGHT), _MAX_HEIGHT)
        crop = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
    return encode_jpeg(crop, _QUALITY)


def held_back_fraction(name: str) -> float:
    """A number in [0, 1) of a photo's name alone; where it is below the share, it is held back."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") / 2**32
