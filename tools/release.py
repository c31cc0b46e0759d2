"""Train a released model for some minutes: ``tools/release.py detector|recognizer --minutes M``.

Goes on from the state in ``--state`` (or, when that is empty, from the shipped weights), trains on
whatever machine it is on, validates, and ships the weights if they beat the shipped ones.
"""

from research.release.command import main
from spotter.cli.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
