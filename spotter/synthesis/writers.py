"""Synthetic sets on disk: word crops as LMDB, scenes in the layout of ICDAR2015.

Both can be interrupted and go on where they stopped: sample ``i`` depends on its number alone, and
the settings that made a set are kept in it, so that two sets cannot be mixed by mistake.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from spotter.errors import ConfigError
from spotter.geometry import grow_quad, min_area_rect
from spotter.synthesis.fonts import FontBank
from spotter.synthesis.scenes import SceneSynthesizer
from spotter.synthesis.signs import SignSynthesizer
from spotter.synthesis.text import open_text_source
from spotter.synthesis.words import WordSynthesizer

_ILLEGIBLE = "###"
_WORDS_PER_COMMIT = 200
_MAP_SIZE = 1 << 40  # an upper bound of the address space, not of the disk
_SETTINGS_KEY = b"synthesis"
STYLES: dict[str, type[WordSynthesizer]] = {"mixed": WordSynthesizer, "signs": SignSynthesizer}


@dataclass(frozen=True)
class SynthesisSettings:
    """All that a sample depends on besides its number.

    Attributes:
        fonts: Font files or folders; ``None``: the system's.
        words: Files or folders of words; ``None``: our short list.
        backgrounds: Photos or folders of them; ``None``: painted surfaces.
        seed: First part of every sample's seed.
        size: Height and width of scenes in pixels.
        label_margin: Share of a word's height by which the labels of written scenes are grown. The
            polygons of our scenes hug the ink; annotators, as those of ICDAR2015, leave a margin.
        style: Of words: ``"mixed"`` or, lettering of shop fronts and logos only, ``"signs"``.
    """

    fonts: tuple[str, ...] | None = None
    words: tuple[str, ...] | None = None
    backgrounds: tuple[str, ...] | None = None
    seed: int = 0
    size: tuple[int, int] = (640, 640)
    label_margin: float = 0.0
    style: str = "mixed"

    def words_synthesizer(self) -> WordSynthesizer:
        """A synthesizer of word crops.

        Raises:
            ConfigError: Unknown style.
        """
        if self.style not in STYLES:
            raise ConfigError(f'style "{self.style}" is not one of {", ".join(STYLES)}')
        source = open_text_source(self.words)
        return STYLES[self.style](FontBank(self.fonts), source, self.backgrounds, self.seed)

    def scenes_synthesizer(self) -> SceneSynthesizer:
        """A synthesizer of scenes."""
        source = open_text_source(self.words)
        return SceneSynthesizer(
            FontBank(self.fonts), source, self.backgrounds, self.size, self.seed
        )

    def to_json(self, kind: str) -> str:
        """The settings as they are kept in a set."""
        values = asdict(self)
        for later, default in (("label_margin", 0.0), ("style", "mixed")):
            # Sets from before there was such a setting go on.
            if values[later] == default:
                del values[later]
        return json.dumps({"kind": kind, **values}, sort_keys=True)


def write_words(
    path: str | Path,
    settings: SynthesisSettings,
    count: int,
    workers: int = 1,
    advance: Callable[[int], None] = lambda done: None,
) -> int:
    """Write word crops to an LMDB with keys ``image-%09d``, ``label-%09d`` and ``num-samples``.

    Args:
        path: Folder of the LMDB; made when missing, completed when begun.
        settings: What the samples are drawn from.
        count: Number of samples that the set holds in the end.
        workers: Processes that draw.
        advance: Called with the number of samples that have become available.

    Returns:
        Number of samples in the set; more than ``count`` when it was larger before.

    Raises:
        ConfigError: The folder holds a set with other settings, or is no LMDB.
    """
    import lmdb  # only this layout needs the package

    Path(path).mkdir(parents=True, exist_ok=True)
    try:
        environment = lmdb.open(str(path), map_size=_MAP_SIZE)
    except lmdb.Error as error:
        raise ConfigError(f"{path} cannot be opened as LMDB ({error})") from None
    with environment:
        with environment.begin(write=True) as transaction:
            kept = transaction.get(_SETTINGS_KEY)
            done = int(transaction.get(b"num-samples", b"0"))
            if done and kept is None:
                raise ConfigError(f"{path} holds an LMDB that was not made here; name another")
            _check_settings(path, None if kept is None else bytes(kept).decode(), settings, "words")
            transaction.put(_SETTINGS_KEY, settings.to_json("words").encode())
            transaction.put(b"num-samples", str(done).encode())
        advance(done)
        starts = range(done, count, _WORDS_PER_COMMIT)
        jobs = [range(start, min(start + _WORDS_PER_COMMIT, count)) for start in starts]
        for chunk in _mapped(_draw_words, jobs, settings, workers):
            with environment.begin(write=True) as transaction:
                for image, text in chunk:
                    done += 1
                    transaction.put(b"image-%09d" % done, image)
                    transaction.put(b"label-%09d" % done, text.encode())
                transaction.put(b"num-samples", b"%d" % done)
            advance(len(chunk))
    return done


def write_scenes(
    path: str | Path,
    settings: SynthesisSettings,
    count: int,
    workers: int = 1,
    advance: Callable[[int], None] = lambda done: None,
) -> int:
    """Write scenes as ``images/scene_N.jpg`` and ``gt/gt_scene_N.txt``.

    A label line is ``x1,y1,..,x4,y4,text``, ``###`` for ignored words; a word on a bent line is
    given by the smallest rectangle around its polygon.

    Args:
        path: Folder of the set; made when missing, completed when begun.
        settings: What the samples are drawn from.
        count: Number of scenes that the set holds in the end.
        workers: Processes that draw.
        advance: Called with the number of scenes that have become available.

    Returns:
        Number of scenes in the set, at least ``count``.

    Raises:
        ConfigError: The folder holds a set with other settings.
    """
    root = Path(path)
    for folder in ("images", "gt"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    record = root / "synthesis.json"
    kept = record.read_text(encoding="utf-8") if record.exists() else None
    _check_settings(path, kept, settings, "scenes")
    record.write_text(settings.to_json("scenes"), encoding="utf-8")
    present = {file.name for file in (root / "gt").glob("gt_scene_*.txt")}
    advance(len(present))
    missing = [n for n in range(count) if f"gt_scene_{n + 1}.txt" not in present]
    for image, labels, number in _mapped(_draw_scene, missing, settings, workers):
        _write(root / "images" / f"scene_{number + 1}.jpg", image)
        # The label file comes last: a scene that has one is complete.
        _write(root / "gt" / f"gt_scene_{number + 1}.txt", labels.encode())
        advance(1)
    return len(present) + len(missing)


def icdar_lines(instances: Iterable[dict[str, Any]], margin: float = 0.0) -> str:
    """Instances as the text of a label file, one line each, coordinates to a tenth of a pixel.

    Args:
        instances: Canonical instances.
        margin: Share of a word's height by which its quadrilateral is grown on every side.
    """
    lines = []
    for instance in instances:
        polygon = np.asarray(instance["polygon"], np.float32)
        quad = grow_quad(polygon if len(polygon) == 4 else min_area_rect(polygon), margin)
        text = _ILLEGIBLE if instance["ignore"] or not instance["text"] else instance["text"]
        lines.append(",".join(f"{value:.1f}" for value in quad.ravel()) + f",{text}\n")
    return "".join(lines)


def _check_settings(
    path: str | Path, kept: str | None, settings: SynthesisSettings, kind: str
) -> None:
    if kept is not None and kept != settings.to_json(kind):
        raise ConfigError(f"{path} was begun with other settings ({kept}); name another folder")


def _write(path: Path, data: bytes) -> None:
    part = path.with_suffix(path.suffix + ".part")
    part.write_bytes(data)
    os.replace(part, path)


def _encoded(image: np.ndarray, quality: int) -> bytes:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()


_SYNTHESIZERS: dict[SynthesisSettings, Any] = {}


def _draw_words(settings: SynthesisSettings, indices: range) -> list[tuple[bytes, str]]:
    if settings not in _SYNTHESIZERS:
        _SYNTHESIZERS[settings] = settings.words_synthesizer()
    samples = (_SYNTHESIZERS[settings].sample(index) for index in indices)
    return [(_encoded(image, 95), text) for image, text in samples]


def _draw_scene(settings: SynthesisSettings, index: int) -> tuple[bytes, str, int]:
    if settings not in _SYNTHESIZERS:
        _SYNTHESIZERS[settings] = settings.scenes_synthesizer()
    scene = _SYNTHESIZERS[settings].sample(index)
    return _encoded(scene["img"], 92), icdar_lines(scene["instances"], settings.label_margin), index


class _Job:
    """A drawing function with its settings; unlike a closure it can be sent to a process."""

    def __init__(self, draw: Callable[..., Any], settings: SynthesisSettings) -> None:
        self.draw = draw
        self.settings = settings

    def __call__(self, item: Any) -> Any:
        return self.draw(self.settings, item)


def _mapped(
    draw: Callable[..., Any], items: list[Any], settings: SynthesisSettings, workers: int
) -> Iterator[Any]:
    """Results in the order of the items, drawn by one process or many."""
    job = _Job(draw, settings)
    _SYNTHESIZERS.clear()
    if workers <= 1 or len(items) <= 1:
        yield from map(job, items)
        return
    with multiprocessing.get_context("spawn").Pool(workers, _start_worker) as pool:
        yield from pool.imap(job, items)


def _start_worker() -> None:
    cv2.setNumThreads(1)
