"""The command line of ``tools/synthesize.py``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from spotter.errors import ConfigError, SpotterError
from spotter.synthesis.pages.crops import page_crops
from spotter.synthesis.sheets import encode_below, scene_sheet, word_sheet
from spotter.synthesis.writers import (
    STYLES,
    SynthesisSettings,
    write_page_words,
    write_pages,
    write_scenes,
    write_words,
)

_SHEET_LIMIT = 290_000
_COMMANDS = {
    "words": ("word crops as LMDB", write_words),
    "scenes": ("scenes, ICDAR2015 layout", write_scenes),
    "pages": ("pages and screens, CTW1500 layout", write_pages),
    "page_words": ("word crops cut out of pages, as LMDB", write_page_words),
}


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of ``words``, ``scenes``, ``pages`` and ``page_words``."""
    parser = argparse.ArgumentParser(prog="synthesize.py", description="Draw synthetic text.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (about, _) in _COMMANDS.items():
        command = commands.add_parser(name, help=about)
        command.add_argument("--out", help="folder of the set; begun ones are completed")
        command.add_argument("--count", type=int, default=0, help="samples in the finished set")
        command.add_argument("--fonts", nargs="+", metavar="PATH", help="fonts or folders of them")
        command.add_argument("--words", nargs="+", metavar="PATH", help=".tsv and .txt, or folders")
        command.add_argument("--backgrounds", nargs="+", metavar="PATH", help="photos or folders")
        command.add_argument("--seed", type=int, default=0)
        command.add_argument("--workers", type=int, default=1, help="processes that draw")
        command.add_argument("--sheet", metavar="FILE.jpg", help="contact sheet of the first ones")
        command.add_argument("--charset", default="94", help="36, 62, 94, latin or a file")
        if name == "words":
            command.add_argument("--style", choices=tuple(STYLES), default="mixed")
            continue
        side = 640 if name == "scenes" else 960
        command.add_argument("--size", type=int, nargs=2, default=(side, side), metavar=("H", "W"))
        if name != "page_words":
            command.add_argument(
                "--label-margin", type=float, default=0.0, help="room around outlines, in heights"
            )
        if name == "scenes":
            command.add_argument(
                "--curved", type=float, default=0.0, help="share of words on circles and waves"
            )
            command.add_argument(
                "--polygons", action="store_true", help="labels of any shape, CTW1500 layout"
            )
    return parser.parse_args(arguments)


def _settings(options: argparse.Namespace) -> SynthesisSettings:
    def absolute(paths: list[str] | None) -> tuple[str, ...] | None:
        return None if paths is None else tuple(str(Path(path).resolve()) for path in paths)

    return SynthesisSettings(
        absolute(options.fonts),
        absolute(options.words),
        absolute(options.backgrounds),
        options.seed,
        tuple(getattr(options, "size", (640, 640))),
        label_margin=getattr(options, "label_margin", 0.0),
        style=getattr(options, "style", "mixed"),
        charset=options.charset,
        curved=getattr(options, "curved", 0.0),
        polygons=getattr(options, "polygons", False),
    )


def _write_set(options: argparse.Namespace, settings: SynthesisSettings) -> None:
    write = _COMMANDS[options.command][1]
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(TextColumn(options.command), *columns) as progress:
        bar = progress.add_task("", total=options.count)
        total = write(
            options.out,
            settings,
            options.count,
            options.workers,
            lambda done: progress.advance(bar, done),
        )
    print(f"{total} {options.command} in {options.out}")


def _write_sheet(options: argparse.Namespace, settings: SynthesisSettings) -> None:
    if options.command == "words":
        words = settings.words_synthesizer()
        sheet = word_sheet([words.sample(index) for index in range(100)])
    elif options.command == "page_words":
        pages, rng = settings.pages_synthesizer(), np.random.default_rng(settings.seed)
        crops = [page_crops(pages.sample(index), rng, most=5) for index in range(20)]
        sheet = word_sheet([crop for part in crops for crop in part])
    else:
        pages_or_scenes = (
            settings.scenes_synthesizer()
            if options.command == "scenes"
            else settings.pages_synthesizer()
        )
        sheet = scene_sheet([pages_or_scenes.sample(index) for index in range(6)])
    path = Path(options.sheet)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_below(sheet, _SHEET_LIMIT))
    print(f"contact sheet in {path}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tool; the exit status is 1 after an error of one line, 130 after an interrupt."""
    options = parse_arguments(arguments)
    try:
        if not options.out and not options.sheet:
            raise ConfigError("nothing to do: name --out and --count, or --sheet")
        if options.out and options.count < 1:
            raise ConfigError("--count must be at least 1")
        settings = _settings(options)
        if options.out:
            _write_set(options, settings)
        if options.sheet:
            _write_sheet(options, settings)
    except SpotterError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    return 0
