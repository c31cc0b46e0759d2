"""Cut words out of photos: ``tools/harvest_crops.py DIR_or_LIST... --out crops.lmdb``.

The crops are unlabelled, for semi- and self-supervised training. Near duplicates are left out; a
later run, also over more photos, goes on where the last one stopped.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from spotter.cli.arguments import find_images, listed_images
from spotter.cli.errors import run_tool
from spotter.hub.zoo import resolve_pair
from spotter.labeling.crop_mining import HarvestSettings, harvest_crops, write_contact_sheet
from spotter.runtime.runtimes import RUNTIMES


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "photos", nargs="+", help="folder of photos (recursive), or a list, one path per line"
    )
    parser.add_argument("--out", required=True, help="LMDB to write or go on with")
    parser.add_argument("--detector", help="file or zoo name; default: the default pair's")
    parser.add_argument("--runtime", choices=RUNTIMES, default="auto")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    parser.add_argument("--workers", type=int, default=1, help="processes that detect")
    parser.add_argument("--threads", type=int, help="of a single process; default: all cores")
    parser.add_argument("--min-score", type=float, default=HarvestSettings.min_score)
    parser.add_argument("--min-height", type=float, default=HarvestSettings.min_height)
    parser.add_argument(
        "--aspect",
        type=float,
        nargs=2,
        default=(HarvestSettings.min_aspect, HarvestSettings.max_aspect),
        metavar=("MIN", "MAX"),
        help="width over height",
    )
    parser.add_argument("--margin", type=float, default=HarvestSettings.margin)
    parser.add_argument(
        "--distance",
        type=int,
        default=HarvestSettings.distance,
        help="bits of 128 in which near duplicates differ at most; -1 keeps all",
    )
    parser.add_argument("--contact-sheet", metavar="FILE.jpg", help="picture of some of the crops")
    parser.add_argument("--sheet-count", type=int, default=200, help="crops on the sheet")
    arguments = parser.parse_args()
    name = arguments.detector
    settings = HarvestSettings(
        # With a detector of one's own, no pair has to exist.
        detector=str(resolve_pair("default", name, name, arguments.runtime).detector),
        runtime=arguments.runtime,
        device=arguments.device,
        min_score=arguments.min_score,
        min_height=arguments.min_height,
        min_aspect=arguments.aspect[0],
        max_aspect=arguments.aspect[1],
        margin=arguments.margin,
        distance=arguments.distance,
    )
    photos = {}
    for source in map(Path, arguments.photos):
        found = find_images(source) if source.is_dir() else listed_images(source)
        photos.update({path.as_posix(): path for path in found.values()})
    report = harvest_crops(photos, arguments.out, settings, arguments.workers, arguments.threads)
    print(f"{arguments.out}: {report}")
    for photo, reason in report.errors.items():
        print(f"  {photo}: {reason}")
    if arguments.contact_sheet:
        write_contact_sheet(arguments.out, arguments.contact_sheet, arguments.sheet_count)


if __name__ == "__main__":
    run_tool(main)
