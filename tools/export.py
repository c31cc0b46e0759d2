"""Export weights: ``tools/export.py WEIGHTS.safetensors --to onnx [--out FILE]``."""

from spotter.cli.commands import run
from spotter.cli.errors import run_tool
from spotter.cli.export import export


def main() -> None:
    """Parse the command line and run."""
    run(export)


if __name__ == "__main__":
    run_tool(main)
