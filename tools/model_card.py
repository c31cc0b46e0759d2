"""Write the cards of shipped models anew: ``tools/model_card.py NAME...``."""

import argparse
from pathlib import Path

import spotter
from spotter.cli.errors import run_tool


def main() -> None:
    package = Path(spotter.__file__).parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", help="weights of the zoo")
    parser.add_argument("--zoo", type=Path, default=package / "hub" / "weights")
    parser.add_argument("--docs", type=Path, default=package.parent / "docs")
    args = parser.parse_args()
    from research.release.cards import write_card

    for name in args.names:
        print(write_card(name, args.zoo, args.docs))


if __name__ == "__main__":
    run_tool(main)
