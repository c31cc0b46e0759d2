"""Many clients at once against ``spotter serve``: errors, latencies, throughput, memory.

    python -m benchmarks.serve_load --clients 32 --requests 4 -- --threads 1

What follows ``--`` goes to ``spotter serve``. The photos are those of ``demo/photos``.
"""

from __future__ import annotations

import argparse
import http.client
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np

PHOTOS = sorted((Path(__file__).resolve().parents[1] / "demo" / "photos").glob("*.jpg"))
_BOUNDARY = "boundary-of-serve-load"
_WAIT = 600.0


def body(photo: Path) -> bytes:
    """A multipart form with one photo."""
    head = (
        f"--{_BOUNDARY}\r\n"
        f'Content-Disposition: form-data; name="files"; filename="{photo.name}"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    return head.encode() + photo.read_bytes() + f"\r\n--{_BOUNDARY}--\r\n".encode()


def request(port: int, photo: Path) -> tuple[int, str]:
    """Status of an answer, and the texts of its words."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_WAIT)
    try:
        kind = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
        connection.request("POST", "/v1/spot", body(photo), kind)
        answer = connection.getresponse()
        content = json.loads(answer.read())
        words = [word["text"] for each in content.get("results", ()) for word in each["instances"]]
        return answer.status, " ".join(words)
    finally:
        connection.close()


def wait_until_up(port: int, process: subprocess.Popen[bytes]) -> None:
    """Ask for ``/healthz`` until it answers."""
    end = time.monotonic() + _WAIT
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SystemExit("the server has ended")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
        finally:
            connection.close()
    raise SystemExit("the server does not come up")


def memory(pid: int) -> float:
    """MiB in which a process and its children reside; 0 where there is no ``/proc``."""
    total = 0.0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if pid in (int(folder.name), parent):
                lines = (folder / "status").read_text().splitlines()
                total += sum(int(x.split()[1]) for x in lines if x.startswith("VmRSS")) / 1024
        except (OSError, ValueError):
            continue
    return total


def run_clients(port: int, clients: int, requests: int) -> tuple[list[float], Counter[str]]:
    """Seconds of each request, and how often it ended in what way."""
    expected = {photo: request(port, photo)[1] for photo in PHOTOS}
    seconds: list[float] = []
    ends: Counter[str] = Counter()

    def client(number: int) -> None:
        for turn in range(requests):
            photo = PHOTOS[(number + turn) % len(PHOTOS)]
            begin = time.monotonic()
            try:
                status, text = request(port, photo)
                end = str(status) if status != 200 or text == expected[photo] else "other words"
            except OSError as error:
                end = type(error).__name__
            seconds.append(time.monotonic() - begin)
            ends[end] += 1

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seconds, ends


def main() -> None:
    """Start a server, run the clients, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--requests", type=int, default=4, help="of each client, one after another")
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--timeout", type=float, default=300, help="of the server, seconds")
    parser.add_argument("server", nargs="*", help="options of spotter serve, after --")
    options = parser.parse_args()
    command = [
        *(sys.executable, "-m", "spotter", "serve", "--port", str(options.port)),
        *("--timeout", f"{options.timeout:g}", *options.server),
    ]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_until_up(options.port, process)
        run_clients(options.port, 1, len(PHOTOS))
        before = memory(process.pid)
        begin = time.monotonic()
        seconds, ends = run_clients(options.port, options.clients, options.requests)
        wall = time.monotonic() - begin
        after = memory(process.pid)
        run_clients(options.port, options.clients, options.requests)
        again = memory(process.pid)
    finally:
        process.terminate()
        process.wait()
    p50, p95 = (float(np.percentile(seconds, share)) for share in (50, 95))
    print(f"{len(seconds)} requests of {options.clients} clients: {dict(ends)}")
    print(f"{len(seconds) / wall:.2f} photos/s, p50 {p50:.1f} s, p95 {p95:.1f} s")
    print(f"memory {before:.0f} MiB before, {after:.0f} after, {again:.0f} after as many more")


if __name__ == "__main__":
    main()
