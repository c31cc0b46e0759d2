"""The metrics that ``/metrics`` gives to Prometheus."""

from __future__ import annotations

import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

MULTIPROCESS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Variable that names the folder in which the processes of a server keep their counts; it has to be
set before ``prometheus_client`` is imported."""

_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60)
_SIZES = (1, 2, 4, 8, 16, 32, 64)


class ServerMetrics:
    """The counts of one app."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self.requests = Counter(
            "spotter_requests", "Requests", ("path", "status"), registry=registry
        )
        self.seconds = Histogram(
            "spotter_request_seconds",
            "From the head of a request to the end of its answer",
            ("path",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.files = Counter(
            "spotter_files", "Files that were answered", ("kind", "outcome"), registry=registry
        )
        self.words = Counter("spotter_words", "Words that were read", registry=registry)
        self.batches = Histogram(
            "spotter_batch_files",
            "Files that were answered together",
            ("kind",),
            buckets=_SIZES,
            registry=registry,
        )
        self.waiting = Gauge(
            "spotter_queue_files",
            "Files that wait or are being answered",
            registry=registry,
            multiprocess_mode="livesum",
        )

    def observe_request(self, path: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self.requests.labels(path, str(status)).inc()
        self.seconds.labels(path).observe(seconds)

    def observe_batch(self, kind: str, size: int) -> None:
        """Count a batch."""
        self.batches.labels(kind).observe(size)

    def observe_file(self, kind: str, failed: bool, words: int) -> None:
        """Count a file that was answered."""
        self.files.labels(kind, "error" if failed else "ok").inc()
        self.words.inc(words)

    def text(self) -> bytes:
        """The page of ``/metrics``, of all processes together."""
        if MULTIPROCESS_FOLDER not in os.environ:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        multiprocess.MultiProcessCollector(together)
        return generate_latest(together)

    def close(self) -> None:
        """Remove the gauges of this process, which is about to end."""
        if MULTIPROCESS_FOLDER in os.environ:
            multiprocess.mark_process_dead(os.getpid())
