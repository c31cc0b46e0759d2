"""``spotter synthesize``: drawn words, scenes and pages for training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from spotter.cli.commands import Command, File, several
from spotter.cli.options import Decorator, joined
from spotter.errors import ConfigError
from spotter.io.locks import OutputLock
from spotter.io.writing import write_file
from spotter.synthesis.pages import PAGE_KINDS
from spotter.synthesis.pages.crops import page_crops
from spotter.synthesis.sheets import encode_below, scene_sheet, word_sheet
from spotter.synthesis.text import TEXT_KINDS
from spotter.synthesis.writers import (
    STYLES,
    SynthesisSettings,
    write_page_words,
    write_pages,
    write_scenes,
    write_words,
)

_SHEET_LIMIT = 290_000


_set_options = joined(
    click.option("--out", help="folder of the set; a set that was begun is completed"),
    click.option("--count", default=0, help="samples in the finished set"),
    several("--fonts", metavar="PATH...", help="fonts or folders of them"),
    several("--words", metavar="PATH...", help=".tsv and .txt, or folders"),
    several("--backgrounds", metavar="PATH...", help="photos or folders"),
    click.option("--seed", default=0, show_default=True),
    click.option("--workers", default=1, show_default=True, help="processes that draw"),
    click.option("--sheet", type=File, metavar="FILE.jpg", help="contact sheet of the first ones"),
    click.option("--charset", default="94", show_default=True, help="36, 62, 94, latin or a file"),
    several("--text-kinds", metavar="KIND:WEIGHT...", help=f"of {', '.join(TEXT_KINDS)}, marked"),
)

_page_kinds_option = several(
    "--page-kinds", metavar="KIND:WEIGHT...", help=f"of {', '.join(PAGE_KINDS)}"
)

_margin_option = click.option(
    "--label-margin", default=0.0, show_default=True, help="room around outlines, in heights"
)


def _size_option(side: int) -> Decorator:
    return click.option(
        "--size", type=int, nargs=2, default=(side, side), show_default=True, metavar="H W"
    )


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def synthesize() -> None:
    """Draw synthetic text, with exact labels.

    Without --fonts, --words and --backgrounds: the system's fonts, a short word list and painted
    surfaces. An interrupted run goes on where it stopped.
    """


@synthesize.command(
    cls=Command, examples=("spotter synthesize words --out words/ --count 100000 --workers 2",)
)
@_set_options
@click.option("--style", type=click.Choice(list(STYLES)), default="mixed", show_default=True)
def words(**options: Any) -> None:
    """Word crops as LMDB.

    Styles: "mixed"; "signs", lettering of shop fronts; "rare", mostly accented words, marks, tokens
    of code, addresses and single characters; "other_scripts", words that a recognizer of Latin
    letters has to leave unread (data sets with nothing_to_read=True), of the scripts that --fonts
    draw.
    """
    settings = _draw("words", write_words, options)
    if options["sheet"]:
        synthesizer = settings.words_synthesizer()
        sheet = word_sheet([synthesizer.sample(index) for index in range(100)])
        _write_sheet(options["sheet"], sheet)


@synthesize.command(
    cls=Command, examples=("spotter synthesize scenes --out scenes/ --count 1000 --size 640 640",)
)
@_set_options
@_size_option(640)
@_margin_option
@click.option(
    "--curved", default=0.0, show_default=True, help="share of words on circles and waves"
)
@click.option("--polygons", is_flag=True, help="labels of any shape, in the layout of CTW1500")
def scenes(**options: Any) -> None:
    """Scenes in the layout of ICDAR2015."""
    settings = _draw("scenes", write_scenes, options)
    if options["sheet"]:
        synthesizer = settings.scenes_synthesizer()
        sheet = scene_sheet([synthesizer.sample(index) for index in range(6)])
        _write_sheet(options["sheet"], sheet)


@synthesize.command(
    cls=Command, examples=("spotter synthesize pages --out pages/ --count 1000 --charset latin",)
)
@_set_options
@_page_kinds_option
@_size_option(960)
@_margin_option
def pages(**options: Any) -> None:
    """Documents, screens, labels and posters in the layout of CTW1500."""
    settings = _draw("pages", write_pages, options)
    if options["sheet"]:
        synthesizer = settings.pages_synthesizer()
        sheet = scene_sheet([synthesizer.sample(index) for index in range(6)])
        _write_sheet(options["sheet"], sheet)


@synthesize.command(
    "page_words",
    cls=Command,
    examples=("spotter synthesize page_words --out words/ --count 100000 --charset latin",),
)
@_set_options
@_page_kinds_option
@_size_option(960)
def page_words(**options: Any) -> None:
    """Word crops cut out of pages, as LMDB."""
    settings = _draw("page_words", write_page_words, options)
    if options["sheet"]:
        synthesizer, rng = settings.pages_synthesizer(), np.random.default_rng(settings.seed)
        crops = [page_crops(synthesizer.sample(index), rng, most=5) for index in range(20)]
        _write_sheet(options["sheet"], word_sheet([crop for part in crops for crop in part]))


def _settings(options: Mapping[str, Any]) -> SynthesisSettings:
    def absolute(paths: Sequence[str]) -> tuple[str, ...] | None:
        return tuple(str(Path(path).resolve()) for path in paths) or None

    of_some = ("size", "label_margin", "style", "curved", "polygons")
    return SynthesisSettings(
        absolute(options["fonts"]),
        absolute(options["words"]),
        absolute(options["backgrounds"]),
        options["seed"],
        charset=options["charset"],
        text_kinds=_weights(options["text_kinds"]),
        page_kinds=_weights(options.get("page_kinds", ())),
        **{name: options[name] for name in of_some if name in options},
    )


def _weights(texts: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """``KIND:WEIGHT`` texts as pairs; a weight is 1 unless it is given."""
    pairs = []
    for text in texts:
        name, _, weight = text.partition(":")
        try:
            pairs.append((name, float(weight or 1)))
        except ValueError:
            raise ConfigError(f'"{text}" is not KIND:WEIGHT') from None
    return tuple(pairs)


def _draw(what: str, write: Callable[..., int], options: Mapping[str, Any]) -> SynthesisSettings:
    """Write the set, if ``--out`` is given; the settings are returned for its contact sheet."""
    out, count = options["out"], options["count"]
    if not out and not options["sheet"]:
        raise ConfigError("nothing to do: name --out and --count, or --sheet")
    if out and count < 1:
        raise ConfigError("--count must be at least 1")
    settings = _settings(options)
    if not out:
        return settings
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with OutputLock(out, is_folder=True), Progress(TextColumn(what), *columns) as progress:
        bar = progress.add_task("", total=count)
        total = write(
            out, settings, count, options["workers"], lambda done: progress.advance(bar, done)
        )
    print(f"{total} {what} in {out}")
    return settings


def _write_sheet(path: Path, sheet: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, encode_below(sheet, _SHEET_LIMIT))
    print(f"contact sheet in {path}")
