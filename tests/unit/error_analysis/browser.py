"""Chromium without a window, driven by the WebDriver protocol (W3C) through chromedriver."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--window-size=1200,900")


def why_no_browser() -> str:
    """Reason to skip, empty where Chromium and its driver are installed."""
    if not any(map(shutil.which, _CHROMIUM)) or not shutil.which("chromedriver"):
        return "needs chromium and chromedriver (Debian: chromium, chromium-driver)"
    return ""


class Browser:
    """One session; use it with ``with``."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._base = f"http://127.0.0.1:{port}"
        self._driver = subprocess.Popen(
            ["chromedriver", f"--port={port}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # A proxy of the environment must not come between us and our own machine.
            env={k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")},
        )
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def __enter__(self) -> Browser:
        self._wait()
        binary = next(filter(None, map(shutil.which, _CHROMIUM)))
        options = {"binary": binary, "args": list(_OPTIONS)}
        answer = self._ask(
            "POST", "/session", {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
        )
        self._base += f"/session/{answer['sessionId']}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._ask("DELETE", "")
        finally:
            self._driver.terminate()
            self._driver.wait(10)

    def visit(self, path: Path) -> None:
        """Open a file."""
        self._ask("POST", "/url", {"url": path.resolve().as_uri()})

    def click(self, selector: str) -> None:
        """Click the first element of a CSS selector, as a person would."""
        found = self._ask("POST", "/element", {"using": "css selector", "value": selector})
        self._ask("POST", f"/element/{next(iter(found.values()))}/click", {})

    def run(self, script: str) -> Any:
        """Value of a JavaScript function's body."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": []})

    def _wait(self, seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while True:
            try:
                if self._ask("GET", "/status")["ready"]:
                    return
            except (urllib.error.URLError, ConnectionError):
                pass
            if time.monotonic() > end:
                raise TimeoutError("chromedriver does not answer")
            time.sleep(0.05)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._base + path, data, method=method)
        request.add_header("Content-Type", "application/json")
        with self._open(request, timeout=60) as answer:
            return json.load(answer)["value"]
