"""The command line of ``tools/benchmark.py``."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.report import BenchmarkReport
from benchmarks.run import (
    Score,
    averages,
    can_run,
    predict,
    score_photos,
    score_word_lists,
    score_words,
)
from benchmarks.sets import OpenedSet, open_folder, open_set
from benchmarks.suites import SUITES, BenchmarkSet, PhotoSet, Suite, WordSet, suite_of
from benchmarks.systems import Settings, System, baseline_system, our_system
from spotter.errors import ConfigError
from spotter.evaluation.protocols.recognition import RecognitionReport
from spotter.labeling.rapidocr import ENGINES
from spotter.runtime.runtimes import RUNTIMES


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of a benchmark."""
    parser = argparse.ArgumentParser(
        prog="benchmark.py",
        description="Run models over benchmark sets and print one table.",
        epilog="benchmarks/suites.py lists where sets are searched. Predictions are "
        "kept in --out as JSON lines for tools/evaluate.py; a run that was interrupted goes on.",
    )
    parser.add_argument(
        "models",
        nargs="*",
        metavar="MODEL",
        help="preset, .json of a preset, detector, recognizer, or DETECTOR+RECOGNIZER",
    )
    parser.add_argument("--suite", nargs="+", default=[], metavar="S", help=", ".join(SUITES))
    parser.add_argument("--data", type=Path, metavar="ROOT", help="data root of the suites")
    parser.add_argument(
        "--word-lists",
        nargs="+",
        type=Path,
        default=[],
        metavar="DIR",
        help="also these folders of pictures with an expected.json, wherever they lie",
    )
    parser.add_argument(
        "--baseline", nargs="+", choices=ENGINES, default=[], help="to compare with"
    )
    parser.add_argument("--sets", nargs="+", metavar="NAME", help="only these sets")
    parser.add_argument(
        "--out", type=Path, default=Path("work_dirs/benchmarks"), help="folder of the predictions"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all scores")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table as a page")
    parser.add_argument("--runtime", choices=RUNTIMES, default="auto")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    parser.add_argument("--threads", type=int, help="default: all cores of this process")
    parser.add_argument("--min-score", type=float, help="of words in photos; default: the preset's")
    parser.add_argument("--limit-side", type=int, help="input size of the detector in pixels")
    parser.add_argument("--limit-type", choices=("max", "min"))
    parser.add_argument("--scale", type=float, help="enlarge photos by it; default: the preset's")
    parser.add_argument("--tile", type=int, help="search larger photos in windows of this size")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, print, and write what was asked for.

    Raises:
        SpotterError: A model or a set cannot be used, or no set was found.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    options = parse_arguments(arguments)
    suites = [suite_of(name) for name in options.suite]
    if not options.models and not options.baseline:
        raise ConfigError("name a MODEL or a --baseline")
    opened, missing = _open_sets(suites, options)
    systems = _systems(options)
    console = Console(stderr=True)
    outcome = BenchmarkReport(
        options.suite,
        suites,
        systems,
        opened,
        missing,
        _scores(suites, systems, opened, options.out, console),
        _command(arguments),
    )
    Console().print(outcome.table())
    for note in outcome.notes():
        console.print(note, highlight=False)
    if options.json:
        text = json.dumps(outcome.to_dict(), indent=1, ensure_ascii=False)
        _write(options.json, f"{text}\n")
    if options.markdown:
        _write(options.markdown, outcome.markdown())


def _open_sets(
    suites: Sequence[Suite], options: argparse.Namespace
) -> tuple[list[OpenedSet], list[str]]:
    if not options.suite and not options.word_lists:
        raise ConfigError("name a --suite or folders of --word-lists")
    if options.suite and (options.data is None or not options.data.is_dir()):
        raise ConfigError(f"--data {options.data}: no such folder")
    given = {found.name: found for found in map(open_folder, options.word_lists)}
    kinds: list[BenchmarkSet] = []
    for suite in suites:
        kinds += [kind for kind in suite.sets if kind not in kinds]
    if options.sets:
        strangers = sorted(set(options.sets) - {kind.name for kind in kinds})
        if strangers:
            known = ", ".join(kind.name for kind in kinds)
            raise ConfigError(f"--sets: no set {strangers[0]!r}; there are {known}")
        kinds = [kind for kind in kinds if kind.name in options.sets]
    opened, missing = [], []
    for kind in kinds:
        found = given.pop(kind.name, None) or open_set(kind, options.data)
        if found is None:
            missing.append(kind.name)
        else:
            opened.append(found)
    opened += given.values()
    if not opened:
        places = (place for kind in kinds for place in kind.places)
        wanted = ", ".join(dict.fromkeys(p if isinstance(p, str) else p.path for p in places))
        raise ConfigError(f"{options.data}: holds none of {wanted}")
    return opened, missing


def _systems(options: argparse.Namespace) -> list[System]:
    settings = Settings(
        options.runtime,
        options.device,
        options.threads,
        options.min_score,
        options.limit_side,
        options.limit_type,
        options.scale,
        options.tile,
    )
    found: list[System] = [our_system(model, settings) for model in options.models]
    found += [baseline_system(name, options.threads) for name in options.baseline]
    names = [system.name for system in found]
    doubles = [name for name in names if names.count(name) > 1]
    if doubles:
        raise ConfigError(f"{doubles[0]}: named twice")
    return found


def _scores(
    suites: Sequence[Suite],
    systems: Sequence[System],
    opened: Sequence[OpenedSet],
    out: Path,
    console: Console,
) -> list[Score]:
    scores: list[Score] = []
    reports: dict[str, dict[str, dict[str, RecognitionReport]]] = {c.name: {} for c in systems}
    for found in opened:
        for system in systems:
            if not can_run(system, found.kind):
                continue
            file = predict(system, found, out, console)
            if isinstance(found.kind, PhotoSet):
                scores += score_photos(system, found, file)
            elif isinstance(found.kind, WordSet):
                own, reports[system.name][found.name] = score_words(system, found, file)
                scores += own
            else:
                scores.append(score_word_lists(system, found, file))
    for suite in suites:
        for system in systems:
            scores += averages(suite, system, reports[system.name])
    return scores


def _command(arguments: Sequence[str]) -> str:
    """The command line without the paths of this machine: they differ elsewhere."""
    shown: list[str] = []
    hidden = {"--data": "data", "--out": None, "--json": None}
    waiting: str | None = None
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if waiting is not None:
            option, waiting = waiting, None
        elif option in hidden and not equals:
            waiting = option
            continue
        if option in hidden:
            stand_in = hidden[option]
            shown += [] if stand_in is None else [option, stand_in]
        elif equals:
            shown.append(f"{option}={_without_folder(value)}")
        else:
            shown.append("+".join(map(_without_folder, argument.split("+"))))
    return shlex.join(["tools/benchmark.py", *shown])


def _without_folder(argument: str) -> str:
    path = Path(argument)
    return path.name if path.is_absolute() else argument


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
