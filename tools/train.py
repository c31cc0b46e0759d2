"""Train: ``tools/train.py CONFIG [--work-dir D] [--resume] [--amp] [--cfg-options k=v ...]``.

Several processes: ``torchrun --nproc-per-node 8 tools/train.py CONFIG --launcher pytorch``.
"""

from spotter.cli.commands import run
from spotter.cli.errors import run_tool
from spotter.cli.train import train


def main() -> None:
    """Parse the command line and run."""
    run(train)


if __name__ == "__main__":
    run_tool(main)
