"""Label photos that have no labels: ``tools/label_photos.py FOLDER --out LABELS``.

Words of which the labeller is sure get a label, the others ``###``, in the layout of ICDAR2015.
With ``--by views`` those are the words that a pair reads alike from many sides; with ``--by
agreement`` those that the pair and an independent reader (RapidOCR, extra ``bench``) read alike. A
later run goes on where the last one stopped.
"""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

from spotter.cli.arguments import find_images
from spotter.cli.errors import run_tool
from spotter.data.readers.icdar_detection import ICDARDetectionReader
from spotter.labeling.agreement import AgreementLabeller, AgreementRules, outlines_by_stem
from spotter.labeling.photo_labels import Labeller, LabelRules, PhotoLabeller, label_photos
from spotter.runtime.runtimes import RUNTIMES


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("photos", type=Path, help="folder of photos")
    parser.add_argument("--out", type=Path, required=True, help="folder of the label files")
    parser.add_argument("--by", choices=("views", "agreement"), default="views")
    parser.add_argument("--model", default="default", help="pair of the zoo, or a .json of a pair")
    parser.add_argument("--runtime", choices=RUNTIMES, default="auto")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    parser.add_argument("--threads", type=int, help="default: all cores of this process")
    views = parser.add_argument_group("--by views")
    for rule in fields(LabelRules):
        name = "--" + rule.name.replace("_", "-")
        views.add_argument(name, type=type(rule.default), default=rule.default)
    agreement = parser.add_argument_group("--by agreement")
    agreement.add_argument(
        "--take-marks",
        action="store_true",
        help="where only letters and digits agree, take the independent reader's marks",
    )
    agreement.add_argument("--min-score", type=float, default=AgreementRules.min_score)
    agreement.add_argument("--charset", default="latin", help="characters of the labels")
    agreement.add_argument(
        "--outlines", type=Path, metavar="DIR", help="gt_<stem>.txt that say where words are"
    )
    arguments = parser.parse_args()
    labeller = _labeller(arguments)
    report = label_photos(find_images(arguments.photos), arguments.out, labeller)
    print(f"{arguments.out}: {report}")
    for photo, reason in report.errors.items():
        print(f"  {photo}: {reason}")


def _labeller(arguments: argparse.Namespace) -> Labeller:
    run = (arguments.model, arguments.runtime, arguments.device, arguments.threads)
    if arguments.by == "views":
        names = [rule.name for rule in fields(LabelRules)]
        return PhotoLabeller(*run, LabelRules(**{name: getattr(arguments, name) for name in names}))
    # Only this one needs the independent reader.
    from spotter.labeling.readers import PeerReader

    outlines = None
    if arguments.outlines is not None:
        outlines = outlines_by_stem(ICDARDetectionReader(arguments.outlines, arguments.photos))
    rules = AgreementRules(
        arguments.take_marks, arguments.min_score, min_height=arguments.min_height
    )
    peer = PeerReader(arguments.charset, threads=arguments.threads or 1)
    return AgreementLabeller(peer, *run, rules, outlines)


if __name__ == "__main__":
    run_tool(main)
