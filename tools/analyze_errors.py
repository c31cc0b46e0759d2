"""Show what goes wrong: ``tools/analyze_errors.py PREDICTIONS.jsonl GROUND_TRUTH``.

One self-contained page: scores; missed, misread, merged and split words and false alarms with their
pictures; confused characters; accuracy by height, angle, length and confidence.
"""

from spotter.cli.errors import run_tool
from spotter.error_analysis.command import main

if __name__ == "__main__":
    run_tool(main)
