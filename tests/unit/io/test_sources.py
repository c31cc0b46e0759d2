"""What may be handed in as a picture, and what is refused in one line."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spotter.errors import ImageError
from spotter.io.images import image_size, read_image
from spotter.io.names import printable_path
from spotter.io.sources import ReadLimits, is_single, name_of

GREY = np.full((4, 6, 3), 90, np.uint8)


def encoded(form: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(GREY).save(stream, form)
    return stream.getvalue()


def refusal(source: Any, **limits: Any) -> str:
    with pytest.raises(ImageError) as caught:
        read_image(source, ReadLimits(**limits))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_file_objects(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded())
    with open(path, "rb") as file:
        np.testing.assert_array_equal(read_image(file), GREY)
        assert "was it read before" in refusal(file)
    np.testing.assert_array_equal(read_image(io.BytesIO(encoded())), GREY)
    with open(path, encoding="latin-1") as text:
        assert "mode 'rb'" in refusal(text)
    assert "more than the limit of 10 bytes" in refusal(io.BytesIO(encoded()), max_bytes=10)


def test_what_is_refused_says_so_in_one_line() -> None:
    assert "cv2.imread gives it" in refusal(None)
    assert "mapping (dict)" in refusal({"image": b""})
    assert "from int" in refusal(7)
    for source in (None, {}, b"", "a", 3, io.BytesIO(), Path("a")):
        assert is_single(source)
    for source in (["a"], iter(()), (b"",)):
        assert not is_single(source)


def test_tensors_are_rgb_as_torchvision_gives_them() -> None:
    torch = pytest.importorskip("torch")
    rgb = np.arange(24, dtype=np.uint8).reshape(3, 2, 4)
    expected = rgb[::-1].transpose(1, 2, 0)
    np.testing.assert_array_equal(read_image(torch.from_numpy(rgb)), expected)
    floats = torch.from_numpy(rgb).float() / 255
    np.testing.assert_array_equal(read_image(floats.requires_grad_()), expected)
    grey = read_image(torch.full((2, 4), 7, dtype=torch.uint8))
    np.testing.assert_array_equal(grey, np.full((2, 4, 3), 7))
    assert image_size(torch.from_numpy(rgb)) == (4, 2)
    assert "(1, 3, 2, 4)" in refusal(torch.zeros(1, 3, 2, 4))
    assert "values in 0..1" in refusal(torch.full((3, 2, 2), 255.0))
    assert "values in 0..1" in refusal(torch.full((3, 2, 2), float("nan")))
    assert "int64" in refusal(torch.zeros(3, 2, 2, dtype=torch.int64))


def test_torch_is_not_imported_for_the_question() -> None:
    code = "import spotter.io, sys; print(sorted({'torch', 'mmengine', 'mmcv'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of POSIX")
def test_pipes_and_devices_do_not_hang(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    assert refusal(pipe).endswith("pipe.jpg: is a pipe, not a file")
    assert refusal("/dev/zero") == "/dev/zero: is a device, not a file"
    # A path of a socket is limited to about 100 bytes.
    before = os.getcwd()
    os.chdir(tmp_path)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("s.jpg")
            assert "s.jpg" in refusal("s.jpg")
    finally:
        os.chdir(before)


def test_odd_names(tmp_path: Path) -> None:
    assert "File name too long" in refusal(tmp_path / ("a" * 300 + ".jpg"))
    assert "no such file" in refusal("a\0b.jpg")
    odd = os.fsdecode(b"caf\xe9.png")
    assert printable_path(odd) == "caf\\xe9.png"
    assert printable_path("a\nb\x1b[2J") == "a\\nb\\x1b[2J"
    assert printable_path(Path("größe.png")) == "größe.png"
    # Half of a pair, as JSON may hold it, is no byte of any file name.
    assert printable_path("a\ud800.png") == "a\\xed\\xa0\\x80.png"
    assert refusal(tmp_path / odd).endswith("caf\\xe9.png: no such file")
    refusal(tmp_path / odd).encode("utf-8")
    assert name_of(io.BytesIO(), 3) == "image_3"


@pytest.fixture
def server() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            targets = {"/file": "file:///etc/hostname", "/moved": "/a.png"}
            if self.path in targets:
                self.send_response(302)
                self.send_header("Location", targets[self.path])
                self.end_headers()
                return
            self.send_response(200 if self.path == "/a.png" else 404)
            self.end_headers()
            self.wfile.write(encoded())

        def log_message(self, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


def test_addresses(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    np.testing.assert_array_equal(read_image(f"{server}/a.png"), GREY)
    np.testing.assert_array_equal(read_image(f"{server}/moved"), GREY)
    assert "404" in refusal(f"{server}/gone.png")
    assert "cannot be fetched" in refusal(f"{server}/file")
    assert "limit of 20 bytes" in refusal(f"{server}/a.png", max_bytes=20)
    assert "not fetched here" in refusal(f"{server}/a.png", allow_urls=False)
    assert "no such file" in refusal("ftp://127.0.0.1/a.png")
