"""Show what goes wrong: ``tools/analyze_errors.py PREDICTIONS.jsonl GROUND_TRUTH``.

One self-contained page: scores; missed, misread, merged and split words and false alarms with their
pictures; confused characters; accuracy by height, angle, length and confidence.
"""

from spotter.cli.analyze import analyze
from spotter.cli.commands import run
from spotter.cli.errors import run_tool


def main() -> None:
    """Parse the command line and run."""
    run(analyze)


if __name__ == "__main__":
    run_tool(main)
