"""``spotter spot`` with ``--workers`` or ``--engine``: any number of photos."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from spotter.cli.options import joined, spotter_arguments
from spotter.errors import ConfigError

OUTPUT_ENDINGS = (".jsonl", ".jsonl.zst", ".parquet")
_ENGINES = ("processes", "ray")

bulk_options = joined(
    click.option(
        "--workers",
        metavar="N|auto",
        help="processes of one thread each, with --out FILE.jsonl, FILE.jsonl.zst or NAME.parquet; "
        "auto: one for each core",
    ),
    click.option(
        "--time-limit",
        type=float,
        help="seconds that a photo or page may take with --workers  [default: 300]",
    ),
    click.option("--shard", metavar="K/N", help="only the K-th of N parts of the photos"),
    click.option(
        "--retry-failed", is_flag=True, help="spot photos again that could not be read before"
    ),
    click.option(
        "--engine",
        type=click.Choice(_ENGINES),
        default=_ENGINES[0],
        show_default=True,
        help='processes of this machine, or a Ray cluster (extra "ray")',
    ),
    click.option("--address", help="of the Ray cluster; default: one is started here"),
)
"""Options of runs over many photos."""


def is_bulk(photos: Sequence[str], out: Path | None, options: Mapping[str, Any]) -> bool:
    """Whether a command line asks for what only this module does.

    Raises:
        ConfigError: It does, but not for an output that such a run can write.
    """
    from spotter.bulk.sources import is_archive

    names = ("workers", "time_limit", "shard", "retry_failed", "address")
    asked = [name for name in names if options[name]]
    asked += ["engine"] if options["engine"] != _ENGINES[0] else []
    ending = "" if out is None else out.name.lower()
    packed = ending.endswith(OUTPUT_ENDINGS[1:])
    archives = [photo for photo in photos if is_archive(photo)]
    if not (asked or packed or archives):
        return False
    if not ending.endswith(OUTPUT_ENDINGS):
        what = f"--{asked[0].replace('_', '-')}" if asked else archives[0]
        raise ConfigError(f"{what} needs --out FILE.jsonl, FILE.jsonl.zst or NAME.parquet")
    return True


def spot_in_bulk(
    photos: Sequence[str], out: Path, overwrite: bool, options: Mapping[str, Any]
) -> int:
    """Spot any number of photos, and print how many these were.

    Args:
        photos: See :func:`spotter.bulk.sources.walk_photos`.
        out: See :func:`spotter.bulk.run.run_in_bulk`.
        overwrite: Spot again what is in ``out``.
        options: Values of :data:`bulk_options` and of :data:`spotter.cli.options.spotter_options`.

    Returns:
        The exit status: 1 when there were photos, and none could be read.
    """
    from spotter.bulk.jobs import SpotJob
    from spotter.bulk.run import BulkOptions, run_in_bulk

    how = BulkOptions(
        parse_workers(options["workers"]),
        300.0 if options["time_limit"] is None else options["time_limit"],
        parse_shard(options["shard"]),
        options["retry_failed"],
    )
    settings = spotter_arguments(options)
    settings["threads"] = settings.get("threads") or 1
    if options["engine"] == "ray":
        from spotter.cli.spot_ray import spot_on_ray

        return spot_on_ray(photos, out, settings, how, options["address"], overwrite)
    if options["address"]:
        raise ConfigError("--address is that of a Ray cluster, and needs --engine ray")
    counts = run_in_bulk(photos, out, SpotJob(settings), how, overwrite=overwrite)
    print(
        f"{out}: {counts.made} new photos, {counts.failed} could not be read,"
        f" {counts.kept} were there before"
    )
    return int(counts.made > 0 and counts.failed == counts.made)


def parse_workers(text: str | None) -> int | None:
    """A number of processes; ``None`` for ``auto`` or nothing.

    Raises:
        ConfigError: Neither.
    """
    if text is None or text == "auto":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise ConfigError(f"--workers is a number from 1 or auto, not {text!r}")
    return int(text)


def parse_shard(text: str | None) -> tuple[int, int]:
    """K and N of ``K/N``; 1 and 1 for nothing.

    Raises:
        ConfigError: Another form, or K is not from 1 to N.
    """
    if text is None:
        return 1, 1
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise ConfigError(f"--shard is K/N with K from 1 to N, not {text!r}")
    return int(match[1]), int(match[2])
