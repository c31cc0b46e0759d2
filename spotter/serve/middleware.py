"""Middleware: limits on requests (number, size, time), security headers, and counting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SECURITY_HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' blob: data:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
# What is still received of a refused request, so that its client reads the answer.
_DRAIN_SECONDS = 5.0
_DRAIN_FACTOR = 4


class RequestLimits:
    """Refuses requests with a body that are too many (429), too large (413) or too slow (408).

    Args:
        app: What is called.
        max_open: Most requests with a body at once.
        max_bytes: Most bytes of a body.
        timeout: Seconds that receiving a body may take.
    """

    def __init__(self, app: ASGIApp, max_open: int, max_bytes: int, timeout: float) -> None:
        self._app = app
        self._max_open = max_open
        self._max_bytes = max_bytes
        self._timeout = timeout
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "")
        if length.isdigit() and int(length) > self._max_bytes:
            await self._refuse(scope, receive, send, 413, self._too_large())
        elif self._open >= self._max_open:
            await self._refuse(scope, receive, send, 429, "too many requests at once; try again")
        else:
            self._open += 1
            try:
                await self._app(scope, self._limited(receive), send)
            finally:
                self._open -= 1

    def _too_large(self) -> str:
        return f"a request may have {self._max_bytes / (1 << 20):g} MB at most"

    def _limited(self, receive: Receive) -> Receive:
        end = time.monotonic() + self._timeout
        size, whole = 0, False

        async def limited() -> Message:
            nonlocal size, whole
            if whole:
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), max(0.0, end - time.monotonic()))
            except asyncio.TimeoutError:
                raise HTTPException(
                    408, f"the request took more than {self._timeout:g} s to arrive"
                ) from None
            size += len(message.get("body", b""))
            if size > self._max_bytes:
                raise HTTPException(413, self._too_large())
            whole = not message.get("more_body", False)
            return message

        return limited

    async def _refuse(
        self, scope: Scope, receive: Receive, send: Send, status: int, line: str
    ) -> None:
        left = _DRAIN_FACTOR * self._max_bytes
        try:
            end = time.monotonic() + _DRAIN_SECONDS
            while left > 0:
                message = await asyncio.wait_for(receive(), max(0.0, end - time.monotonic()))
                left -= len(message.get("body", b""))
                if not message.get("more_body", False):
                    break
        except asyncio.TimeoutError:
            pass
        headers = {"retry-after": "1"} if status == 429 else {}
        await JSONResponse({"error": line}, status, headers)(scope, receive, send)


class Observed:
    """Adds the security headers, and reports path, status and seconds of each request.

    Args:
        app: What is called.
        report: Called with path, status and seconds.
        paths: Those that are told apart; any other is ``"other"``.
    """

    def __init__(
        self, app: ASGIApp, report: Callable[[str, int, float], Any], paths: frozenset[str]
    ) -> None:
        self._app = app
        self._report = report
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = time.monotonic(), 500

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).update(_SECURITY_HEADERS)
            await send(message)

        try:
            await self._app(scope, receive, observed)
        finally:
            path = scope["path"] if scope["path"] in self._paths else "other"
            self._report(path, status, time.monotonic() - start)
