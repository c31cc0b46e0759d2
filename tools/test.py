"""Score: ``tools/test.py CONFIG WEIGHTS [--cfg-options k=v ...]``."""

from spotter.training.launch import run_tool, score_main

if __name__ == "__main__":
    run_tool(score_main)
