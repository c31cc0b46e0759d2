"""Label the unlabelled crops of a config: ``tools/pseudo_label.py CONFIG --recognizer WEIGHTS``.

Every PseudoLabelReader in the config's training data names a file of labels; this writes it. With
tools/train.py in between, that makes rounds of self-training (see configs/recipes/noisy_student_*).
"""

from spotter.cli.commands import run
from spotter.cli.errors import run_tool
from spotter.cli.label import pseudo_label


def main() -> None:
    """Parse the command line and run."""
    run(pseudo_label)


if __name__ == "__main__":
    run_tool(main)
