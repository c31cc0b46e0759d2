"""Commands of benchmarks and research, whose code is only in a checkout."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

import click

import spotter
from spotter.errors import ConfigError


class CheckoutCommand(click.Command):
    """A command that hands all its arguments on.

    Args:
        name: Of the command.
        module: Module below the root of a checkout; its ``main(arguments)`` is called.
    """

    def __init__(self, name: str, module: str) -> None:
        super().__init__(
            name,
            callback=lambda arguments: call_in_checkout(module, arguments),
            params=[click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED)],
            add_help_option=False,
            context_settings={"ignore_unknown_options": True},
        )


def call_in_checkout(module: str, arguments: Sequence[str]) -> None:
    """Import a module of the checkout that this package is in, and call its ``main``.

    Args:
        module: Such as ``"benchmarks.command"``.
        arguments: Of the command line.

    Raises:
        ConfigError: This package is not in a checkout.
    """
    root = Path(spotter.__file__).resolve().parents[1]
    if not (root / module.replace(".", "/")).with_suffix(".py").is_file():
        raise ConfigError(
            "this command works in a checkout of the project only, installed with pip install -e"
        )
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    importlib.import_module(module).main(list(arguments))


benchmark = CheckoutCommand("benchmark", "benchmarks.command")
benchmark_speed = CheckoutCommand("benchmark-speed", "benchmarks.speed_command")
calibrate = CheckoutCommand("calibrate", "benchmarks.calibrate")
probe = CheckoutCommand("probe", "benchmarks.robustness")
tune = CheckoutCommand("tune", "benchmarks.tune_detector")
study = CheckoutCommand("study", "research.studies.command")
release = CheckoutCommand("release", "research.release.command")
