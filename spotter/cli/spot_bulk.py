"""``spotter spot`` with ``--out FILE.jsonl`` and the like: any number of photos."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from spotter.cli.options import joined, spotter_arguments, spotter_from
from spotter.errors import ConfigError

OUTPUT_ENDINGS = (".jsonl", ".jsonl.zst", ".parquet")
_ENGINES = ("processes", "ray")

bulk_options = joined(
    click.option(
        "--workers",
        metavar="N|auto",
        help="processes of one thread each, with --out FILE.jsonl, FILE.jsonl.zst or NAME.parquet; "
        "auto: one for each core; default: this process",
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


def writes_lines(
    photos: Sequence[str], out: Path | None, other_form: bool, options: Mapping[str, Any]
) -> bool:
    """Whether a command line asks for lines in a file, which this module writes.

    Args:
        photos: What is spotted.
        out: Where the results go.
        other_form: Whether ``--to`` or ``--json`` asks for something else.
        options: Values of :data:`bulk_options`.

    Raises:
        ConfigError: It asks for something else, and for what only goes with lines.
    """
    from spotter.bulk.sources import is_archive

    ending = "" if out is None else out.name.lower()
    names = ("workers", "time_limit", "shard", "retry_failed", "address")
    asked = [f"--{name.replace('_', '-')}" for name in names if options[name]]
    asked += ["--engine"] if options["engine"] != _ENGINES[0] else []
    asked += [photo for photo in photos if is_archive(photo)]
    if other_form and (asked or ending.endswith(OUTPUT_ENDINGS[1:])):
        raise ConfigError("--to and --json go without what is for many photos, see --help")
    if asked and not ending.endswith(OUTPUT_ENDINGS):
        raise ConfigError(f"{asked[0]} needs --out FILE.jsonl, FILE.jsonl.zst or NAME.parquet")
    return ending.endswith(OUTPUT_ENDINGS) and not other_form


def spot_in_bulk(
    photos: Sequence[str], out: Path, overwrite: bool, chunk: int, options: Mapping[str, Any]
) -> None:
    """Spot any number of photos, and print how many these were.

    Args:
        photos: See :func:`spotter.bulk.sources.walk_photos`.
        out: See :func:`spotter.bulk.outputs.open_output`.
        overwrite: Spot again what is in ``out``.
        chunk: Photos whose words are read together without ``--workers``.
        options: Values of :data:`bulk_options` and of :data:`spotter.cli.options.spotter_options`.
    """
    from spotter.bulk.here import Here, spot_here
    from spotter.bulk.jobs import SpotJob
    from spotter.bulk.run import BulkOptions, run_in_bulk

    workers, limit = options["workers"], options["time_limit"]
    shard, retry = parse_shard(options["shard"]), options["retry_failed"]
    how = BulkOptions(parse_workers(workers), 300.0 if limit is None else limit, shard, retry)
    settings = spotter_arguments(options)
    if options["engine"] == "ray":
        from spotter.cli.spot_ray import spot_on_ray

        settings["threads"] = settings.get("threads") or 1
        spot_on_ray(photos, out, settings, how, options["address"], overwrite)
        return
    if options["address"]:
        raise ConfigError("--address is that of a Ray cluster, and needs --engine ray")
    job: SpotJob | Here
    if workers is not None:
        settings["threads"] = settings.get("threads") or 1
        job = SpotJob(settings)
    elif limit is not None:
        raise ConfigError("--time-limit ends the process that reads a photo: it needs --workers")
    else:
        job = spot_here(spotter_from(options), chunk)
    counts = run_in_bulk(photos, out, job, how, overwrite=overwrite)
    print(f"{out}: {counts.of('photos')}")


def parse_workers(text: str | None, default: int | None = None) -> int | None:
    """A number of processes; ``None`` for ``auto``, and ``default`` for nothing.

    Raises:
        ConfigError: It is neither.
    """
    if text is None or text == "auto":
        return default if text is None else None
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
