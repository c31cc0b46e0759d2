"""Many clients, slow networks, and an engine that fails."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest

from spotter.errors import ConfigError
from spotter.serve.settings import ServerSettings

for name in ("fastapi", "httpx", "prometheus_client", "python_multipart"):
    pytest.importorskip(name)


class SlowEngine:
    """Stands for the networks: answers when it is let go, with the names of the uploads."""

    device = "none"

    def __init__(self) -> None:
        self.go = threading.Event()
        self.sizes: list[int] = []

    def spot(self, jobs: Sequence[Any]) -> list[Any]:
        from spotter.serve.engine import Spotted
        from spotter.structures import SpottingResult

        self.sizes.append(len(jobs))
        assert self.go.wait(20)
        if any(job.item.name == "bad.png" for job in jobs):
            raise ZeroDivisionError
        return [Spotted([SpottingResult(job.item.name)]) for job in jobs]

    read = spot


async def post(client: Any, name: str = "a.png") -> Any:
    return await client.post("/v1/spot", files=[("files", (name, b"picture"))])


def with_server(engine: SlowEngine, test: Any, **limits: Any) -> None:
    """Run a coroutine function with a client of a server in this process."""
    import httpx

    from spotter.serve.app import create_app

    async def run() -> None:
        app = create_app(ServerSettings(**limits), lambda: engine)  # type: ignore[arg-type, return-value]
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://server") as client,
        ):
            await test(app, client)

    asyncio.run(run())


def test_a_full_queue_is_told_at_once() -> None:
    engine = SlowEngine()

    async def test(app: Any, client: Any) -> None:
        waiting = [asyncio.create_task(post(client)) for _ in range(3)]
        while len(app.state.service.queue) < 3:
            await asyncio.sleep(0.01)
        refused = await post(client)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert (await client.get("/healthz")).json()["waiting"] == 3
        engine.go.set()
        assert [(await each).status_code for each in waiting] == [200] * 3
        assert (await post(client)).status_code == 200

    with_server(engine, test, max_queue=3)


def test_more_files_than_the_queue_holds_are_too_many() -> None:
    engine = SlowEngine()
    engine.go.set()

    async def test(app: Any, client: Any) -> None:
        files = [("files", (f"{number}.png", b"picture")) for number in range(5)]
        refused = await client.post("/v1/spot", files=files)
        line = {"error": "5 files are more than the limit of 4"}
        assert (refused.status_code, refused.json()) == (413, line)
        assert (await client.get("/healthz")).json()["limits"]["max_files"] == 4
        assert (await client.post("/v1/spot", files=files[:4])).status_code == 200

    with_server(engine, test, max_queue=4, max_files=8)


def test_photos_of_several_clients_are_one_batch() -> None:
    engine = SlowEngine()

    async def test(app: Any, client: Any) -> None:
        waiting = [asyncio.create_task(post(client, "0.png"))]
        while not engine.sizes:
            await asyncio.sleep(0.01)
        waiting += [asyncio.create_task(post(client, f"{n}.png")) for n in range(1, 32)]
        while len(app.state.service.queue) < 32:
            await asyncio.sleep(0.01)
        engine.go.set()
        answers = [await each for each in waiting]
        assert [answer.status_code for answer in answers] == [200] * 32
        names = [answer.json()["results"][0]["image"] for answer in answers]
        assert names == [f"{n}.png" for n in range(32)]
        # The first has not waited for the others, which fill batches.
        assert engine.sizes == [1, 8, 8, 8, 7]

    with_server(engine, test, max_batch=8)


def test_time_limit() -> None:
    engine = SlowEngine()

    async def test(app: Any, client: Any) -> None:
        begin = time.monotonic()
        first, second = await asyncio.gather(post(client), post(client))
        assert time.monotonic() - begin < 5
        assert (first.status_code, second.status_code) == (504, 504)
        assert "no answer within 0.3 s" in first.json()["error"]
        engine.go.set()
        assert (await post(client)).status_code == 200
        # The second of the late ones was never begun.
        assert engine.sizes == [1, 1]

    with_server(engine, test, timeout=0.3, max_batch=1)


def test_a_failure_is_one_line_and_that_of_its_request() -> None:
    engine = SlowEngine()

    async def test(app: Any, client: Any) -> None:
        blocker = asyncio.create_task(post(client))
        while not engine.sizes:
            await asyncio.sleep(0.01)
        pair = [asyncio.create_task(post(client, name)) for name in ("bad.png", "good.png")]
        while len(app.state.service.queue) < 3:
            await asyncio.sleep(0.01)
        engine.go.set()
        bad, good = [await each for each in pair]
        assert (await blocker).status_code == 200
        assert (bad.status_code, good.status_code) == (500, 200)
        assert bad.json() == {"error": "the server failed; its log says why"}
        # The two were one batch, and then each alone.
        assert engine.sizes == [1, 2, 1, 1]

    with_server(engine, test)


def test_a_client_that_has_gone_is_not_answered() -> None:
    engine = SlowEngine()
    body = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="gone.png"\r\n\r\n'
        b"picture\r\n--x--\r\n"
    )

    async def test(app: Any, client: Any) -> None:
        messages = [{"type": "http.request", "body": body}, {"type": "http.disconnect"}]
        sent: list[Any] = []

        async def receive() -> Any:
            return messages.pop(0) if len(messages) > 1 else messages[0]

        async def send(message: Any) -> None:
            sent.append(message)

        blocker = asyncio.create_task(post(client))
        while not engine.sizes:
            await asyncio.sleep(0.01)
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/v1/spot",
            "query_string": b"",
            "headers": [(b"content-type", b"multipart/form-data; boundary=x")],
        }
        await asyncio.wait_for(app(scope, receive, send), 10)
        assert sent[0]["status"] == 499
        assert len(app.state.service.queue) == 1
        engine.go.set()
        assert (await blocker).status_code == 200
        assert engine.sizes == [1]

    with_server(engine, test)


def test_a_slow_sender_is_refused() -> None:
    async def test(app: Any, client: Any) -> None:
        async def body() -> Any:
            yield b"--x\r\n"
            await asyncio.sleep(5)

        kind = {"content-type": "multipart/form-data; boundary=x"}
        answer = await client.post("/v1/spot", content=body(), headers=kind)
        assert answer.status_code == 408
        assert "took more than 0.2 s to arrive" in answer.json()["error"]

    with_server(SlowEngine(), test, timeout=0.2)


def test_settings() -> None:
    settings = ServerSettings(spotter={"model": "fast", "threads": 2}, max_pages=3)
    assert ServerSettings.from_json(settings.to_json()) == settings
    assert settings.read_limits.max_pages == 3
    assert not settings.read_limits.allow_urls
    assert settings.reader == {"model": "fast", "threads": 2}
    with pytest.raises(ConfigError, match="max_queue must be above 0, not 0"):
        ServerSettings(max_queue=0)
    with pytest.raises(ConfigError, match="timeout must be a finite number above 0, not inf"):
        ServerSettings(timeout=math.inf)
    with pytest.raises(ConfigError, match="unexpected keyword"):
        ServerSettings.from_json('{"max_cats": 1}')
    with pytest.raises(ConfigError, match="plain values"):
        ServerSettings(spotter={"lexicon": object()}).to_json()


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--timeout", "inf", "not in the range"),
        ("--timeout", "nan", "nan is no number"),
        ("--max-mb", "inf", "not in the range"),
        ("--max-mb", "nan", "nan is no number"),
        ("--max-megapixels", "inf", "not in the range"),
        ("--min-score", "nan", "min_score must be from 0 to 1, not nan"),
        ("--min-score", "50", "min_score must be from 0 to 1, not 50"),
    ],
)
def test_options_without_sense_are_one_line(
    option: str,
    value: str,
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from spotter.cli.commands import run
    from spotter.cli.errors import run_tool
    from spotter.cli.main import cli

    monkeypatch.setattr("spotter.serve.server.serve", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        run_tool(lambda: run(cli, ["serve", option, value]))
    (line,) = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2
    assert line.startswith("error: ")
    assert message in line
