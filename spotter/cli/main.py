"""The command ``spotter``."""

from __future__ import annotations

import click

import spotter
from spotter.cli.commands import LazyGroup, run
from spotter.cli.errors import run_tool

SECTIONS = {
    "Read": {
        "spot": ("spotter.cli.spot:spot", "find and read the words of photos"),
        "read": ("spotter.cli.read:read", "read images of single words"),
        "serve": ("spotter.cli.serve:serve", "an HTTP service, and a page to drop a photo on"),
        "doctor": ("spotter.cli.doctor:doctor", "what is installed, and how quick it is"),
    },
    "Train": {
        "train": (
            "spotter.cli.train:train",
            "fine-tune on your own words or photos, or train what a config describes",
        ),
        "adapt": ("spotter.cli.adapt:adapt", "better weights for your photos, without labels"),
        "test": ("spotter.cli.train:test", "score weights on the test set of a config"),
        "export": ("spotter.cli.export:export", "weights to ONNX"),
        "alphabet": ("spotter.cli.alphabet:alphabet", "the alphabets, and pages to test them by"),
        "average": ("spotter.cli.weights:average", "the mean of several trainings"),
        "language-model": (
            "spotter.cli.weights:language_model",
            "build a language model out of word lists",
        ),
    },
    "Data": {
        "convert": ("spotter.cli.convert:convert", "data sets from one layout to another"),
        "browse": ("spotter.cli.browse:browse", "a page of what a config trains on"),
        "synthesize": (
            "spotter.cli.synthesize:synthesize",
            "draw labelled words, scenes and pages",
        ),
        "label": ("spotter.cli.label:label", "label photos that have no labels"),
        "relabel": ("spotter.cli.relabel:relabel", "complete labels without marks or case"),
        "measure-agreement": (
            "spotter.cli.relabel:measure_agreement",
            "how good labels by agreement are",
        ),
        "mine": ("spotter.cli.label:mine", "cut unlabelled word crops out of photos"),
        "pseudo-label": (
            "spotter.cli.label:pseudo_label",
            "label the unlabelled crops of a config",
        ),
    },
    "Measure": {
        "evaluate": ("spotter.cli.evaluate:evaluate", "score saved predictions"),
        "analyze": ("spotter.cli.analyze:analyze", "a page of what was missed and misread"),
    },
    "In a checkout of the project": {
        "benchmark": ("spotter.cli.checkout:benchmark", "run models over benchmark sets"),
        "benchmark-speed": ("spotter.cli.checkout:benchmark_speed", "speed beside RapidOCR"),
        "calibrate": ("spotter.cli.checkout:calibrate", "make scores probabilities"),
        "tune": ("spotter.cli.checkout:tune", "input size and thresholds of a detector"),
        "probe": ("spotter.cli.checkout:probe", "where a recognizer gives out"),
        "study": ("spotter.cli.checkout:study", "compare ways of training"),
        "release": ("spotter.cli.checkout:release", "train the shipped weights"),
    },
}
"""The sub-commands: where they are, and what they do."""


@click.group(
    "spotter",
    cls=LazyGroup,
    sections=SECTIONS,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog='spotter COMMAND --help shows options and examples. All but "Read" need the extra '
    '"train": pip install "scene-text-spotter[train]".',
)
@click.version_option(spotter.__version__, prog_name="spotter")
def cli() -> None:
    """Scene text spotting: find and read the words in photos, and train what does it."""


def main() -> None:
    """The console script: an expected error is one line and status 2, an interrupt 130."""
    run_tool(lambda: run(cli))
