"""The command line that all studies share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import torch

from research.studies.rows import Sizes, Study


def study_parser(study: Study[Sizes]) -> argparse.ArgumentParser:
    """The arguments of every study; a study adds its own."""
    parser = argparse.ArgumentParser(prog=f"study.py {study.name}", description=study.about)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, required=True, help="folder of the results")
    parser.add_argument("--report", type=Path, help="Markdown file; default: in --out")
    parser.add_argument("--scale", type=float, default=1.0, help="factor of all iterations")
    parser.add_argument("--rows", nargs="+", choices=study.methods, help="default: all")
    parser.add_argument("--seeds", type=int, default=study.seeds, help="seeds of the main rows")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument(
        "--start",
        type=Path,
        help="weights of a recognizer like deep_ctc, trained on drawn words only, that all rows"
        " start from",
    )
    parser.add_argument("--report-only", action="store_true", help="run nothing")
    return parser


def run_command(
    study: Study[Sizes],
    args: argparse.Namespace,
    settings: Sizes,
    write_report: Callable[[Path, Path], None],
) -> None:
    """Run a study as its arguments ask, and write its page.

    Args:
        study: To run.
        args: Of :func:`study_parser`.
        settings: Made of them.
        write_report: Writes the page, from the folder of the rows.

    Raises:
        ConfigError: See :meth:`Study.run`; or there is no finished row.
    """
    torch.set_num_threads(args.threads)
    if not args.report_only:
        study.run(settings, args.rows, args.seeds)
    write_report(args.out / "rows", args.report or args.out / f"{study.name}.md")
