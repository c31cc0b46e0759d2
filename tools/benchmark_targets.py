"""Speed of what the CPU does on one core: per training sample targets, crops and augmentation,
and per test set the evaluation protocols."""

from benchmarks.training_speed import main
from spotter.cli.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
