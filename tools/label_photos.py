"""Label photos that have no labels: ``tools/label_photos.py FOLDER --out LABELS``.

Words that a pair reads alike from many sides get what it reads as their label, the others
``###``, in the layout of ICDAR2015. A later run goes on where the last one stopped.
"""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

from spotter.cli.arguments import find_images
from spotter.cli.errors import run_tool
from spotter.labeling.photo_labels import LabelRules, PhotoLabeller, label_photos
from spotter.runtime.runtimes import RUNTIMES


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("photos", type=Path, help="folder of photos")
    parser.add_argument("--out", type=Path, required=True, help="folder of the label files")
    parser.add_argument("--model", default="default", help="pair of the zoo, or a .json of a pair")
    parser.add_argument("--runtime", choices=RUNTIMES, default="auto")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    parser.add_argument("--threads", type=int, help="default: all cores of this process")
    for rule in fields(LabelRules):
        name = "--" + rule.name.replace("_", "-")
        parser.add_argument(name, type=type(rule.default), default=rule.default)
    arguments = parser.parse_args()
    rules = LabelRules(**{rule.name: getattr(arguments, rule.name) for rule in fields(LabelRules)})
    labeller = PhotoLabeller(
        arguments.model, arguments.runtime, arguments.device, arguments.threads, rules
    )
    report = label_photos(find_images(arguments.photos), arguments.out, labeller)
    print(f"{arguments.out}: {report}")
    for photo, reason in report.errors.items():
        print(f"  {photo}: {reason}")


if __name__ == "__main__":
    run_tool(main)
