"""Unlabelled word crops out of raw photos, found by our own detector."""

from __future__ import annotations

import json
import multiprocessing
import signal
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from spotter.data.readers.lmdb import LMDBReader, read_lmdb_value
from spotter.errors import ConfigError, GeometryError, ImageError
from spotter.geometry import native_size
from spotter.io.images import encode_jpeg, read_image
from spotter.io.writing import write_file
from spotter.labeling.crop_archive import CropArchive
from spotter.labeling.perceptual_hash import NearDuplicates, perceptual_hash
from spotter.pipeline.crops import cut_word, reading_directions
from spotter.pipeline.detector import TextDetector
from spotter.runtime.input_size import keep_ratio_width
from spotter.runtime.runtimes import open_runtime

_QUALITY = 95
_SHEET_LIMIT = 4_000_000


@dataclass(frozen=True)
class CropMiningSettings:
    """Which crops are kept, and how they are cut.

    Attributes:
        detector: Weights of the detector.
        runtime: See :func:`spotter.runtime.runtimes.open_runtime`.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
        min_score: Least detection score.
        min_height: Least height of a word in pixels of the photo.
        min_aspect: Least width over height along the reading direction.
        max_aspect: Largest width over height.
        margin: Share of a word's height by which its crop reaches beyond the detection.
        max_height: Taller crops are shrunk to it.
        distance: See :class:`NearDuplicates`.
    """

    detector: str
    runtime: str = "auto"
    device: str = "cpu"
    min_score: float = 0.65
    min_height: float = 10.0
    min_aspect: float = 0.8
    max_aspect: float = 12.0
    margin: float = 0.1
    max_height: int = 64
    distance: int = 7

    def __post_init__(self) -> None:
        if not 0 < self.min_aspect <= self.max_aspect:
            raise ConfigError("aspects: 0 < min_aspect <= max_aspect is needed")
        if self.min_height < 1 or self.max_height < 8:
            raise ConfigError("min_height must be at least 1 pixel, max_height at least 8")

    def kept(self) -> dict[str, Any]:
        """What the crops depend on, as an archive keeps it."""
        settings = asdict(self)
        # Crops depend neither on the machine nor on the folder of the weights.
        del settings["runtime"], settings["device"]
        return {**settings, "detector": Path(self.detector).stem}


@dataclass
class MinedPhoto:
    """The crops of one photo.

    Attributes:
        photo: Name of the photo.
        crops: Encoded images and their records ``{"image", "polygon", "score", "hash"}``.
        dropped: How many detections each rule left out: ``score``, ``height``, ``aspect``,
            ``vertical``.
        error: Why the photo could not be read, or ``None``.
    """

    photo: str
    crops: list[tuple[bytes, dict[str, Any]]]
    dropped: Counter[str]
    error: str | None = None


class CropMiner:
    """Finds and cuts out the words of a photo.

    Args:
        settings: Which crops are kept.
        threads: See :mod:`spotter.runtime.runtimes`.
    """

    def __init__(self, settings: CropMiningSettings, threads: int | None = None) -> None:
        self.settings = settings
        runtime = open_runtime(
            Path(settings.detector), "detection", settings.runtime, settings.device, threads
        )
        self._detector = TextDetector(runtime)

    def __call__(self, photo: tuple[str, Path]) -> MinedPhoto:
        """The crops of a photo, given by its name and its file."""
        name, path = photo
        mined = MinedPhoto(name, [], Counter())
        try:
            image = read_image(path)
        except ImageError as error:
            mined.error = str(error)
            return mined
        for word in self._detector.find([image])[0]:
            crop = self._cut(image, word.polygon, word.detection_score, mined.dropped)
            if crop is None:
                continue
            record = {
                "image": name,
                "polygon": [[round(float(x), 1), round(float(y), 1)] for x, y in word.polygon],
                "score": round(word.detection_score, 4),
                "hash": f"{perceptual_hash(crop):032x}",
            }
            mined.crops.append((encode_jpeg(crop, _QUALITY), record))
        return mined

    def _cut(
        self, image: np.ndarray, polygon: np.ndarray, score: float, dropped: Counter[str]
    ) -> np.ndarray | None:
        settings = self.settings
        if score < settings.min_score:
            dropped["score"] += 1
            return None
        try:
            directions = reading_directions(polygon, settings.margin)
        except GeometryError:
            dropped["aspect"] += 1
            return None
        if len(directions) > 1:
            # The reading direction of a tall word is unknown until it is read.
            dropped["vertical"] += 1
            return None
        if native_size(polygon)[1] < settings.min_height:
            dropped["height"] += 1
            return None
        width, height = native_size(directions[0].cut)
        if not settings.min_aspect <= width / height <= settings.max_aspect:
            dropped["aspect"] += 1
            return None
        target = min(height, settings.max_height)
        return cut_word(image, directions[0].cut, keep_ratio_width(width, height, target), target)


@dataclass
class CropMiningReport:
    """What a run of crop mining did.

    Attributes:
        photos: Photos searched now.
        errors: Photos that could not be read, with the reason.
        crops: Crops added now.
        total: Crops in the archive.
        dropped: Detections left out, by rule (:class:`MinedPhoto`), and ``duplicate``.
    """

    photos: int
    errors: dict[str, str]
    crops: int
    total: int
    dropped: Counter[str]

    def __str__(self) -> str:
        left_out = ", ".join(f"{count} by {rule}" for rule, count in sorted(self.dropped.items()))
        return (
            f"{self.crops} crops of {self.photos} new photos, {self.total} in all;"
            f" left out: {left_out or 'none'}; {len(self.errors)} photos could not be read"
        )


def mine_crops(
    photos: Mapping[str, Path],
    out: str | Path,
    settings: CropMiningSettings,
    workers: int = 1,
    threads: int | None = None,
    console: Console | None = None,
) -> CropMiningReport:
    """Add the words of photos to an archive, whose content does not depend on ``workers``.

    Args:
        photos: Name to path; those that the archive has seen are skipped.
        out: Folder of the LMDB (:class:`CropArchive`).
        settings: Which crops are kept.
        workers: Processes that detect; with more than one, each computes with one thread.
        threads: Threads of a single process.
        console: Where the bar goes; default: standard error.

    Returns:
        What was done.

    Raises:
        ConfigError: The archive was begun with other settings, or is none.
        WeightsError: Unfit weights.
    """
    report = CropMiningReport(0, {}, 0, 0, Counter())
    with CropArchive(out, settings.kept()) as archive:
        seen = NearDuplicates(settings.distance)
        for record in archive.records():
            seen.add(int(record["hash"], 16))
        todo = [(name, path) for name, path in photos.items() if not archive.has_seen(name)]
        with _progress(console) as bar:
            task = bar.add_task(
                "mining crops", total=len(photos), completed=len(photos) - len(todo)
            )
            for mined in _mined_photos(todo, settings, workers, threads):
                kept = []
                for image, record in mined.crops:
                    value = int(record["hash"], 16)
                    if value in seen:
                        mined.dropped["duplicate"] += 1
                        continue
                    seen.add(value)
                    kept.append((image, record))
                archive.add(mined.photo, kept)
                report.photos += 1
                report.crops += len(kept)
                report.dropped += mined.dropped
                if mined.error is not None:
                    report.errors[mined.photo] = mined.error
                bar.advance(task)
        report.total = archive.count
    return report


def write_contact_sheet(
    archive: str | Path, file: str | Path, count: int = 200, columns: int = 10, seed: int = 0
) -> list[int]:
    """Draw a sample of an archive's crops in one picture, each over its position and score.

    Args:
        archive: Folder of the LMDB.
        file: JPEG to write.
        count: Crops on the sheet.
        columns: Crops per row.
        seed: Of the choice.

    Returns:
        The positions of the crops shown.
    """
    # Imported here because the room of synthesis loads torch.
    from spotter.synthesis.sheets import encode_below, word_sheet

    path = str(archive)
    total = len(LMDBReader(path, labelled=False))
    if not total:
        raise ConfigError(f"{archive}: has no crops to show")
    chosen = sorted(np.random.default_rng(seed).permutation(total)[:count].tolist())
    samples = []
    for index in chosen:
        score = json.loads(read_lmdb_value(path, f"meta-{index + 1:09d}"))["score"]
        crop = read_image(read_lmdb_value(path, f"image-{index + 1:09d}"))
        samples.append((crop, f"{index} {score:.2f}"))
    write_file(file, encode_below(word_sheet(samples, columns), _SHEET_LIMIT))
    return chosen


def _mined_photos(
    todo: Sequence[tuple[str, Path]],
    settings: CropMiningSettings,
    workers: int,
    threads: int | None,
) -> Iterator[MinedPhoto]:
    """The crops of each photo, in order, by one process or many."""
    if workers <= 1 or len(todo) <= 1:
        yield from map(CropMiner(settings, threads), todo)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, _start_worker, (settings,)) as pool:
        yield from pool.imap(_mine_in_worker, todo)


_MINER: list[CropMiner] = []


def _start_worker(settings: CropMiningSettings) -> None:
    # Ctrl-C is answered by the main process, which ends the pool.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    _MINER[:] = [CropMiner(settings, threads=1)]


def _mine_in_worker(photo: tuple[str, Path]) -> MinedPhoto:
    return _MINER[0](photo)


def _progress(console: Console | None) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console or Console(stderr=True),
    )
