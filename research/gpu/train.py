"""Train a detector and a recognizer side by side on one accelerator.

``python -m research.gpu.train --seconds N --out OUT`` starts one session per model, each with its
own loader processes, waits for both, and packs what comes home into OUT.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from research.gpu.prepare import prepare
from research.gpu.results import pack


def start(config: str, options: argparse.Namespace, workers: int) -> subprocess.Popen[str]:
    """Start the session of a config."""
    command = [sys.executable, "-m", "research.gpu.session", config]
    command += ["--seconds", str(options.seconds), "--out", str(options.home / "run" / config)]
    command += ["--cache", str(options.home / "cache"), "--workers", str(workers)]
    command += ["--device", options.device]
    if options.compile in ("all", config.partition("_")[0]):
        command.append("--compile")
    state = options.home / "state" / config
    if state.is_dir():
        command += ["--go-on", str(state)]
    for name in ("limit", "batch_size"):
        value = getattr(options, name)
        if value is not None:
            command += [f"--{name.replace('_', '-')}", str(value)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def echo(config: str, session: subprocess.Popen[str], log: Path) -> None:
    """Print a session's output with its name in front, and keep it."""
    assert session.stdout is not None
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "a", encoding="utf-8") as file:
        for line in session.stdout:
            file.write(line)
            if "Using env variable" not in line:
                print(f"[{config}] {line}", end="", flush=True)


def wait(sessions: dict[str, subprocess.Popen[str]], until: float) -> dict[str, int]:
    """Wait for sessions until a time of the monotonic clock; their exit codes, ended ones' too."""
    codes = {}
    for config, session in sessions.items():
        try:
            codes[config] = session.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            print(f"[{config}] ended: no time left; what it saved last comes home", flush=True)
            session.terminate()
            codes[config] = session.wait()
    return codes


def stop_drawing(home: Path, patience: float) -> None:
    """Wait for drawing in the background, then end it: its sets are complete at any time."""
    file = home / "draw.pid"
    if not file.is_file():
        return
    group, until = int(file.read_text(encoding="utf-8")), time.monotonic() + patience
    while file.is_file() and time.monotonic() < until:
        time.sleep(0.5)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGTERM)
    file.unlink(missing_ok=True)


def main() -> None:
    """Train and pack; the exit status is that of the worst session."""
    parser = argparse.ArgumentParser(prog="train", description=__doc__)
    parser.add_argument("--seconds", type=float, required=True, help="of training")
    parser.add_argument("--out", type=Path, required=True, help="folder for what comes home")
    parser.add_argument("--home", type=Path, default=Path(os.environ.get("SPOTTER_HOME", "work")))
    parser.add_argument("--configs", nargs="+", default=["detector_x05", "recognizer_shipped"])
    parser.add_argument("--deadline", type=float, default=590.0, help="seconds for everything")
    parser.add_argument(
        "--compile", choices=("none", "detector", "recognizer", "all"), default="none"
    )
    parser.add_argument("--patience", type=float, default=20.0, help="seconds for drawing to end")
    parser.add_argument("--workers", type=int, help="loader processes of each session")
    parser.add_argument("--batch-size", type=int, help="instead of the configs'")
    parser.add_argument("--limit", type=int, help="use no more samples per source than this")
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    began = time.monotonic()
    stop_drawing(options.home, options.patience)
    seconds = prepare(options.configs, options.home / "cache", options.limit)
    print(f"decoded in {seconds:.0f} seconds", flush=True)
    each = options.workers
    if each is None:
        each = max(1, ((os.cpu_count() or 1) - 2) // len(options.configs))
    sessions = {config: start(config, options, each) for config in options.configs}
    echoes = []
    for config, session in sessions.items():
        log = options.home / "run" / config / "output.txt"
        echoes.append(threading.Thread(target=echo, args=(config, session, log)))
        echoes[-1].start()
    # Ten seconds are kept for the packing.
    codes = wait(sessions, began + options.deadline - 10.0)
    for thread in echoes:
        thread.join()
    for file in pack(options.home / "run", options.out):
        print(f"{file.name}: {file.stat().st_size} bytes", flush=True)
    print(f"{time.monotonic() - began:.0f} seconds in all, exit codes {codes}", flush=True)
    raise SystemExit(max(abs(code) for code in codes.values()))


if __name__ == "__main__":
    main()
