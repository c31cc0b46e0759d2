"""Command-line options that the tools share, and the spotter that they describe."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from spotter.errors import ImageError
from spotter.hub.spotting_config import load_spotting_config, merge_settings
from spotter.io.folders import list_images
from spotter.io.names import printable_path
from spotter.pipeline.spotter import SceneTextSpotter
from spotter.runtime.runtimes import RUNTIMES

_DEFAULTS = {"model": "default", "runtime": "auto", "device": "cpu"}


def add_runtime_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of everything that loads a model."""
    parser.set_defaults(**_DEFAULTS)
    parser.add_argument("--model", help="pair of the zoo, or a .json of a pair")
    parser.add_argument("--recognizer", help="recognizer instead of the pair's: file or zoo name")
    parser.add_argument("--runtime", choices=RUNTIMES)
    parser.add_argument("--device", help="cpu, cuda or cuda:N")
    parser.add_argument("--threads", type=int, help="default: all cores of this process")
    parser.add_argument(
        "--language", help="language model of the zoo or a .npz file, or none; default: the pair's"
    )


def add_spotter_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of everything that spots words in photos."""
    add_runtime_arguments(parser)
    parser.add_argument("--config", help="spotting config, such as configs/spotting/english.toml")
    parser.add_argument("--detector", help="detector instead of the pair's: file or zoo name")
    parser.add_argument("--min-score", type=float, help="drop words below it; default: the pair's")
    parser.add_argument("--limit-side", type=int, help="input size of the detector in pixels")
    parser.add_argument("--limit-type", choices=("max", "min"))
    parser.add_argument("--zoom", type=float, help="enlarge photos by it; default: the pair's")
    parser.add_argument("--tile", type=int, help="search larger photos in windows of this size")
    parser.add_argument("--lexicon", help="file of the words that may occur, one per line")


def runtime_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Keyword arguments of the classes that load a model."""
    names = ("model", "recognizer", "runtime", "device", "threads", "language")
    return {name: getattr(arguments, name) for name in names}


def spotter_from(arguments: argparse.Namespace, **options: Any) -> SceneTextSpotter:
    """The spotter that the options of :func:`add_spotter_arguments` describe.

    Args:
        arguments: Parsed options.
        options: Further keyword arguments of :class:`SceneTextSpotter`.
    """
    names = ("detector", "min_score", "limit_side", "limit_type", "zoom", "tile", "lexicon")
    chosen = {name: getattr(arguments, name) for name in names}
    chosen |= runtime_options(arguments)
    if arguments.config:
        chosen = merge_settings(load_spotting_config(arguments.config), chosen, _DEFAULTS)
    return SceneTextSpotter(**{**chosen, **options})


def find_images(folder: str | Path, documents: bool = False) -> dict[str, Path]:
    """See :func:`spotter.io.folders.list_images`."""
    return list_images(folder, documents)


def listed_images(file: str | Path) -> dict[str, Path]:
    """The images of a list: one path per line, relative to the list's folder.

    Raises:
        ImageError: The list cannot be read or is empty.
    """
    file = Path(file)
    shown = printable_path(file)
    try:
        if not file.is_file():
            raise OSError
        # Names of files need not be UTF-8.
        text = file.read_bytes().decode("utf-8-sig", "surrogateescape")
    except (OSError, ValueError):
        raise ImageError(f"{shown}: not a folder, and not a readable list of images") from None
    names = [line.strip() for line in text.splitlines() if line.strip()]
    if not names:
        raise ImageError(f"{shown}: names no image")
    return {printable_path(name): file.parent / name for name in names}
