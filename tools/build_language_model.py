"""Build a language model: ``tools/build_language_model.py LIST [LIST ..] --out FILE``.

A list is a file, ``FILE:SHARE`` or ``FILE:SHARE:POWER``: its weight among the lists, and the power
that its frequencies are raised to (0 makes all words equal). Lines are ``word<TAB>frequency``,
names, or running text.
"""

from spotter.cli.commands import run
from spotter.cli.errors import run_tool
from spotter.cli.weights import language_model


def main() -> None:
    """Parse the command line and run."""
    run(language_model)


if __name__ == "__main__":
    run_tool(main)
