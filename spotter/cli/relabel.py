"""``spotter relabel``, ``spotter measure-agreement``: labels and an independent reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.progress import track

from spotter.cli.commands import command
from spotter.cli.convert import find_layout
from spotter.cli.options import joined, model_option, out_option
from spotter.conversion.source import Source
from spotter.data.transforms.loading import load_pixels
from spotter.errors import ConfigError
from spotter.io.locks import OutputLock
from spotter.label_alphabet import LABEL_ALPHABETS, LabelAlphabet
from spotter.labeling.agreement import AgreementFigures, AgreementRules
from spotter.labeling.readers import OwnReader, PeerReader
from spotter.labeling.relabel import (
    METHODS,
    Relabeller,
    RelabelRules,
    relabel_list,
    relabel_photos,
)

_set_options = joined(
    click.argument("layout"),
    click.argument("source", metavar="SRC"),
    click.option("--image-root", metavar="DIR", help="where the images lie, if elsewhere"),
    click.option("--charset", default="latin", show_default=True, help="characters of the labels"),
    click.option("--threads", default=1, show_default=True),
)


@command(
    examples=(
        "spotter relabel word_list words/labels.txt --out words/complete.txt",
        "spotter relabel icdar2015 ch4_training/ --out complete/ --label-alphabet upper",
    )
)
@_set_options
@out_option
@model_option
@click.option("--split", help="which part, where SRC holds several")
@click.option(
    "--label-alphabet",
    type=click.Choice(list(LABEL_ALPHABETS)),
    default="36",
    show_default=True,
    help="what the labels tell; 36: letters and digits, case not reliable",
)
@click.option(
    "--by",
    type=click.Choice(METHODS),
    default=RelabelRules.by,
    show_default=True,
    help="see RelabelRules; constrained: by --model, otherwise by the independent reader",
)
@click.option("--min-score", default=RelabelRules.min_score, show_default=True)
@click.option("--min-share", default=RelabelRules.min_share, show_default=True)
@click.option("--min-log-probability", default=RelabelRules.min_log_probability, show_default=True)
def relabel(layout: str, source: str, out: Path, **options: Any) -> None:
    """Complete labels that leave out marks or case.

    An independent reader (RapidOCR, extra "bench") reads each word of SRC (LAYOUT: one of spotter
    convert --list); what it sees beyond the label completes the label, where it is sure, and words
    of which it is not are left out. Word crops become a list "path text", photos a folder of label
    files in the layout of ICDAR2015. Pictures stay where they are.
    """
    found = find_layout(layout)
    words = found.open(Source(source, options["split"], options["image_root"]))
    rules = RelabelRules(
        options["by"], options["min_score"], options["min_share"], options["min_log_probability"]
    )
    own = peer = None
    if options["by"] == "constrained":
        own = OwnReader(options["model"], threads=options["threads"])
    else:
        peer = PeerReader(options["charset"], threads=options["threads"])
    relabeller = Relabeller(LabelAlphabet.load(options["label_alphabet"]), peer, own, rules)
    crops = found.task == "recognition"
    write = relabel_list if crops else relabel_photos
    with OutputLock(out.parent if crops else out, is_folder=True):
        print(f"{out}: {write(words, relabeller, load_pixels, out)}")


@command(
    "measure-agreement",
    examples=("spotter measure-agreement word_list words/labels.txt --start -500",),
)
@_set_options
@model_option
@click.option("--language", help="default: the preset's; none: no language model")
@click.option("--start", type=int, help="first word; negative: from the end")
@click.option("--stop", type=int, help="one past the last word")
@click.option("--min-score", default=AgreementRules.min_score, show_default=True)
def measure_agreement(layout: str, source: str, **options: Any) -> None:
    """Measure how good labels by agreement are.

    Reads the labelled word crops of SRC (LAYOUT: one of spotter convert --list) with a preset and
    with RapidOCR (extra "bench"), and tells how many words both read alike and how many of those
    are right, with marks and case; spaces do not count.
    """
    found = find_layout(layout)
    if found.task != "recognition":
        raise ConfigError(f"{layout}: holds photos, not word crops")
    bounds = {"start": options["start"], "stop": options["stop"]}
    words = found.open(Source(source, None, options["image_root"]), bounds)
    threads = options["threads"]
    own = OwnReader(options["model"], threads=threads, language=options["language"])
    peer = PeerReader(options["charset"], threads=threads)
    truths, readings, others = [], [], []
    for index in track(range(len(words)), "reading"):
        sample = words[index]
        if sample["text"]:
            crop = load_pixels(sample)
            truths.append("".join(sample["text"].split()))
            readings += own.read([crop])
            others += peer.read([crop])
    for take_marks in (False, True):
        rules = AgreementRules(take_marks, options["min_score"])
        figures = AgreementFigures.of(truths, readings, others, rules)
        print(f"{'letters and digits' if take_marks else 'exactly'}: {figures}")
