"""spotter serve as a process, its page in a browser, its container, and its documentation."""

from __future__ import annotations

import http.client
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest

from benchmarks.serve_load import request
from spotter.cli.serve import serve
from tests.integration.browser import PROGRAM, Browser
from tests.integration.conftest import ROOT

for name in ("fastapi", "uvicorn", "prometheus_client", "python_multipart"):
    pytest.importorskip(name)

PHOTO = ROOT / "demo/photos/motorway.jpg"


@contextmanager
def server(*options: str) -> Iterator[int]:
    """The port of ``spotter serve``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "spotter", "serve", "--port", str(port), *options]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        end = time.monotonic() + 120
        while True:
            assert process.poll() is None
            assert time.monotonic() < end
            try:
                if get(port, "/healthz")[0] == 200:
                    break
            except OSError:
                time.sleep(0.2)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) in (0, -signal.SIGTERM)


def get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.slow
def test_two_processes_count_together() -> None:
    with server("--processes", "2", "--max-queue", "8") as port:
        for _ in range(4):
            status, text = request(port, PHOTO)
            assert (status, "EXIT" in text) == (200, True)
        lines = get(port, "/metrics")[1].splitlines()
        wanted = 'spotter_requests_total{path="/v1/spot",status="200"} '
        assert [line.removeprefix(wanted) for line in lines if line.startswith(wanted)] == ["4.0"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_requests_of_the_documentation(tmp_path: Path) -> None:
    pytest.importorskip("pypdfium2")
    from PIL import Image

    with Image.open(PHOTO) as image:
        sign = image.crop((730, 40, 1170, 260))
    for name in ("photo.jpg", "one.jpg", "two.jpg", "scan.pdf", "word.png"):
        sign.save(tmp_path / name)
    lines = re.findall(r"^curl .*", (ROOT / "docs/serve.md").read_text("utf-8"), re.M)
    assert len(lines) == 5
    with server() as port:
        for line in lines:
            line = line.replace("127.0.0.1:8000", f"127.0.0.1:{port}")
            line = line.replace("curl ", "curl --fail --silent --show-error ", 1)
            done = subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, check=True)
            if " > " not in line:
                assert b"EXIT" in done.stdout or "/v1/read" in line, line
    assert "EXIT" in (tmp_path / "scan.hocr").read_text("utf-8")
    assert (tmp_path / "outlined.jpg").read_bytes().startswith(b"\xff\xd8")


@pytest.mark.slow
@pytest.mark.skipif(PROGRAM is None, reason="no Chromium is installed")
def test_page(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"nothing")
    large = tmp_path / "large.jpg"
    large.write_bytes(bytes(3 << 20))
    with server("--max-mb", "2") as port, Browser(tmp_path / "profile") as page:
        page.open(f"http://127.0.0.1:{port}/")
        page.choose("#files", PHOTO)
        page.until("!document.getElementById('result').hidden")
        count = page.value("document.querySelectorAll('#outlines polygon').length")
        assert count >= 15
        assert page.value("document.querySelectorAll('#words button').length") == count
        assert page.value("document.getElementById('status').textContent") == (
            f"{count} words were read."
        )
        # The outlines lie over the photo, whatever its size on the page.
        assert page.value(
            "(() => { const [a, b] = ['photo', 'outlines'].map((id) =>"
            " document.getElementById(id).getBoundingClientRect());"
            " return Math.hypot(a.x - b.x, a.y - b.y, a.right - b.right, a.bottom - b.bottom) < 1"
            " })()"
        )
        check_marks(page)
        check_score(page, count)
        check_copies(page)
        check_errors(page, broken, large)
        # Nothing was refused by the policy, and nothing failed but the request that had to.
        assert [line for line in page.logged if "422" not in line] == []


def check_marks(page: Browser) -> None:
    """Pointing at an outline marks its word; focusing a word marks its outline."""
    middle = page.value(
        "(() => { const box = document.querySelector('#outlines polygon').getBoundingClientRect();"
        " return [box.x + box.width / 2, box.y + box.height / 2] })()"
    )
    page.move_to(*middle)
    page.until("document.querySelectorAll('.active').length === 2")
    page.move_to(1, 1)
    page.until("document.querySelectorAll('.active').length === 0")
    # By keyboard alone: from the button before the list to its first word.
    page.value("document.getElementById('download').focus()")
    page.press("Tab", 9)
    for _ in range(3):
        if page.value("document.activeElement.dataset.word ?? null") is None:
            page.press("Tab", 9)
    word = page.value("document.activeElement.dataset.word")
    assert word is not None
    marked = f"document.querySelector('#outlines polygon.active[data-word=\"{word}\"]') !== null"
    page.until(marked)


def check_score(page: Browser, count: int) -> None:
    """The slider leaves out outlines and words alike."""
    move = "(() => {{ const s = document.getElementById('score'); s.value = {}; "
    move += "s.dispatchEvent(new Event('input')) }})()"
    page.value(move.format(0.9))
    fewer = page.value("document.querySelectorAll('#outlines polygon').length")
    assert 0 < fewer < count
    assert page.value("document.querySelectorAll('#words button').length") == fewer
    assert page.value("document.getElementById('heading').textContent") == f"{fewer} words"
    page.value(move.format(0))


def check_copies(page: Browser) -> None:
    """All text, in lines."""
    page.value(
        "navigator.clipboard.writeText = (text) => { window.copied = text;"
        " return Promise.resolve() }; document.getElementById('copy').click()"
    )
    page.until("window.copied !== undefined")
    assert "EXIT 12" in page.value("window.copied").splitlines()


def check_errors(page: Browser, broken: Path, large: Path) -> None:
    """One line for each file that was not read; they are announced."""
    page.choose("#files", broken, large)
    page.until("document.querySelectorAll('#error p').length === 2")
    lines = page.value("[...document.querySelectorAll('#error p')].map((p) => p.textContent)")
    assert lines == [
        "broken.jpg: not an image, or of a format that cannot be read",
        "large.jpg: 3.0 MB are more than the limit of 2.0 MB",
    ]
    assert page.value("document.getElementById('error').getAttribute('role')") == "alert"
    assert page.value("document.getElementById('result').hidden")


def dockerfile() -> list[list[str]]:
    """The instructions of the Dockerfile, in words."""
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [line.split() for line in lines]


def test_container_starts_the_command_with_options_that_exist() -> None:
    steps = dockerfile()
    last = {
        step[0]: json.loads(" ".join(step[1:]))
        for step in steps
        if step[0] in ("ENTRYPOINT", "CMD")
    }
    program, command, *options = [*last["ENTRYPOINT"], *last["CMD"]]
    assert (program, command) == ("spotter", "serve")
    values = serve.make_context("serve", list(options)).params
    assert values["host"] == "0.0.0.0"
    assert str(values["port"]) in next(step for step in steps if step[0] == "EXPOSE")
    assert "root" not in next(step for step in steps if step[0] == "USER")
    extras = re.search(r"\.whl\)\[(.*?)\]", " ".join(" ".join(step) for step in steps))
    assert extras is not None
    known = (ROOT / "pyproject.toml").read_text("utf-8")
    assert all(re.search(rf"^{extra} = \[", known, re.M) for extra in extras[1].split(","))


@pytest.mark.slow
def test_container_installs_what_its_copies_hold(tmp_path: Path) -> None:
    """The wheel of the first stage has the networks and the page, and no training weights."""
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
    for step in dockerfile():
        if step[0] != "COPY" or step[1].startswith("--"):
            continue
        for name in step[1:-1]:
            assert f"!{name}" in ignored
            target = tmp_path / "source" / (name if step[-1] == "./" else step[-1])
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("*.safetensors"))
            else:
                target.parent.mkdir(exist_ok=True)
                shutil.copy(ROOT / name, target)
    (build,) = (step for step in dockerfile() if step[:3] == ["RUN", "pip", "wheel"])
    words = [str(tmp_path / "wheels") if word == "/wheels" else word for word in build[3:]]
    pip = [sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--quiet"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run([*pip, *words], cwd=tmp_path / "source", check=True, env=environment)
    (wheel,) = (tmp_path / "wheels").glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "spotter/serve/static/index.html",
        "spotter/serve/static/page.js",
        "spotter/serve/static/page.css",
        "spotter/serve/static/icon.svg",
        "spotter/hub/weights/deep_ctc.onnx",
    } <= names
    assert not [name for name in names if name.endswith(".safetensors")]


def test_documentation_names_addresses_and_options_that_exist() -> None:
    from spotter.serve.app import create_app

    text = (ROOT / "docs/serve.md").read_text("utf-8")
    app = create_app()
    known = set(app.openapi()["paths"]) | {"/docs", "/openapi.json"}
    named = set(re.findall(r"`(?:GET|POST) (/[\w./]+)`", text))
    assert named == known
    formats = app.openapi()["paths"]["/v1/spot"]["post"]["parameters"][0]["schema"]["enum"]
    for line in re.findall(r"^curl .*", text, re.M):
        (address,) = (word for word in shlex.split(line) if word.startswith("http"))
        path, _, query = address.partition("8000")[2].partition("?")
        assert path in known
        if query.startswith("format="):
            assert query.removeprefix("format=") in formats
    options = {
        name for each in serve.params if isinstance(each, click.Option) for name in each.opts
    }
    assert set(re.findall(r"`(--[\w-]+)", text)) <= options
    metrics = app.state.service.metrics.text().decode()
    for name in set(re.findall(r"`(spotter_\w+)`", text)):
        assert f"{name.removesuffix('_total')}" in metrics
