"""``spotter serve``: the HTTP service and its web page."""

from __future__ import annotations

import math
from typing import Any

import click

from spotter.cli.commands import command
from spotter.cli.options import spotter_arguments, spotter_options


class _Amount(click.FloatRange):
    """A number above 0 and up to a million."""

    def __init__(self) -> None:
        super().__init__(0, 1e6, min_open=True)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """See click, which lets ``nan`` pass."""
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"{value} is no number", param, ctx)
        return number


@command(
    examples=(
        "spotter serve --port 8080",
        "spotter serve --model fast --processes 4",
        "curl -F files=@photo.jpg http://127.0.0.1:8000/v1/spot",
        "curl -F files=@scan.pdf 'http://127.0.0.1:8000/v1/spot?format=hocr'",
    )
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="0.0.0.0: reachable from elsewhere"
)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option(
    "--processes",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="each loads the model and has a queue; they share the cores",
)
@click.option("--max-mb", type=_Amount(), default=16, show_default=True, help="of a request")
@click.option(
    "--max-files",
    type=int,
    default=16,
    show_default=True,
    help="of a request; never more than --max-queue",
)
@click.option("--max-megapixels", type=_Amount(), default=40, show_default=True, help="of a photo")
@click.option("--max-pages", type=int, default=10, show_default=True, help="of a document")
@click.option(
    "--max-queue",
    type=int,
    default=64,
    show_default=True,
    help="files that wait or are being answered; more are refused with status 429",
)
@click.option(
    "--max-batch",
    type=int,
    default=4,
    show_default=True,
    help="photos, of all clients, whose words are read together",
)
@click.option(
    "--timeout",
    type=_Amount(),
    default=60,
    show_default=True,
    help="seconds to wait, again to work",
)
@spotter_options
def serve(
    host: str,
    port: int,
    processes: int,
    max_mb: float,
    max_megapixels: float,
    max_files: int,
    max_pages: int,
    max_queue: int,
    max_batch: int,
    timeout: float,
    **options: Any,
) -> None:
    """Answer photos over HTTP, and show a page to drop one on (extra "serve").

    There is no authentication: where anybody may connect, put a proxy with TLS before it.
    """
    from spotter.serve.server import serve as run
    from spotter.serve.settings import ServerSettings

    settings = ServerSettings(
        spotter=spotter_arguments(options),
        max_bytes=round(max_mb * (1 << 20)),
        max_files=max_files,
        max_pixels=round(max_megapixels * 1e6),
        max_pages=max_pages,
        max_queue=max_queue,
        max_batch=max_batch,
        timeout=timeout,
    )
    run(settings, host, port, processes)
