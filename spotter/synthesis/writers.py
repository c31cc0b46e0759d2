"""Synthetic sets on disk: word crops as LMDB, scenes and pages with label files.

All can be interrupted and continued: sample ``i`` depends on its number only, and the settings of a
set are stored in it, so that two sets cannot be mixed by mistake.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from spotter.charset import Charset
from spotter.data.growing_lmdb import check_settings
from spotter.errors import ConfigError
from spotter.geometry import grow_quad, min_area_rect
from spotter.io.images import encode_jpeg
from spotter.io.writing import write_file
from spotter.synthesis.fonts import FontBank
from spotter.synthesis.other_scripts import OtherScripts, ScriptFontBank
from spotter.synthesis.pages import PageSynthesizer
from spotter.synthesis.pages.crops import page_crops
from spotter.synthesis.pages.outlines import grow_outline, outline_height
from spotter.synthesis.scenes import SceneSynthesizer
from spotter.synthesis.signs import SignSynthesizer
from spotter.synthesis.text import RARE_KINDS, TextSource, open_text_source
from spotter.synthesis.word_archive import WordArchive
from spotter.synthesis.words import WordSynthesizer

_ILLEGIBLE = "###"
_WORDS_PER_COMMIT = 200
_PAGES_PER_COMMIT = 4
_CROPS_SEED = 1  # third part of the seed of what happens to a page's crops
STYLES = ("mixed", "signs", "rare", "other_scripts")


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
        style: Of words: ``"mixed"``; ``"signs"``, lettering of shop fronts and logos only;
            ``"rare"``, the same with :data:`spotter.synthesis.text.RARE_KINDS`; or
            ``"other_scripts"``, words that a recognizer of Latin letters has to leave unread, see
            :mod:`spotter.synthesis.other_scripts`; ``words`` and ``charset`` have no effect then.
        charset: Characters that labels may hold: a name or file of :meth:`Charset.load`.
        curved: Share of the blocks of scenes that are words along circles, arcs and waves.
        polygons: Whether written scenes keep polygons of any number of vertices, in the layout of
            CTW1500, in place of quadrilaterals in the layout of ICDAR2015.
        text_kinds: Names of :data:`spotter.synthesis.text.TEXT_KINDS` with their weights; empty:
            all with the weights there.
        page_kinds: The same of :data:`spotter.synthesis.pages.PAGE_KINDS`.
    """

    fonts: tuple[str, ...] | None = None
    words: tuple[str, ...] | None = None
    backgrounds: tuple[str, ...] | None = None
    seed: int = 0
    size: tuple[int, int] = (640, 640)
    label_margin: float = 0.0
    style: str = "mixed"
    charset: str = "94"
    curved: float = 0.0
    polygons: bool = False
    text_kinds: tuple[tuple[str, float], ...] = ()
    page_kinds: tuple[tuple[str, float], ...] = ()

    def text_source(self) -> TextSource:
        """What the samples say."""
        kinds = dict(self.text_kinds) or (RARE_KINDS if self.style == "rare" else None)
        return open_text_source(self.words, Charset.load(self.charset).characters, kinds)

    def words_synthesizer(self) -> WordSynthesizer:
        """A synthesizer of word crops.

        Raises:
            ConfigError: Unknown style.
        """
        if self.style not in STYLES:
            raise ConfigError(f'style "{self.style}" is not one of {", ".join(STYLES)}')
        if self.style == "other_scripts":
            fonts = ScriptFontBank(self.fonts)
            return WordSynthesizer(fonts, OtherScripts(fonts), self.backgrounds, self.seed)
        kind = SignSynthesizer if self.style == "signs" else WordSynthesizer
        return kind(FontBank(self.fonts), self.text_source(), self.backgrounds, self.seed)

    def scenes_synthesizer(self) -> SceneSynthesizer:
        """A synthesizer of scenes."""
        return SceneSynthesizer(
            FontBank(self.fonts),
            self.text_source(),
            self.backgrounds,
            self.size,
            self.seed,
            self.curved,
        )

    def pages_synthesizer(self) -> PageSynthesizer:
        """A synthesizer of pages and screens."""
        return PageSynthesizer(
            FontBank(self.fonts),
            self.text_source(),
            self.backgrounds,
            self.size,
            self.seed,
            dict(self.page_kinds) or None,
        )

    def to_json(self, kind: str) -> str:
        """The settings as they are kept in a set."""
        values = asdict(self)
        defaults = SynthesisSettings()
        for later in (
            *("label_margin", "style", "charset", "curved", "polygons"),
            *("text_kinds", "page_kinds"),
        ):
            # Sets from before there was such a setting go on.
            if values[later] == getattr(defaults, later):
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
    with WordArchive(path, settings.to_json("words")) as archive:
        done = archive.count
        advance(done)
        starts = range(done, count, _WORDS_PER_COMMIT)
        jobs = [range(start, min(start + _WORDS_PER_COMMIT, count)) for start in starts]
        for chunk in _mapped(_draw_words, jobs, settings, workers):
            archive.append(chunk)
            advance(len(chunk))
        return archive.count


def write_page_words(
    path: str | Path,
    settings: SynthesisSettings,
    count: int,
    workers: int = 1,
    advance: Callable[[int], None] = lambda done: None,
) -> int:
    """Write the words of pages, cut out upright, to an LMDB with the keys of :func:`write_words`.

    The words of one page follow each other; ``num-pages`` says how many pages were cut up.

    Args:
        path: Folder of the LMDB; made when missing, completed when begun.
        settings: What the pages are drawn from.
        count: Number of words that the set holds at least in the end; the last page is cut up
            whole.
        workers: Processes that draw.
        advance: Called with the number of words that have become available.

    Returns:
        Number of words in the set, at least ``count``.

    Raises:
        ConfigError: The folder holds a set with other settings, or is no LMDB.
    """
    with WordArchive(path, settings.to_json("page_words")) as archive:
        advance(archive.count)
        # As many jobs at a time as keep the workers busy: pages give any number of words.
        while archive.count < count:
            first = archive.pages
            starts = range(first, first + _PAGES_PER_COMMIT * 64, _PAGES_PER_COMMIT)
            jobs = [range(start, start + _PAGES_PER_COMMIT) for start in starts]
            for pages in _mapped(_cut_pages, jobs, settings, workers):
                kept: list[tuple[bytes, str]] = []
                for page in pages:
                    if archive.count + len(kept) >= count:
                        break
                    kept += page
                    archive.pages += 1
                archive.append(kept)
                advance(len(kept))
                if archive.count >= count:
                    break
        return archive.count


def write_scenes(
    path: str | Path,
    settings: SynthesisSettings,
    count: int,
    workers: int = 1,
    advance: Callable[[int], None] = lambda done: None,
) -> int:
    """Write scenes as ``images/scene_N.jpg`` and ``gt/gt_scene_N.txt``.

    A label line is ``x1,y1,..,x4,y4,text`` in whole pixels, ``###`` for ignored words; a word on a
    bent line is given by the smallest rectangle around its polygon. With ``settings.polygons`` the
    labels are those of :func:`write_pages`.

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
    return _write_photos(path, settings, count, workers, advance, _SCENES)


def write_pages(
    path: str | Path,
    settings: SynthesisSettings,
    count: int,
    workers: int = 1,
    advance: Callable[[int], None] = lambda done: None,
) -> int:
    """Write pages as ``images/page_N.jpg`` and ``gt/page_N.txt``, see :func:`write_scenes`.

    A label line is ``x1,y1,..,xn,yn,####text`` with any even number of vertices from four, as
    :class:`CTW1500TextReader` reads it, ``###`` for ignored words. The first half of the vertices
    runs along the top of the word in reading direction, whichever way it is turned.
    """
    return _write_photos(path, settings, count, workers, advance, _PAGES)


@dataclass(frozen=True)
class _PhotoKind:
    """How a kind of photos is named on disk and drawn."""

    name: str
    stem: str
    prefix: str
    draw: Callable[[SynthesisSettings, int], tuple[bytes, str, int]]


def _write_photos(
    path: str | Path,
    settings: SynthesisSettings,
    count: int,
    workers: int,
    advance: Callable[[int], None],
    kind: _PhotoKind,
) -> int:
    root = Path(path)
    for folder in ("images", "gt"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    record = root / "synthesis.json"
    kept = record.read_text(encoding="utf-8") if record.exists() else None
    check_settings(path, kept, settings.to_json(kind.name))
    write_file(record, settings.to_json(kind.name))
    label = kind.prefix + kind.stem
    present = {file.name for file in (root / "gt").glob(f"{label}_*.txt")}
    advance(len(present))
    missing = [n for n in range(count) if f"{label}_{n + 1}.txt" not in present]
    for image, labels, number in _mapped(kind.draw, missing, settings, workers):
        write_file(root / "images" / f"{kind.stem}_{number + 1}.jpg", image)
        # The label file comes last: a photo that has one is complete.
        write_file(root / "gt" / f"{label}_{number + 1}.txt", labels.encode())
        advance(1)
    return len(present) + len(missing)


def polygon_lines(instances: Iterable[dict[str, Any]], margin: float = 0.0) -> str:
    """Instances as lines ``x1,y1,..,xn,yn,####text``, coordinates to a tenth of a pixel.

    Args:
        instances: Canonical instances with an even number of vertices, the top side first.
        margin: Share of a word's height by which its outline is grown on every side; those of
            ignored words stay as they are.
    """
    lines = []
    for instance in instances:
        polygon = np.asarray(instance["polygon"], np.float32)
        if margin and not instance["ignore"]:
            polygon = grow_outline(polygon, *[margin * outline_height(polygon)] * 4)
        text = _ILLEGIBLE if instance["ignore"] or not instance["text"] else instance["text"]
        lines.append(",".join(f"{value:.1f}" for value in polygon.ravel()) + f",####{text}\n")
    return "".join(lines)


def icdar_lines(instances: Iterable[dict[str, Any]], margin: float = 0.0) -> str:
    """Instances as the text of a label file, one line each, coordinates in whole pixels.

    The evaluation script of ICDAR2015 takes nothing but whole numbers.

    Args:
        instances: Canonical instances.
        margin: Share of a word's height by which its quadrilateral is grown on every side.
    """
    lines = []
    for instance in instances:
        polygon = np.asarray(instance["polygon"], np.float32)
        quad = grow_quad(polygon if len(polygon) == 4 else min_area_rect(polygon), margin)
        text = _ILLEGIBLE if instance["ignore"] or not instance["text"] else instance["text"]
        lines.append(",".join(str(round(float(value))) for value in quad.ravel()) + f",{text}\n")
    return "".join(lines)


_SYNTHESIZERS: dict[SynthesisSettings, Any] = {}


def _draw_words(settings: SynthesisSettings, indices: range) -> list[tuple[bytes, str]]:
    if settings not in _SYNTHESIZERS:
        _SYNTHESIZERS[settings] = settings.words_synthesizer()
    samples = (_SYNTHESIZERS[settings].sample(index) for index in indices)
    return [(encode_jpeg(image, 95), text) for image, text in samples]


def _draw_scene(settings: SynthesisSettings, index: int) -> tuple[bytes, str, int]:
    if settings not in _SYNTHESIZERS:
        _SYNTHESIZERS[settings] = settings.scenes_synthesizer()
    scene = _SYNTHESIZERS[settings].sample(index)
    lines = polygon_lines if settings.polygons else icdar_lines
    return encode_jpeg(scene["img"], 92), lines(scene["instances"], settings.label_margin), index


def _drawn_page(settings: SynthesisSettings, index: int) -> dict[str, Any]:
    if settings not in _SYNTHESIZERS:
        _SYNTHESIZERS[settings] = settings.pages_synthesizer()
    return _SYNTHESIZERS[settings].sample(index)


def _draw_page(settings: SynthesisSettings, index: int) -> tuple[bytes, str, int]:
    page = _drawn_page(settings, index)
    quality = 97 if page["look"] == "screen" else 92
    lines = polygon_lines(page["instances"], settings.label_margin)
    return encode_jpeg(page["img"], quality), lines, index


def _cut_pages(settings: SynthesisSettings, indices: range) -> list[list[tuple[bytes, str]]]:
    pages = []
    for index in indices:
        rng = np.random.default_rng([settings.seed, index, _CROPS_SEED])
        crops = page_crops(_drawn_page(settings, index), rng)
        pages.append([(encode_jpeg(image, 95), text) for image, text in crops])
    return pages


_SCENES = _PhotoKind("scenes", "scene", "gt_", _draw_scene)
_PAGES = _PhotoKind("pages", "page", "", _draw_page)


def _mapped(
    draw: Callable[..., Any], items: list[Any], settings: SynthesisSettings, workers: int
) -> Iterator[Any]:
    """Results in the order of the items, drawn by one process or many."""
    job = partial(draw, settings)
    _SYNTHESIZERS.clear()
    if workers <= 1 or len(items) <= 1:
        yield from map(job, items)
        return
    with multiprocessing.get_context("spawn").Pool(workers, _start_worker) as pool:
        yield from pool.imap(job, items)


def _start_worker() -> None:
    cv2.setNumThreads(1)
