"""Average weights of one model: ``tools/average_weights.py FILE[:SHARE].. --out FILE``.

Trainings that began from the same weights can be averaged (Wortsman et al., "Model soups", ICML
2022): the mean often reads unseen photos better than each part. Shares are scaled to sum to 1; the
header is that of the first file, without its scores, as the mean has other ones.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from spotter.cli.errors import run_tool


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "parts",
        nargs="+",
        metavar="FILE[:SHARE]",
        help="weights; after the first also checkpoints (.pth)",
    )
    parser.add_argument("--out", required=True, type=Path, help="the .safetensors file to write")
    arguments = parser.parse_args()
    from spotter.training.averaging import average_files, parse_part

    shares = average_files([parse_part(part) for part in arguments.parts], arguments.out)
    print(f"{arguments.out}: " + ", ".join(f"{share:.3f} {file}" for file, share in shares))


if __name__ == "__main__":
    run_tool(main)
