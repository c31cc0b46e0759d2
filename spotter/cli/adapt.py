"""``spotter adapt``: weights that read one's own photos better, without labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spotter.cli.commands import File, command, several
from spotter.cli.options import joined, model_option, out_option
from spotter.errors import ConfigError, SpotterError

if TYPE_CHECKING:
    from spotter.adaptation.run import AdaptationSettings, Figures, Report

_source_options = joined(
    click.option("--crops", is_flag=True, help="the pictures are single words, not photos"),
    click.option("--labels", type=File, help="labelled words that tell the true gain"),
    model_option,
    click.option("--recognizer", help="weights to start from; default: those of --model"),
    click.option("--detector", help="finds the words; default: the detector of --model"),
)

_label_options = joined(
    click.option(
        "--by",
        type=click.Choice(("views", "agreement")),
        default="views",
        show_default=True,
        help='labels are what views agree on, or a view and RapidOCR (extra "bench")',
    ),
    click.option("--min-share", default=0.75, show_default=True, help="of views read alike"),
    click.option("--min-score", default=0.9, show_default=True, help="of RapidOCR"),
    click.option("--held-back", default=0.1, show_default=True, help="share of the photos"),
)

_training_options = joined(
    click.option("--minutes", default=30.0, show_default=True, help="of training"),
    click.option("--lr", default=4e-4, show_default=True, help="largest learning rate"),
    click.option("--drawn", default=4000, show_default=True, help="drawn words to learn from"),
    several("--fonts", metavar="PATH...", help="to draw with; default: the system's"),
    click.option(
        "--max-loss", default=1.0, show_default=True, help="points of the guard set to lose"
    ),
    click.option(
        "--share",
        default=1.0,
        show_default=True,
        help="of the adapted weights, the rest being those of the start",
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
    )
)
@click.argument("source", type=File, metavar="PHOTOS")
@out_option
@_source_options
@_label_options
@_training_options
def adapt(source: Path, out: Path, **options: Any) -> None:
    """Adapt the recognizer to your own photos, without labels.

    Finds the words of the PHOTOS (a folder; with --crops of single words, or an LMDB of them),
    labels those of which it is sure, and learns from them and from drawn words, which keep what it
    could read before. The weights are written, also as ONNX, if the words held back, or those of
    --labels, are read better, and the guard set of drawn words that ships as well as before; else
    the command ends with status 2. A later run goes on where an interrupted one stopped.
    """
    if out.suffix != ".safetensors":
        raise ConfigError(f"--out {out}: weights are a .safetensors file")
    from spotter.adaptation.labelled import LabelledWords
    from spotter.adaptation.run import adapt_recognizer

    labels = options["labels"]
    labelled = None if labels is None else LabelledWords(labels)
    work_dir = options["work_dir"] or out.with_name(f"{out.stem}_work")
    report = adapt_recognizer(source, out, work_dir, _settings(source, options), labelled)
    print("\n".join(report_lines(report)))
    if report.weights is None:
        raise SpotterError(f"{out} is not written: {report.reason}")
    print(usage(out))


def _settings(source: Path, options: Mapping[str, Any]) -> AdaptationSettings:
    import torch

    from spotter.adaptation.labels import WordRules
    from spotter.adaptation.run import AdaptationSettings
    from spotter.adaptation.training import TrainingSettings

    if not 0 <= options["held_back"] < 1:
        raise ConfigError("--held-back is a share in [0, 1)")
    if not 0 < options["share"] <= 1:
        raise ConfigError("--share is in (0, 1]")
    if options["threads"]:
        torch.set_num_threads(options["threads"])
    return AdaptationSettings(
        start=_start(options),
        mining=_mining(source, options),
        by_agreement=options["by"] == "agreement",
        rules=WordRules(options["min_share"], options["min_score"]),
        training=TrainingSettings(
            minutes=options["minutes"],
            lr=options["lr"],
            device=options["device"],
            seed=options["seed"],
        ),
        held_back=options["held_back"],
        drawn=options["drawn"],
        fonts=tuple(options["fonts"]) or None,
        max_loss=options["max_loss"] / 100,
        max_share=options["share"],
        workers=options["workers"],
        threads=options["threads"],
    )


def _start(options: Mapping[str, Any]) -> Path:
    """The ``.safetensors`` to start from."""
    from spotter.hub.resolution import resolve_preset, weights_file

    if options["recognizer"]:
        return weights_file(options["recognizer"], "torch")
    try:
        return resolve_preset(options["model"], runtime="torch").recognizer
    except SpotterError as error:
        raise type(error)(
            f"{error}; weights to train from are in the source distribution, not in the wheel:"
            " give them by --recognizer"
        ) from None


def _mining(source: Path, options: Mapping[str, Any]) -> Any:
    """How words are found, or ``None`` where there are crops already."""
    from spotter.hub.resolution import resolve_preset
    from spotter.labeling.crop_mining import CropMiningSettings

    if options["crops"] or (source / "data.mdb").is_file():
        return None
    name = options["detector"]
    # With a given detector, no preset has to exist.
    return CropMiningSettings(str(resolve_preset(options["model"], name, name).detector))


def report_lines(report: Report) -> Sequence[str]:
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
    tried = ", ".join(f"{c.share:g}: {100 * c.guard.exact:.1f} %" for c in report.choice.tried)
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


def usage(out: Path) -> str:
    """How the weights are used."""
    return f"spotter spot PHOTO --recognizer {out.with_suffix('.onnx')}"
