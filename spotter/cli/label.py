"""``spotter label``, ``spotter mine``, ``spotter pseudo-label``: labels and crops of raw photos."""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from spotter.bulk.jobs import is_shareable
from spotter.bulk.photos import Photo
from spotter.bulk.run import Photos
from spotter.bulk.sources import is_archive
from spotter.cli.commands import File, command
from spotter.cli.options import device_options, joined, model_option, out_option
from spotter.cli.spot_bulk import parse_workers
from spotter.data.readers.icdar_detection import ICDARDetectionReader
from spotter.errors import ImageError
from spotter.hub.resolution import resolve_preset
from spotter.io.locks import OutputLock
from spotter.io.names import printable_path
from spotter.labeling.agreement import AgreementLabeller, AgreementRules, outlines_by_stem
from spotter.labeling.crop_mining import CropMiningSettings, mine_crops, write_contact_sheet
from spotter.labeling.photo_labels import (
    LAYOUTS,
    LabelJob,
    LabelRules,
    PhotoLabeller,
    label_photos,
)
from spotter.labeling.pseudo_labels import label_samples, pseudo_label_sources
from spotter.pipeline.word_recognizer import WordRecognizer

_RULES = [rule.name for rule in fields(LabelRules)]

workers_option = click.option(
    "--workers",
    metavar="N|auto",
    help="processes of one thread each; auto: one for each core  [default: this process]",
)

_rule_options = joined(
    *(
        click.option(
            "--" + rule.name.replace("_", "-"),
            type=type(rule.default),
            default=rule.default,
            show_default=True,
            help="of both" if rule.name == "min_height" else "--by views: see LabelRules",
        )
        for rule in fields(LabelRules)
    )
)

_agreement_options = joined(
    click.option(
        "--take-marks",
        is_flag=True,
        help="--by agreement: where only letters and digits agree, take the independent reader's "
        "marks",
    ),
    click.option(
        "--min-score",
        default=AgreementRules.min_score,
        show_default=True,
        help="--by agreement: of the independent reader",
    ),
    click.option(
        "--charset",
        default="latin",
        show_default=True,
        help="--by agreement: characters of the labels",
    ),
    click.option(
        "--find",
        type=click.Choice(("both", "preset")),
        default="both",
        show_default=True,
        help="--by agreement: who finds the words, the preset and the independent reader or only "
        "the preset",
    ),
    click.option(
        "--outlines",
        type=File,
        metavar="DIR",
        help="--by agreement: gt_<stem>.txt that say where words are",
    ),
)


@command(
    examples=(
        "spotter label photos/ --out labels/",
        "spotter label photos/ --out labels/ --by agreement --take-marks",
    )
)
@click.argument("photos")
@out_option
@click.option("--by", type=click.Choice(("views", "agreement")), default="views", show_default=True)
@click.option(
    "--layout",
    type=click.Choice(tuple(LAYOUTS)),
    default="icdar2015",
    show_default=True,
    help="of the label files: quadrilaterals, or outlines that follow curved words",
)
@workers_option
@model_option
@device_options()
@_rule_options
@_agreement_options
def label(photos: str, out: Path, **options: Any) -> None:
    """Label the photos of a folder, list or tar archive that have no labels.

    Words of which the labeller is sure get a label, the others ###: with --by views those that are
    read alike in many views, with --by agreement those that an independent reader (RapidOCR, extra
    "bench") reads alike. A later run goes on where the last one stopped.
    """
    workers = parse_workers(options["workers"], 1)
    threads = options["threads"] if workers == 1 else 1
    run = (options["model"], options["runtime"], options["device"], threads)
    if options["by"] == "views":
        rules = LabelRules(**{name: options[name] for name in _RULES})
        job = LabelJob(partial(PhotoLabeller, *run, rules), is_shareable(*run[1:]))
    else:
        job = LabelJob(partial(_agreement_labeller, photos, options, run))
    with OutputLock(out, is_folder=True):
        _say(out, label_photos(_found([photos]), out, job, workers, layout=options["layout"]))


def _found(sources: Sequence[str]) -> Photos:
    """The photos that the arguments name; none may be missing.

    Raises:
        ImageError: One is, a pattern matches no file, or a list cannot be read.
    """
    for source in sources:
        named = is_archive(source) or glob.has_magic(source) or "://" in source
        if not named and not Path(source).exists():
            raise ImageError(f"{printable_path(source)}: no such file or folder")
    return Photos.of(sources, documents=False)


def _agreement_labeller(
    photos: str, options: Mapping[str, Any], run: tuple[str, str, str, int | None]
) -> AgreementLabeller:
    # Only this one needs the independent reader.
    from spotter.labeling.readers import PeerReader

    outlines = None
    if options["outlines"] is not None:
        outlines = outlines_by_stem(ICDARDetectionReader(options["outlines"], photos))
    rules = AgreementRules(
        options["take_marks"], options["min_score"], min_height=options["min_height"]
    )
    peer = PeerReader(options["charset"], threads=run[-1] or 1)
    find = peer.find if options["find"] == "both" else None
    return AgreementLabeller(peer, *run, rules, outlines, find)


@command(examples=("spotter mine photos/ --out crops.lmdb --contact-sheet crops.jpg",))
@click.argument("photos", nargs=-1, required=True, metavar="PHOTOS...")
@out_option
@click.option("--detector", help="file or name of shipped weights; default: the default preset's")
@device_options()
@workers_option
@click.option("--min-score", default=CropMiningSettings.min_score, show_default=True)
@click.option("--min-height", default=CropMiningSettings.min_height, show_default=True)
@click.option(
    "--aspect",
    type=float,
    nargs=2,
    default=(CropMiningSettings.min_aspect, CropMiningSettings.max_aspect),
    show_default=True,
    metavar="MIN MAX",
    help="width over height",
)
@click.option("--margin", default=CropMiningSettings.margin, show_default=True)
@click.option(
    "--distance",
    default=CropMiningSettings.distance,
    show_default=True,
    help="bits of 128 in which near duplicates differ at most; -1 keeps all",
)
@click.option("--contact-sheet", metavar="FILE.jpg", help="picture of some of the crops")
@click.option("--sheet-count", default=200, show_default=True, help="crops on the sheet")
def mine(photos: Sequence[str], out: Path, **options: Any) -> None:
    """Cut words out of photos, without labels, for semi- and self-supervised training.

    PHOTOS are folders, lists (.txt, one path per line), patterns, tar archives (WebDataset), and
    what else spotter spot reads. Near duplicates are left out; a later run, also over more photos,
    goes on where the last one stopped.
    """
    found = _found(photos)
    named = Photos(lambda: map(_named_by_path, found.walk()), found.count)
    workers = parse_workers(options["workers"], 1)
    settings = _mining_settings(options)
    with OutputLock(out, is_folder=True):
        _say(out, mine_crops(named, out, settings, workers, options["threads"]))
        if options["contact_sheet"]:
            write_contact_sheet(out, options["contact_sheet"], options["sheet_count"])


def _named_by_path(photo: Photo) -> Photo:
    """The photo, named by its path however few folders are given: later runs may give more."""
    source = photo.source
    return replace(photo, name=source.as_posix()) if isinstance(source, Path) else photo


def _mining_settings(options: Mapping[str, Any]) -> CropMiningSettings:
    name, runtime = options["detector"], options["runtime"]
    return CropMiningSettings(
        # With a given detector, no preset has to exist.
        detector=str(resolve_preset("default", name, name, runtime).detector),
        runtime=runtime,
        device=options["device"],
        min_score=options["min_score"],
        min_height=options["min_height"],
        min_aspect=options["aspect"][0],
        max_aspect=options["aspect"][1],
        margin=options["margin"],
        distance=options["distance"],
    )


@command(
    "pseudo-label",
    examples=("spotter pseudo-label CONFIG --recognizer teacher.safetensors --data-root /data",),
)
@click.argument("config")
@click.option("--recognizer", required=True, help="teacher: file or name of shipped weights")
@click.option("--data-root", help="folder of the data sets; default: SPOTTER_DATA")
@device_options("torch")
@click.option("--batch-size", default=64, show_default=True)
def pseudo_label(
    config: str,
    recognizer: str,
    data_root: str | None,
    runtime: str,
    device: str,
    threads: int | None,
    batch_size: int,
) -> None:
    """Label the unlabelled crops of a config with a recognizer.

    Every PseudoLabelReader in the config's training data names a file of labels; this writes it.
    With spotter train in between, that makes rounds of self-training (see
    configs/recipes/noisy_student_*).
    """
    from spotter.registry import READERS
    from spotter.training.launch import load_config

    options = {"data_root": data_root} if data_root else None
    sources = pseudo_label_sources(load_config(config, options).train_dataloader)
    teacher = WordRecognizer(
        recognizer=recognizer,
        runtime=runtime,
        device=device,
        threads=threads,
        batch_size=batch_size,
        turn=False,
    )
    for labels, reader in sources.items():
        samples = READERS.build(reader)
        with OutputLock(Path(labels).parent, is_folder=True):
            count, failed = label_samples(teacher, samples, labels)
        print(f"{labels}: {count} new of {len(samples)} crops, {failed} could not be read")


def _say(out: Path, report: Any) -> None:
    print(f"{out}: {report}")
    for photo, reason in report.errors.items():
        print(f"  {photo}: {reason}")
