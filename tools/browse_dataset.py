"""Show what a config trains on: ``tools/browse_dataset.py CONFIG --out page.html``.

One self-contained page: samples as they are stored, and as the model gets them after the config's
transforms, with the target maps of detectors and all views of recipes.
"""

from spotter.cli.browse import browse
from spotter.cli.commands import run
from spotter.cli.errors import run_tool


def main() -> None:
    """Parse the command line and run."""
    run(browse)


if __name__ == "__main__":
    run_tool(main)
