"""Average weights of one model: ``tools/average_weights.py FILE[:SHARE].. --out FILE``.

Trainings that began from the same weights can be averaged (Wortsman et al., "Model soups", ICML
2022): the mean often reads unseen photos better than each part. Shares are scaled to sum to 1; the
header is that of the first file, without its scores, as the mean has other ones.
"""

from spotter.cli.commands import run
from spotter.cli.errors import run_tool
from spotter.cli.weights import average


def main() -> None:
    """Parse the command line and run."""
    run(average)


if __name__ == "__main__":
    run_tool(main)
