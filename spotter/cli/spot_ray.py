"""``spotter spot --engine ray``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spotter.bulk import ray
from spotter.bulk.jobs import SpotJob
from spotter.bulk.outputs import done_names, open_output
from spotter.bulk.progress import BulkProgress
from spotter.bulk.run import BulkCounts, BulkOptions
from spotter.bulk.sources import check_sources, count_photos


def spot_on_ray(
    photos: Sequence[str],
    out: Path,
    settings: Mapping[str, Any],
    options: BulkOptions,
    address: str | None,
    overwrite: bool,
) -> None:
    """Spot photos on a Ray cluster; outputs, resuming and results are those of one machine.

    Args:
        photos: See :func:`spotter.bulk.ray.read_photos`.
        out: See :func:`spotter.bulk.run.run_in_bulk`; written here.
        settings: Of the spotter.
        options: How.
        address: Of the cluster; ``None``: one is started here.
        overwrite: Begin anew.
    """
    check_sources(photos)
    output, complete = open_output(out, options.shard, overwrite), False
    try:
        ray.connect(address)
        done = done_names(output, options.retry_failed)
        job = SpotJob(settings)
        how = (options.workers, options.time_limit, options.shard)
        with BulkProgress("spotting", lambda: count_photos(photos)) as progress:
            for data, failed in ray.iterate_lines(photos, job, done, *how):
                output.write(data)
                progress.advance(failed)
        complete = True
    finally:
        output.close(complete)
    counts = BulkCounts(progress.made, progress.failed, len(done))
    print(f"{out}: {counts.of('photos')}")
