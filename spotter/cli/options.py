"""Options that commands share, and what they describe."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from spotter.cli.commands import File, several
from spotter.errors import ConfigError
from spotter.runtime.runtimes import RUNTIMES

if TYPE_CHECKING:
    from spotter.pipeline.spotter import SceneTextSpotter

_RUNTIME_NAMES = ("model", "recognizer", "runtime", "device", "threads", "language")
_SPOTTER_NAMES = ("detector", "min_score", "limit_side", "limit_type", "scale", "tile", "lexicon")

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def joined(*options: Decorator) -> Decorator:
    """One decorator out of several, in the order in which the help shows them."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def device_options(runtime: str = "auto") -> Decorator:
    """Where networks run: ``--runtime``, ``--device``, ``--threads``."""
    return joined(
        click.option("--runtime", type=click.Choice(RUNTIMES), default=runtime, show_default=True),
        click.option("--device", default="cpu", show_default=True, help="cpu, cuda or cuda:N"),
        click.option("--threads", type=int, help="default: all cores of this process"),
    )


model_option = click.option(
    "--model", default="default", show_default=True, help="preset, or a .json of one"
)

runtime_options = joined(
    model_option,
    click.option("--recognizer", help="instead of the preset's: file or name of shipped weights"),
    device_options(),
    click.option(
        "--language", help="language model: name, .npz file, or none; default: the preset's"
    ),
)
"""Options of everything that loads a recognizer."""

spotter_options = joined(
    runtime_options,
    click.option("--config", help="spotting config, such as configs/spotting/small_words.toml"),
    click.option("--detector", help="instead of the preset's: file or name of shipped weights"),
    click.option("--min-score", type=float, help="drop words below it; default: the preset's"),
    click.option("--limit-side", type=int, help="input size of the detector in pixels"),
    click.option("--limit-type", type=click.Choice(("max", "min"))),
    click.option("--scale", type=float, help="enlarge photos by it; default: the preset's"),
    click.option("--tile", type=int, help="search larger photos in windows of this size"),
    click.option("--lexicon", help="file of the words that may occur, one per line"),
)
"""Options of everything that spots words in photos."""

config_options = several(
    "--cfg-options",
    metavar="KEY=VALUE...",
    help="overrides, such as train_cfg.max_iters=100 data_root=/data",
)
"""Overrides of an experiment config; :func:`parse_overrides` reads them."""

truth_options = joined(
    click.argument("predictions"),
    click.argument("ground_truth"),
    click.option("--layout", help="of the ground truth, one of spotter convert --list"),
    click.option("--split", help="which part, where the ground truth holds several"),
    click.option("--images", metavar="DIR", help="where its images lie, if elsewhere"),
    click.option(
        "--predicted-only",
        is_flag=True,
        help="leave out images without predictions, instead of counting their words as missed",
    ),
)
"""Saved predictions, and what they are compared with."""

scale_option = click.option(
    "--scale",
    metavar="X,Y|fit",
    help="factors on the ground truth's coordinates; fit: from the size of the stored photo to the "
    "width and height in the predictions",
)

out_option = click.option("--out", type=File, required=True, help="file or folder to write")


def recognizer_settings(options: Mapping[str, Any]) -> dict[str, Any]:
    """Keyword arguments of the classes that load a model, out of :data:`runtime_options`."""
    return {name: options[name] for name in _RUNTIME_NAMES}


def spotter_arguments(options: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of the spotter that the values of :data:`spotter_options` describe.

    What the command line says replaces what the file of ``--config`` says, and that the defaults.
    """
    from spotter.hub.settings import read_settings

    chosen = recognizer_settings(options) | {name: options[name] for name in _SPOTTER_NAMES}
    if options["config"]:
        given = {k: v for k, v in chosen.items() if v is not None and not _is_default(k)}
        chosen |= read_settings(options["config"]) | given
    return chosen


def _is_default(name: str) -> bool:
    """Whether the present command line leaves an option out."""
    context = click.get_current_context(silent=True)
    return context is not None and context.get_parameter_source(name) is ParameterSource.DEFAULT


def spotter_from(options: Mapping[str, Any]) -> SceneTextSpotter:
    """The spotter that the values of :data:`spotter_options` describe."""
    from spotter.pipeline.spotter import SceneTextSpotter

    return SceneTextSpotter(**spotter_arguments(options))


def parse_overrides(pairs: Sequence[str]) -> dict[str, Any]:
    """Values of ``KEY=VALUE``: numbers, booleans, lists and tuples as mmengine reads them.

    Raises:
        ConfigError: A pair without ``=``, or brackets that do not match.
    """
    from mmengine.config import DictAction

    for pair in pairs:
        if "=" not in pair:
            raise ConfigError(f"overrides are KEY=VALUE, not {pair!r}")
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--set", nargs="+", action=DictAction, default={})
    try:
        overrides: dict[str, Any] = parser.parse_args([f"--set={pair}" for pair in pairs]).set
    except AssertionError as error:
        raise ConfigError(f"overrides: {error}") from None
    return overrides
