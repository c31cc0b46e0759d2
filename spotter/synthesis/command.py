"""The command line of ``tools/synthesize.py``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from spotter.errors import ConfigError, SpotterError
from spotter.synthesis.demo import write_demo_photos
from spotter.synthesis.sheets import encode_below, scene_sheet, word_sheet
from spotter.synthesis.writers import (
    STYLES,
    SynthesisSettings,
    write_scenes,
    write_words,
)

_SHEET_LIMIT = 290_000


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of ``words``, ``scenes`` and ``demo``."""
    parser = argparse.ArgumentParser(prog="synthesize.py", description="Draw synthetic text.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, about in (("words", "word crops as LMDB"), ("scenes", "scenes, ICDAR2015 layout")):
        command = commands.add_parser(name, help=about)
        command.add_argument("--out", help="folder of the set; begun ones are completed")
        command.add_argument("--count", type=int, default=0, help="samples in the finished set")
        command.add_argument("--fonts", nargs="+", metavar="PATH", help="fonts or folders of them")
        command.add_argument("--words", nargs="+", metavar="PATH", help=".tsv and .txt, or folders")
        command.add_argument("--backgrounds", nargs="+", metavar="PATH", help="photos or folders")
        command.add_argument("--seed", type=int, default=0)
        command.add_argument("--workers", type=int, default=1, help="processes that draw")
        command.add_argument("--sheet", metavar="FILE.jpg", help="contact sheet of the first ones")
        if name == "words":
            command.add_argument("--style", choices=tuple(STYLES), default="mixed")
        else:
            command.add_argument(
                "--size", type=int, nargs=2, default=(640, 640), metavar=("H", "W")
            )
    demo = commands.add_parser("demo", help="three painted photos with text")
    demo.add_argument("--out", required=True, help="folder for the photos")
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
        style=getattr(options, "style", "mixed"),
    )


def _write_set(options: argparse.Namespace, settings: SynthesisSettings) -> None:
    write = write_words if options.command == "words" else write_scenes
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
    else:
        scenes = settings.scenes_synthesizer()
        sheet = scene_sheet([scenes.sample(index) for index in range(6)])
    path = Path(options.sheet)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_below(sheet, _SHEET_LIMIT))
    print(f"contact sheet in {path}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tool; the exit status is 1 after an error of one line, 130 after an interrupt."""
    options = parse_arguments(arguments)
    try:
        if options.command == "demo":
            for path in write_demo_photos(options.out):
                print(path)
            return 0
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
