"""Photos on a Ray cluster (extra ``ray``), by Ray Data.

:func:`read_photos` and :func:`spot_dataset` are steps of one's own pipelines; the second also takes
what ``ray.data.read_binary_files``, ``read_webdataset`` and ``read_parquet`` give.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from spotter.bulk.jobs import Job, SpotJob
from spotter.bulk.names import NameSet, in_shard
from spotter.bulk.packed_outputs import result_schema
from spotter.bulk.photos import Photo, with_unused_names
from spotter.bulk.pool import Pool
from spotter.bulk.sources.opening import expanded, is_archive, photos_of
from spotter.errors import ConfigError, SpotterError
from spotter.io.names import one_line
from spotter.io.results.parts import optional_module

EXTRA = "ray"
"""What brings it."""

_LISTED = 256
"""Photos that one task names."""


class AnswerLines:
    """What an actor does: rows of photos in, rows of lines out.

    The photos are read in a process beside the actor, so that one that crashes or hangs costs that
    photo, and neither the actor nor the run.

    Args:
        job: What is done with each photo.
        time_limit: Seconds that a photo, or a page of a document, may take.
        name: Column of their names.
        source: Column of their bytes or, as text, their paths or addresses.
    """

    def __init__(self, job: Job, time_limit: float, name: str, source: str) -> None:
        self._pool = Pool(job, 1, time_limit)
        self._name, self._source = name, source

    def __call__(self, batch: Any) -> dict[str, list[Any]]:
        """Columns ``image``, ``line`` (JSON, one for each page) and ``failed`` of a batch.

        Args:
            batch: A ``pyarrow.Table``.
        """
        rows: dict[str, list[Any]] = {"image": [], "line": [], "failed": []}
        for answered in self._pool.answer(self._photos(batch)):
            for line in answered.data.decode("utf-8").splitlines():
                rows["image"].append(answered.name)
                rows["line"].append(line)
                rows["failed"].append(answered.failed)
        return rows

    def _photos(self, batch: Any) -> Iterator[Photo]:
        names = batch.column(self._name).to_pylist()
        sources = batch.column(self._source).to_pylist()
        known = batch.column_names
        errors = batch.column("error").to_pylist() if "error" in known else [None] * len(names)
        paths = batch.column("path").to_pylist() if "path" in known else [None] * len(names)
        for name, source, error, path in zip(names, sources, errors, paths, strict=True):
            given = source if source is not None else path
            if isinstance(given, str) and "://" not in given:
                given = Path(given)
            yield Photo(str(name), given, error=error)


def read_photos(
    sources: Sequence[str | Path], done: NameSet | None = None, shard: tuple[int, int] = (1, 1)
) -> Any:
    """A dataset of photos with the columns ``name``, ``bytes``, ``path`` and ``error``.

    Archives are read by tasks, one for each. Of other sources the driver lists the names, and the
    photos are opened by whoever reads them, so that their paths must be the same everywhere.

    Args:
        sources: See :func:`spotter.bulk.sources.walk_photos`.
        done: Photos that are left out.
        shard: Only the K-th of N parts.

    Returns:
        A ``ray.data.Dataset``.
    """
    ray_data = optional_module("ray.data", "--engine ray", EXTRA)
    units = list(_units(expanded(sources)))
    skipped = NameSet() if done is None else done

    def rows(unit: Mapping[str, Any]) -> list[dict[str, Any]]:
        return list(_rows_of(unit, skipped, shard))

    items = ray_data.from_items(units, override_num_blocks=max(1, len(units)))
    return items.flat_map(rows, num_cpus=0.5)


def _units(sources: Sequence[str]) -> Iterator[dict[str, Any]]:
    """What a task reads: an archive, or some listed photos."""
    single = len(sources) == 1
    plain = [source for source in sources if not is_archive(source)]
    listed = with_unused_names(photo for each in plain for photo in photos_of(each, single))
    while group := list(islice(listed, _LISTED)):
        yield {"archive": "", "photos": json.dumps([_row(photo) for photo in group])}
    for source in sources:
        if is_archive(source):
            yield {"archive": source, "photos": "[]"}


def _rows_of(
    unit: Mapping[str, Any], done: NameSet, shard: tuple[int, int]
) -> Iterator[dict[str, Any]]:
    if not unit["archive"]:
        for row in json.loads(unit["photos"]):
            if in_shard(row["name"], shard) and row["name"] not in done:
                yield row
        return
    for photo in with_unused_names(photos_of(unit["archive"], False)):
        if in_shard(photo.name, shard) and photo.name not in done:
            yield _row(photo)


def _row(photo: Photo) -> dict[str, Any]:
    row: dict[str, Any] = {"name": photo.name, "bytes": None, "path": None, "error": None}
    try:
        source = photo.take()
    except SpotterError as error:
        return row | {"error": str(error)}
    return row | ({"bytes": source} if isinstance(source, bytes) else {"path": str(source)})


def answer_dataset(
    dataset: Any,
    job: Job,
    workers: int | None = None,
    time_limit: float = 300.0,
    name: str = "name",
    source: str = "bytes",
    gpus: float = 0.0,
) -> Any:
    """The lines of photos, as a dataset; arguments are those of :func:`spot_dataset`."""
    ray_data = optional_module("ray.data", "--engine ray", EXTRA)
    actors, cpus = actor_resources(workers)
    return dataset.map_batches(
        AnswerLines,
        fn_constructor_args=(job, time_limit, name, source),
        batch_format="pyarrow",
        batch_size=16,
        compute=ray_data.ActorPoolStrategy(size=actors),
        num_cpus=cpus,
        **({"num_gpus": gpus} if gpus else {}),
    )


def spot_dataset(
    dataset: Any,
    settings: Mapping[str, Any] | None = None,
    workers: int | None = None,
    time_limit: float = 300.0,
    name: str = "name",
    source: str = "bytes",
    gpus: float = 0.0,
) -> Any:
    """The words of photos, as a dataset with the columns of the one JSON schema.

    Args:
        dataset: A ``ray.data.Dataset``.
        settings: Arguments of :class:`spotter.pipeline.spotter.SceneTextSpotter`; by default one
            thread.
        workers: Actors; default: one for each CPU of the cluster but one, which is left to
            reading, as a run whose actors hold all CPUs would wait for ever.
        time_limit: Seconds that a photo, or a page of a document, may take.
        name: Column of names.
        source: Column of the photos' bytes, or of their paths or addresses.
        gpus: GPUs of an actor, with ``device="cuda"`` in ``settings``.

    Returns:
        A dataset with a row for each photo or page, such as for ``write_parquet``.
    """
    job = SpotJob({"threads": 1, **(settings or {})})
    lines = answer_dataset(dataset, job, workers, time_limit, name, source, gpus)
    return lines.map_batches(_records, batch_format="pyarrow")


def _records(batch: Any) -> Any:
    import pyarrow

    records = [json.loads(line) for line in batch.column("line").to_pylist()]
    return pyarrow.Table.from_pylist(records, result_schema())


def actor_resources(workers: int | None) -> tuple[int, float]:
    """How many actors, and the CPUs of each, that leave something of the cluster to reading."""
    import ray

    cpus = ray.cluster_resources().get("CPU", 1.0)
    most = max(1, int(cpus) - 1)
    if workers is not None and workers > most and cpus >= 2:
        raise ConfigError(
            f"{workers} workers on a cluster of {cpus:g} CPUs: at most {most}, as one is left to"
            " reading"
        )
    return min(workers or most, most), (1.0 if cpus >= 2 else 0.5)


def iterate_lines(
    sources: Sequence[str | Path],
    job: Job,
    done: NameSet,
    workers: int | None = None,
    time_limit: float = 300.0,
    shard: tuple[int, int] = (1, 1),
) -> Iterator[tuple[bytes, bool]]:
    """The lines of each photo, and whether it could not be read, in the order of the sources.

    Raises:
        SpotterError: A source cannot be entered.
        ConfigError: What is run on the cluster fails, such as for weights that are not there.
    """
    ray_data = optional_module("ray.data", "--engine ray", EXTRA)
    context = ray_data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    # Its reports of every run would stand between our lines.
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    dataset = answer_dataset(read_photos(sources, done, shard), job, workers, time_limit)
    try:
        for _, rows in groupby(dataset.iter_rows(), lambda row: row["image"]):
            pages = list(rows)
            data = "".join(f"{row['line']}\n" for row in pages).encode()
            yield data, any(row["failed"] for row in pages)
    except SpotterError:
        raise
    except optional_module("ray.exceptions", "--engine ray", EXTRA).RayError as error:
        cause = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        if isinstance(cause, SpotterError):
            raise cause from None
        raise ConfigError(f"the run on Ray failed ({one_line(error)})") from None


def connect(address: str | None = None) -> None:
    """Join a Ray cluster, or start one on this machine, if this process has joined none.

    Raises:
        ConfigError: There is none at the address, or Ray is not installed.
    """
    ray = optional_module("ray", "--engine ray", EXTRA)
    if ray.is_initialized():
        return
    # Of the cluster that is started here.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except Exception as error:
        # Ray raises many kinds for what a network may do.
        what = "Ray cannot be started here" if address is None else f"{address}: cannot be joined"
        raise ConfigError(f"{what} ({one_line(error)})") from None
