"""Robustness of a recognizer: accuracy on drawn words that get harder to read step by step."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.drawn_words import FACTORS, Level, WordDrawer
from research.figures import Example, draw_examples
from spotter.errors import ConfigError
from spotter.evaluation.protocols.names import recognition_protocol
from spotter.evaluation.report import markdown_table
from spotter.pipeline import WordRecognizer


@dataclass(frozen=True)
class LevelResult:
    """Result of one level.

    Attributes:
        level: The level.
        accuracy: Share of words read right, 36 characters, case folded.
        example: The first of its words, with what was read.
    """

    level: Level
    accuracy: float
    example: Example


def evaluate_robustness(
    recognizer: WordRecognizer,
    count: int = 100,
    fonts: Sequence[str] | None = None,
    seed: int = 0,
    factors: Mapping[str, Sequence[Level]] | None = None,
) -> dict[str, list[LevelResult]]:
    """Read drawn words of every level.

    Args:
        recognizer: Reads them.
        count: Words per level. All levels of a factor draw with the same random numbers.
        fonts: See :class:`WordDrawer`.
        seed: Of the words.
        factors: Levels by factor; ``None``: all, :data:`FACTORS`.

    Returns:
        Results by factor.

    Raises:
        ConfigError: No words, or no fonts.
    """
    if count < 1:
        raise ConfigError("a robustness evaluation needs at least one word per level")
    drawer = WordDrawer(fonts)
    normalize = recognition_protocol("36").normalise
    found: dict[str, list[LevelResult]] = {}
    for factor, levels in track((FACTORS if factors is None else factors).items(), "reading"):
        found[factor] = []
        for level in levels:
            crops, texts = [], []
            for number in range(count):
                rng = np.random.default_rng([seed, number])
                texts.append(drawer.text(rng, level))
                crops.append(drawer.draw(rng, texts[-1], level.drawing))
            read = ["" if r is None else r.text for r in recognizer.read(crops)[0]]
            right = [normalize(a) == normalize(b) for a, b in zip(read, texts, strict=True)]
            example = Example(crops[0], f"{level.title}: {read[0] or '-'}", right[0])
            found[factor].append(LevelResult(level, sum(right) / count, example))
    return found


def report(found: Mapping[str, Sequence[LevelResult]]) -> str:
    """A table: one row per factor, its levels from easy to hard."""
    most = max(len(results) for results in found.values())
    rows = []
    for factor, results in found.items():
        cells = [f"{o.level.title}: **{100 * o.accuracy:.0f}**" for o in results]
        rows.append([factor, *cells, *[""] * (most - len(cells))])
    return markdown_table(["factor", "easiest", *[""] * (most - 1)], rows)


def write_page(
    path: Path, model: str, command: str, count: int, found: Mapping[str, Sequence[LevelResult]]
) -> None:
    """The table and, next to the file, a picture with an example of every level."""
    picture = path.with_suffix(".png")
    draw_examples(
        picture, {factor: [o.example for o in results] for factor, results in found.items()}
    )
    text = f"""# Robustness of {model}

Printed by `{command}`: {count} drawn words per level, dark on light or light on dark, that
get harder to read by one factor at a time. *level: **accuracy in %***, 36 characters, case folded.
Photos are hard in several ways at once; this measures what each factor costs.

{report(found)}

The first word of every level, with its level and what was read (red: wrong):

![examples]({picture.name})
"""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of ``tools/probe_recognizer.py``."""
    parser = argparse.ArgumentParser(
        prog="probe_recognizer.py",
        description="Robustness evaluation: read drawn words that get harder step by step.",
    )
    parser.add_argument("model", nargs="?", default="default", help="preset, or .json of one")
    parser.add_argument("--recognizer", help="file or name of a recognizer instead")
    parser.add_argument("--words", type=int, default=100, help="words per level")
    parser.add_argument("--fonts", nargs="+", help="font files or folders")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, help="default: all cores of this process")
    parser.add_argument("--page", type=Path, metavar="FILE.md", help="write a page and its picture")
    args = parser.parse_args(arguments)
    recognizer = WordRecognizer(args.model, recognizer=args.recognizer, threads=args.threads)
    found = evaluate_robustness(recognizer, args.words, args.fonts, args.seed)
    say: Callable[[str], None] = Console(highlight=False, markup=False, soft_wrap=True).print
    for factor, results in found.items():
        levels = "  ".join(f"{o.level.title}: {100 * o.accuracy:.0f} %" for o in results)
        say(f"{factor}: {levels}")
    if args.page is not None:
        name = args.recognizer or args.model
        command = f"tools/probe_recognizer.py {args.model}"
        for option in ("recognizer", "words", "seed"):
            if getattr(args, option) != parser.get_default(option):
                command += f" --{option} {getattr(args, option)}"
        if args.fonts:
            command += f" --fonts {' '.join(args.fonts)}"
        write_page(args.page, Path(name).stem, command, args.words, found)
