"""Runs the application: one process, or several behind one port."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import uvicorn

from spotter.errors import ConfigError
from spotter.runtime.onnx import thread_count
from spotter.serve.settings import ENVIRONMENT, ServerSettings

if TYPE_CHECKING:
    from spotter.serve.engine import Engine

_MULTIPROCESS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def serve(settings: ServerSettings, host: str, port: int, processes: int = 1) -> None:
    """Answer requests until the process is told to end (SIGINT or SIGTERM).

    Args:
        settings: Model and limits; without ``threads`` the processes share the cores.
        host: Address to listen at.
        port: Port to listen at.
        processes: Each of them loads the networks and has a queue of its own.

    Raises:
        ConfigError: The model, or no such number of processes.
        WeightsError: A weights file is missing or unfit.
    """
    if processes < 1:
        raise ConfigError(f"processes must be at least 1, not {processes}")
    options: dict[str, Any] = {
        "host": host,
        "port": port,
        "log_level": "info",
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": int(settings.timeout),
    }
    # The counts of several processes need a variable that is set before this is imported.
    from spotter.serve.engine import Engine

    # Loaded here first, so that a faulty model is one line of error, not a crash of each process.
    engine = Engine(settings)
    if processes == 1:
        from spotter.serve.app import create_app

        uvicorn.run(create_app(settings, partial(_loaded, engine)), **options)
        return
    del engine
    if settings.spotter.get("threads") is None:
        threads = max(1, thread_count(None) // processes)
        settings = replace(settings, spotter={**settings.spotter, "threads": threads})
    with tempfile.TemporaryDirectory(prefix="spotter-metrics-") as folder:
        os.environ[ENVIRONMENT] = settings.to_json()
        os.environ.setdefault(_MULTIPROCESS_FOLDER, folder)
        uvicorn.run(
            "spotter.serve.app:app_from_environment", factory=True, workers=processes, **options
        )


def _loaded(engine: Engine) -> Engine:
    return engine
