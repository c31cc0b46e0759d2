"""The web application: addresses, and what happens to a request."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from fastapi import FastAPI, File, HTTPException, Query, Request, Response, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.formparsers import MultiPartParser

import spotter
from spotter.io.names import printable_path
from spotter.io.results.alto import to_alto
from spotter.io.results.hocr import to_hocr
from spotter.io.results.parts import readable
from spotter.serve.batching import Answer, BatchQueue, DeadlineError, QueueFullError
from spotter.serve.engine import Engine, Spotted, Upload
from spotter.serve.metrics import ServerMetrics
from spotter.serve.middleware import Observed, RequestLimits
from spotter.serve.reference import reference_page
from spotter.serve.schemas import Failure, Health, ReadAnswer, SpotAnswer, photo_record
from spotter.serve.settings import ENVIRONMENT, ServerSettings

_STATIC = Path(__file__).parent / "static"
# Seconds between two checks whether a waiting client has disconnected.
_LOOK_SECONDS = 0.5
_LONGEST_NAME = 255

Format = Literal["json", "hocr", "alto", "text", "picture"]

_FAILURES: dict[int | str, dict[str, Any]] = {
    408: {"model": Failure, "description": "the request arrived too slowly"},
    413: {"model": Failure, "description": "too many bytes or files"},
    422: {"model": Failure, "description": "no file could be read, or a parameter is wrong"},
    429: {"model": Failure, "description": "the queue is full; try again"},
    504: {"model": Failure, "description": "no answer within the time limit"},
}
_FORMATS = {
    "application/xhtml+xml": {"schema": {"type": "string"}},
    "application/xml": {"schema": {"type": "string"}},
    "text/plain": {"schema": {"type": "string"}},
    "image/jpeg": {"schema": {"type": "string", "format": "binary"}},
}

Files = Annotated[list[UploadFile], File(description="one or several, under this name")]


class Service:
    """The state of an app: settings, counts, and the queue before the networks.

    Args:
        settings: Of the server.
        make_engine: Loads the networks.
    """

    def __init__(self, settings: ServerSettings, make_engine: Callable[[], Engine]) -> None:
        self.settings = settings
        self.metrics = ServerMetrics()
        self.engine: Engine | None = None
        self.queue: BatchQueue | None = None
        self._make_engine = make_engine

    @asynccontextmanager
    async def running(self, app: FastAPI) -> AsyncIterator[None]:
        """Networks are loaded before the first request is taken."""
        self.engine = engine = await run_in_threadpool(self._make_engine)
        kinds: dict[str, tuple[Answer, int]] = {
            "spot": (engine.spot, self.settings.max_batch),
            "read": (engine.read, self.settings.max_crops),
        }
        self.queue = BatchQueue(kinds, self.settings.max_queue, self.metrics.observe_batch)
        self.queue.start()
        try:
            yield
        finally:
            await self.queue.stop()
            self.metrics.close()

    async def answer(self, kind: str, uploads: Sequence[Upload], request: Request) -> list[Any]:
        """The outcomes of some uploads.

        Raises:
            HTTPException: 429 where the queue has no room, 504 where time is up.
        """
        assert self.queue is not None
        try:
            jobs = self.queue.put(kind, uploads, self.settings.timeout)
        except QueueFullError:
            raise HTTPException(429, "the queue is full; try again", {"Retry-After": "1"}) from None
        self.metrics.waiting.set(len(self.queue))
        try:
            while left := [job for job in jobs if not job.outcome.done()]:
                if any(job.given_up for job in left):
                    raise DeadlineError
                await asyncio.wait({job.outcome for job in left}, timeout=_LOOK_SECONDS)
                if await request.is_disconnected():
                    raise HTTPException(499, "the client has gone")
            return [job.outcome.result() for job in jobs]
        except DeadlineError:
            line = f"no answer within {self.settings.timeout:g} s; send fewer or smaller files"
            raise HTTPException(504, line) from None
        finally:
            self.queue.drop(jobs)
            self.metrics.waiting.set(len(self.queue))

    async def uploads(
        self, files: Sequence[UploadFile], picture: bool = False, min_score: float = 0.0
    ) -> list[Upload]:
        """The files of a request; the arguments are those of :class:`Upload`.

        Raises:
            HTTPException: 413 for too many, 422 for an empty one.
        """
        most = self.settings.most_files
        if len(files) > most:
            raise HTTPException(413, f"{len(files)} files are more than the limit of {most}")
        found = []
        for number, file in enumerate(files):
            data = await file.read()
            name = _shown_name(file.filename) or f"file_{number}"
            if not data:
                raise HTTPException(422, f"{name}: holds no bytes")
            found.append(Upload(name, data, picture, min_score))
        return found


def create_app(
    settings: ServerSettings | None = None, make_engine: Callable[[], Engine] | None = None
) -> FastAPI:
    """The application, for any ASGI server.

    Args:
        settings: Model and limits.
        make_engine: Loads the networks; default: as the settings say.
    """
    settings = settings or ServerSettings()
    service = Service(settings, make_engine or (lambda: Engine(settings)))
    app = FastAPI(
        title="spotter",
        summary="Finds and reads the words in photos",
        version=spotter.__version__,
        docs_url=None,
        redoc_url=None,
        lifespan=service.running,
    )
    app.state.service = service
    # Uploaded photos stay in memory: none is written to a temporary file.
    MultiPartParser.spool_max_size = max(
        getattr(MultiPartParser, "spool_max_size", 0), settings.max_bytes
    )
    _add_reading(app, service)
    _add_pages(app, service)
    app.add_exception_handler(StarletteHTTPException, _failed)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _broken)
    app.add_middleware(RequestLimits, settings.max_queue, settings.max_bytes, settings.timeout)
    paths = frozenset({"/", "/docs", "/healthz", "/metrics", "/v1/spot", "/v1/read"})
    app.add_middleware(Observed, service.metrics.observe_request, paths)
    return app


def app_from_environment() -> FastAPI:
    """The application that the variable ``SPOTTER_SERVE`` describes, for processes of a server."""
    text = os.environ.get(ENVIRONMENT)
    return create_app(ServerSettings.from_json(text) if text else None)


def _add_reading(app: FastAPI, service: Service) -> None:
    @app.post(
        "/v1/spot",
        summary="Find and read the words of photos",
        responses={200: {"model": SpotAnswer, "content": _FORMATS}, **_FAILURES},
    )
    async def spot(
        request: Request,
        files: Files,
        format: Annotated[
            Format,
            Query(description="picture (JPEG, first page) is for one file"),
        ] = "json",
        min_score: Annotated[
            float, Query(ge=0, le=1, description="words below it are left out")
        ] = 0.0,
    ) -> Response:
        """One or several photos or documents, as the form field `files`.

        With several files, one that cannot be read has `error` in its result, and the status is
        200; it is 422 where none could be read.
        """
        picture = format == "picture"
        if picture and len(files) != 1:
            raise HTTPException(422, "format=picture is for one file")
        uploads = await service.uploads(files, picture, min_score)
        answers: list[Spotted] = await service.answer("spot", uploads, request)
        for answer in answers:
            failed = all(result.error is not None for result in answer.results)
            words = sum(len(result.instances) for result in answer.results)
            service.metrics.observe_file("spot", failed, words)
        return await run_in_threadpool(_encode, answers, format)

    @app.post(
        "/v1/read",
        summary="Read images of single words",
        responses={200: {"model": ReadAnswer}, **_FAILURES},
    )
    async def read(request: Request, files: Files) -> Response:
        """Images that show one word each, as the form field `files`."""
        records = await service.answer("read", await service.uploads(files), request)
        for record in records:
            service.metrics.observe_file("read", record["error"] is not None, bool(record["text"]))
        return _json({"results": records}, [record["error"] for record in records])


def _add_pages(app: FastAPI, service: Service) -> None:
    @app.get("/healthz", summary="Whether the server answers", responses={503: {"model": Health}})
    async def healthz() -> Health:
        assert service.queue is not None
        assert service.engine is not None
        if not service.queue.alive:
            raise HTTPException(503, "the queue has ended")
        return Health(
            status="ok",
            version=spotter.__version__,
            model=str(service.settings.spotter.get("model", "default")),
            device=service.engine.device,
            waiting=len(service.queue),
            limits=service.settings.public(),
        )

    @app.get("/metrics", summary="Counts for Prometheus", response_class=Response)
    async def metrics() -> Response:
        text = await run_in_threadpool(service.metrics.text)
        return Response(text, media_type=service.metrics.content_type)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(reference_page(app.openapi()))

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(_STATIC / "index.html", headers={"Cache-Control": "no-cache"})

    app.mount("/static", StaticFiles(directory=_STATIC))


def _encode(answers: Sequence[Spotted], form: Format) -> Response:
    results = [result for answer in answers for result in answer.results]
    records = [photo_record(result) for result in results]
    errors = [result.error for result in results]
    if form == "json" or all(error is not None for error in errors):
        return _json({"results": records}, errors)
    if form == "picture":
        return Response(answers[0].picture, media_type="image/jpeg")
    if form == "text":
        pages = (record["text"] + "\n" for record in records if record["error"] is None)
        return Response("\f".join(pages), media_type="text/plain; charset=utf-8")
    encode, kind = {
        "hocr": (to_hocr, "application/xhtml+xml"),
        "alto": (to_alto, "application/xml"),
    }[form]
    return Response(encode(readable(results)), media_type=f"{kind}; charset=utf-8")


def _json(content: dict[str, Any], errors: Sequence[str | None]) -> JSONResponse:
    """Status 422 where every file has an error; the first is that of the answer."""
    if all(error is not None for error in errors):
        return JSONResponse({"error": errors[0], **content}, 422)
    return JSONResponse(content)


def _shown_name(name: str | None) -> str:
    """A client's file name, without folders; it names results, and nothing is opened by it."""
    base = PurePosixPath((name or "").replace("\\", "/")).name
    return printable_path(base[:_LONGEST_NAME])


async def _failed(request: Request, error: Any) -> JSONResponse:
    return JSONResponse({"error": str(error.detail)}, error.status_code, error.headers)


async def _invalid(request: Request, error: Any) -> JSONResponse:
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"][1:]))
    return JSONResponse({"error": f"{place}: {first['msg']}"}, 422)


async def _broken(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": "the server failed; its log says why"}, 500)
