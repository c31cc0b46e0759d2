"""Score: ``tools/test.py CONFIG WEIGHTS [--cfg-options k=v ...]``."""

from spotter.cli.commands import run
from spotter.cli.errors import run_tool
from spotter.cli.train import test


def main() -> None:
    """Parse the command line and run."""
    run(test)


if __name__ == "__main__":
    run_tool(main)
