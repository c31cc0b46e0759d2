"""Build a language model: ``tools/build_language_model.py LIST [LIST ..] --out FILE``.

A list is a file, ``FILE:SHARE`` or ``FILE:SHARE:POWER``: its weight among the lists, and the power
that its frequencies are raised to (0 makes all words equal). Lines are ``word<TAB>frequency``,
names, or running text.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from spotter.cli.errors import run_tool


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sources", nargs="+", metavar="LIST")
    parser.add_argument("--out", required=True, help="the .npz file to write")
    parser.add_argument("--order", type=int, default=5, help="order of the character n-gram")
    parser.add_argument(
        "--min-count", type=float, default=2.0, help="n-grams of fewer words are not stored"
    )
    parser.add_argument("--known", type=float, default=0.88, help="share of words of the lists")
    parser.add_argument("--numbers", type=float, default=0.08, help="share of numbers")
    parser.add_argument("--codes", type=float, default=0.02, help="share of codes such as B2F07")
    parser.add_argument("--licence", default="", help="of the lists, noted in the file")
    arguments = parser.parse_args()
    from spotter.decoding import LanguageModel, WordSource

    model = LanguageModel.build(
        [WordSource.parse(source) for source in arguments.sources],
        arguments.order,
        arguments.min_count,
        arguments.known,
        arguments.numbers,
        codes=arguments.codes,
    )
    if arguments.licence:
        model.card["licence"] = arguments.licence
    model.save(arguments.out)
    print(
        f"{arguments.out}: {len(model.prior.words)} words, {len(model.ngram)} n-grams,"
        f" {Path(arguments.out).stat().st_size / 1e6:.2f} MB"
    )


if __name__ == "__main__":
    run_tool(main)
