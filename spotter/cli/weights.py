"""``spotter average`` and ``spotter language-model``: files of weights out of others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from spotter.cli.commands import command
from spotter.cli.options import out_option


@command(examples=("spotter average a.safetensors:2 b.safetensors --out mean.safetensors",))
@click.argument("parts", nargs=-1, required=True, metavar="FILE[:SHARE]...")
@out_option
def average(parts: Sequence[str], out: Path) -> None:
    """Average weights of one model that were trained from the same start.

    The mean often reads unseen photos better than each part (Wortsman et al., "Model soups", ICML
    2022). Shares are scaled to sum to 1; after the first, parts may be checkpoints (.pth), too. The
    header is that of the first file, without its scores.
    """
    from spotter.training.averaging import average_files, parse_part

    shares = average_files([parse_part(part) for part in parts], out)
    print(f"{out}: " + ", ".join(f"{share:.3f} {file}" for file, share in shares))


@command(
    "language-model",
    examples=("spotter language-model words.tsv:0.85:0.75 names.txt:0.15:0 --out own.npz",),
)
@click.argument("sources", nargs=-1, required=True, metavar="LIST[:SHARE[:POWER]]...")
@out_option
@click.option("--order", default=5, show_default=True, help="order of the character n-gram")
@click.option(
    "--min-count", default=2.0, show_default=True, help="n-grams of fewer words are not stored"
)
@click.option("--known", default=0.88, show_default=True, help="share of words of the lists")
@click.option("--numbers", default=0.08, show_default=True, help="share of numbers")
@click.option("--codes", default=0.02, show_default=True, help="share of codes such as B2F07")
@click.option("--licence", default="", help="of the lists, noted in the file")
def language_model(
    sources: Sequence[str],
    out: Path,
    order: int,
    min_count: float,
    known: float,
    numbers: float,
    codes: float,
    licence: str,
) -> None:
    """Build a language model for reading out of lists of words.

    SHARE is the weight of a list among the lists, POWER what its frequencies are raised to (0 makes
    all words equal). Lines are word<TAB>frequency, names, or running text. Case and accents do not
    count. The alphabet is a to z, or, where most letters of the lists are others, all of theirs;
    syllables of Hangul are taken apart.
    """
    from spotter.decoding import LanguageModel, WordSource

    model = LanguageModel.build(
        [WordSource.parse(source) for source in sources],
        order,
        min_count,
        known,
        numbers,
        codes=codes,
    )
    if licence:
        model.card["licence"] = licence
    model.save(out)
    size = out.stat().st_size / 1e6
    counts = f"{len(model.prior.words)} words of {len(model.letters)} letters"
    print(f"{out}: {counts}, {len(model.ngram)} n-grams, {size:.2f} MB")
