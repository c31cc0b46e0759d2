"""Complete labels that leave out marks or case: ``tools/relabel.py LAYOUT SOURCE --out FILE``.

An independent reader (RapidOCR, extra ``bench``) reads each word; what it sees beyond the label
completes the label, where it is sure, and words of which it is not are left out. Word crops become
a list ``path text``, photos a folder of label files in the layout of ICDAR2015. Pictures stay where
they are.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from spotter.cli.errors import run_tool
from spotter.label_alphabet import LABEL_ALPHABETS, LabelAlphabet
from spotter.labeling.relabel import (
    METHODS,
    Relabeller,
    RelabelRules,
    relabel_list,
    relabel_photos,
)


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("layout", help="one of tools/convert_dataset.py --list")
    parser.add_argument("source", help="its folder or annotation file")
    parser.add_argument("--split", help="see tools/convert_dataset.py")
    parser.add_argument("--image-root", metavar="DIR", help="where the images lie, if elsewhere")
    parser.add_argument("--out", type=Path, required=True, help="list, or folder for photos")
    parser.add_argument(
        "--label-alphabet",
        choices=list(LABEL_ALPHABETS),
        default="36",
        help="what the labels tell; 36 (default): letters and digits, case not reliable",
    )
    parser.add_argument("--by", choices=METHODS, default=RelabelRules.by, help="see RelabelRules")
    parser.add_argument("--min-score", type=float, default=RelabelRules.min_score)
    parser.add_argument("--min-share", type=float, default=RelabelRules.min_share)
    parser.add_argument(
        "--min-log-probability", type=float, default=RelabelRules.min_log_probability
    )
    parser.add_argument("--charset", default="latin", help="characters of the completed labels")
    parser.add_argument("--model", default="default", help="preset, for --by constrained")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    from spotter.conversion.command import find_layout
    from spotter.conversion.source import Source
    from spotter.data.transforms.loading import load_pixels
    from spotter.labeling.readers import OwnReader, PeerReader

    layout = find_layout(arguments.layout)
    words = layout.open(Source(arguments.source, arguments.split, arguments.image_root))
    rules = RelabelRules(
        arguments.by, arguments.min_score, arguments.min_share, arguments.min_log_probability
    )
    own = peer = None
    if arguments.by == "constrained":
        own = OwnReader(arguments.model, threads=arguments.threads)
    else:
        peer = PeerReader(arguments.charset, threads=arguments.threads)
    alphabet = LabelAlphabet.load(arguments.label_alphabet)
    relabeller = Relabeller(alphabet, peer, own, rules)
    write = relabel_list if layout.task == "recognition" else relabel_photos
    print(f"{arguments.out}: {write(words, relabeller, load_pixels, arguments.out)}")


if __name__ == "__main__":
    run_tool(main)
