"""How good labels by agreement are: ``tools/measure_agreement.py word_list labels.txt``.

Reads labelled word crops with a preset and with RapidOCR (extra ``bench``), and tells how many
words both read alike and how many of those are right, with marks and case; spaces do not count.
"""

from __future__ import annotations

import argparse

from rich.progress import track

from spotter.cli.errors import run_tool
from spotter.errors import ConfigError
from spotter.labeling.agreement import AgreementFigures, AgreementRules


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("layout", help="one of tools/convert_dataset.py --list, of word crops")
    parser.add_argument("source", help="its folder or annotation file")
    parser.add_argument("--image-root", metavar="DIR", help="where the images lie, if elsewhere")
    parser.add_argument("--start", type=int, help="first word; negative: from the end")
    parser.add_argument("--stop", type=int, help="one past the last word")
    parser.add_argument("--model", default="default", help="preset, or a .json of one")
    parser.add_argument("--language", help="default: the preset's; none: no language model")
    parser.add_argument("--charset", default="latin", help="characters of the labels")
    parser.add_argument("--min-score", type=float, default=AgreementRules.min_score)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    from spotter.conversion.command import find_layout
    from spotter.conversion.source import Source
    from spotter.data.transforms.loading import load_pixels
    from spotter.labeling.readers import OwnReader, PeerReader

    layout = find_layout(arguments.layout)
    if layout.task != "recognition":
        raise ConfigError(f"{arguments.layout}: holds photos, not word crops")
    bounds = {"start": arguments.start, "stop": arguments.stop}
    words = layout.open(Source(arguments.source, None, arguments.image_root), bounds)
    own = OwnReader(arguments.model, threads=arguments.threads, language=arguments.language)
    peer = PeerReader(arguments.charset, threads=arguments.threads)
    truths, readings, others = [], [], []
    for index in track(range(len(words)), "reading"):
        sample = words[index]
        if sample["text"]:
            crop = load_pixels(sample)
            truths.append("".join(sample["text"].split()))
            readings += own.read([crop])
            others += peer.read([crop])
    for take_marks in (False, True):
        rules = AgreementRules(take_marks, arguments.min_score)
        figures = AgreementFigures.of(truths, readings, others, rules)
        print(f"{'letters and digits' if take_marks else 'exactly'}: {figures}")


if __name__ == "__main__":
    run_tool(main)
