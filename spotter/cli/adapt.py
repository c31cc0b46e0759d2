"""``spotter adapt``: weights that read one's own photos better, without labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from spotter.cli.commands import File, command, several
from spotter.cli.options import joined, model_option, out_option
from spotter.errors import ConfigError, SpotterError

if TYPE_CHECKING:
    from spotter.adaptation.base import BaseSettings, Report
    from spotter.adaptation.detector import DetectorFigures
    from spotter.adaptation.run import AdaptationSettings, Figures

S = TypeVar("S", bound="BaseSettings")

_source_options = joined(
    click.option(
        "--what",
        type=click.Choice(("recognizer", "detector")),
        default="recognizer",
        show_default=True,
        help="what is adapted",
    ),
    click.option("--crops", is_flag=True, help="the pictures are single words, not photos"),
    click.option("--labels", type=File, help="labelled words or photos that tell the true gain"),
    click.option(
        "--layout", help="of the --labels, one of spotter convert --list; default: guessed"
    ),
    model_option,
    click.option("--recognizer", help="weights to start from; default: those of --model"),
    click.option(
        "--detector", help="finds the words, or is adapted; default: the detector of --model"
    ),
)

_label_options = joined(
    click.option(
        "--by",
        type=click.Choice(("views", "agreement")),
        default="views",
        show_default=True,
        help='labels are what the model reads, or RapidOCR (extra "bench"), and some view shows',
    ),
    click.option("--min-score", type=float, help="of labels; default: 0.6, with RapidOCR 0.9"),
    click.option("--held-back", default=0.1, show_default=True, help="share of the photos"),
)

_training_options = joined(
    click.option("--minutes", default=30.0, show_default=True, help="of training"),
    click.option("--lr", type=float, help="largest learning rate; default: 4e-4, detector 1e-4"),
    click.option(
        "--drawn", type=int, help="drawn words or scenes to learn from; default: 4000, 200 scenes"
    ),
    several("--fonts", metavar="PATH...", help="to draw with; default: the system's"),
    click.option(
        "--max-loss", default=1.0, show_default=True, help="points of the guard set to lose"
    ),
    click.option(
        "--share",
        default=0.5,
        show_default=True,
        help="of the adapted weights at most, the rest being those of the start",
    ),
    click.option("--seed", default=0, show_default=True),
    click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda"),
    click.option("--threads", type=int, help="default: all cores of this process"),
    click.option("--workers", default=1, show_default=True, help="processes that mine"),
    click.option("--work-dir", type=File, help="default: the folder <out>_work beside it"),
)


@command(
    examples=(
        "spotter adapt photos/ --out my_reader.safetensors --minutes 30",
        "spotter adapt words/ --crops --by agreement --out my_reader.safetensors",
        "spotter adapt photos/ --out my_reader.safetensors --labels some_words/labels.txt",
        "spotter adapt photos/ --what detector --out my_detector.safetensors",
    )
)
@click.argument("source", type=File, metavar="PHOTOS")
@out_option
@_source_options
@_label_options
@_training_options
def adapt(source: Path, out: Path, **options: Any) -> None:
    """Adapt the recognizer or the detector to your own photos, without labels.

    Finds the words of the PHOTOS (a folder; with --crops of single words, or an LMDB of them),
    labels those of which it is sure, and learns from them and from drawn words, which keep what it
    could read before. The weights are written, also as ONNX, if the words held back, or those of
    --labels, are read better, and the guard set of drawn words that ships as well as before; else
    the command ends with status 2. A later run goes on where an interrupted one stopped.

    With --what detector, the average of the detector teaches it what it is sure of in the photos,
    beside drawn scenes; --labels are photos then.
    """
    if out.suffix != ".safetensors":
        raise ConfigError(f"--out {out}: weights are a .safetensors file")
    work_dir = options["work_dir"] or out.with_name(f"{out.stem}_work")
    detector = options["what"] == "detector"
    lines, reason = (_detector if detector else _recognizer)(source, out, work_dir, options)
    print("\n".join(lines))
    if reason:
        raise SpotterError(f"{out} is not written: {reason}")
    print(usage(out, options["what"]))


def _recognizer(
    source: Path, out: Path, work_dir: Path, options: Mapping[str, Any]
) -> tuple[Sequence[str], str]:
    """Lines of the report of an adapted recognizer, and why it is not written, if it is not."""
    from spotter.adaptation.labelled import LabelledWords
    from spotter.adaptation.run import adapt_recognizer

    labels = options["labels"]
    labelled = None if labels is None else LabelledWords(labels, options["layout"])
    report = adapt_recognizer(source, out, work_dir, _settings(source, options), labelled)
    return report_lines(report), report.reason


def _detector(
    source: Path, out: Path, work_dir: Path, options: Mapping[str, Any]
) -> tuple[Sequence[str], str]:
    """Lines of the report of an adapted detector, and why it is not written, if it is not."""
    from spotter.adaptation.detector import DetectorSettings, adapt_detector
    from spotter.own_data.labels import open_labels

    if options["crops"]:
        raise ConfigError("--crops: a detector is adapted to whole photos")
    labels = options["labels"]
    labelled = None if labels is None else open_labels(labels, options["layout"], photos=True)
    if labelled is not None and labelled.note():
        print(f"left out: {labelled.note()}")
    settings = _asked(DetectorSettings(start=_start(options, "detector")), options)
    report = adapt_detector(source, out, work_dir, settings, labelled)
    return detector_lines(report), report.reason


def _asked(default: S, options: Mapping[str, Any]) -> S:
    """Settings with what was asked for that recognizers and detectors have in common."""
    import torch

    if options["threads"]:
        torch.set_num_threads(options["threads"])
    training = replace(
        default.training,
        minutes=options["minutes"],
        lr=default.training.lr if options["lr"] is None else options["lr"],
        device=options["device"],
        seed=options["seed"],
    )
    return replace(
        default,
        training=training,
        held_back=options["held_back"],
        drawn=default.drawn if options["drawn"] is None else options["drawn"],
        fonts=tuple(options["fonts"]) or None,
        max_loss=options["max_loss"] / 100,
        max_share=options["share"],
        threads=options["threads"],
    )


def _settings(source: Path, options: Mapping[str, Any]) -> AdaptationSettings:
    from spotter.adaptation.labels import WordRules
    from spotter.adaptation.run import AdaptationSettings

    agreement = options["by"] == "agreement"
    least = options["min_score"]
    settings = AdaptationSettings(
        start=_start(options, "recognizer"),
        mining=_mining(source, options),
        preset=options["model"],
        by_agreement=agreement,
        rules=WordRules((0.9 if agreement else 0.6) if least is None else least),
        workers=options["workers"],
    )
    return _asked(settings, options)


def _start(options: Mapping[str, Any], what: str) -> Path:
    """The ``.safetensors`` to start from."""
    from spotter.hub.resolution import resolve_preset, weights_file

    if options[what]:
        return weights_file(options[what], "torch")
    try:
        preset = resolve_preset(options["model"], runtime="torch")
    except SpotterError as error:
        raise type(error)(
            f"{error}; weights to train from are in the source distribution, not in the wheel:"
            f" give them by --{what}"
        ) from None
    return preset.detector if what == "detector" else preset.recognizer


def _mining(source: Path, options: Mapping[str, Any]) -> Any:
    """How words are found, or ``None`` where there are crops already."""
    from spotter.hub.resolution import resolve_preset
    from spotter.labeling.crop_mining import CropMiningSettings

    if options["crops"] or (source / "data.mdb").is_file():
        return None
    name = options["detector"]
    # With a given detector, no preset has to exist.
    return CropMiningSettings(str(resolve_preset(options["model"], name, name).detector))


def report_lines(report: Report[Figures]) -> Sequence[str]:
    """Lines of a table: what was measured before and after."""
    before, after = report.before, report.after
    rows = [("guard set, exact", before.guard.exact, after.guard.exact)]
    rows += _held_back_rows(before, after)
    lines = []
    if before.labelled is not None and after.labelled is not None:
        count = len(before.labelled.right)
        rows.append((f"{count} labelled words, exact", before.labelled.exact, after.labelled.exact))
        rows.append(
            (
                f"{count} labelled words, letters and digits",
                before.labelled.exact_folded,
                after.labelled.exact_folded,
            )
        )
        gained, lost = before.labelled.changes(after.labelled)
        lines.append(f"labelled words read only after: {gained}, only before: {lost}")
    tried = ", ".join(f"{c.share:g}: {100 * c.guard.score:.1f} %" for c in report.choice.tried)
    lines.append(f"share of the adapted weights, and the guard set with it: {tried}")
    table = [f"{'in percent':44} {'before':>7} {'after':>7}"]
    table += [f"{name:44} {100 * was:7.1f} {100 * now:7.1f}" for name, was, now in rows]
    return [*table, *lines]


def _held_back_rows(before: Figures, after: Figures) -> list[tuple[str, float, float]]:
    was, now = before.held_back, after.held_back
    if was is None or now is None:
        return []
    name = f"{was.words} words held back"
    rows = [
        (f"{name}, views that agree", was.agreement, now.agreement),
        (f"{name}, confidence", was.confidence, now.confidence),
        (f"{name}, confidence - agreement", was.overconfidence, now.overconfidence),
    ]
    if was.peer_agreement is not None and now.peer_agreement is not None:
        rows.append((f"{name}, as RapidOCR", was.peer_agreement, now.peer_agreement))
    return rows


def detector_lines(report: Report[DetectorFigures]) -> Sequence[str]:
    """Lines of a table: what was measured of a detector before and after."""
    before, after = report.before, report.after
    rows = [("guard set", before.guard, after.guard)]
    if before.labelled is not None and after.labelled is not None:
        rows.append(("labelled photos", before.labelled, after.labelled))
    lines = [f"{name}: before {was}, after {now}" for name, was, now in rows]
    if before.agreement is not None and after.agreement is not None:
        lines.append(
            f"views of the photos held back agree: before {100 * before.agreement:.1f} of"
            f" {before.found} words, after {100 * after.agreement:.1f} of {after.found}"
        )
    tried = ", ".join(f"{c.share:g}: {100 * c.guard.score:.1f}" for c in report.choice.tried)
    return [*lines, f"share of the adapted weights, and h-mean of the guard set: {tried}"]


def usage(out: Path, what: str = "recognizer") -> str:
    """How the weights are used."""
    return f"spotter spot PHOTO --{what} {out.with_suffix('.onnx')}"
