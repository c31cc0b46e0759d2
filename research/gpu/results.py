"""Bring results home: ``python -m research.gpu.results RUN OUT`` packs, ``--join OUT RUN`` unpacks.

At most 8 files of 16 MiB come back from the accelerator machine, 64 MiB together. Logs, summary and
curve are files of their own; weights and states are a tar in pieces, the most important first, as
many as there is room for.
"""

from __future__ import annotations

import argparse
import json
import tarfile
from pathlib import Path
from typing import Any

PIECE = 15 << 20
ROOM = 58 << 20
_LARGE = ("weights.safetensors", "state.safetensors")


def pack(run: Path, out: Path) -> list[Path]:
    """Write what comes home into ``out``.

    Args:
        run: Folder with a folder per session.
        out: Empty folder.

    Returns:
        The files: ``log.jsonl``, ``summary.json``, ``curve.png`` and ``results.tar.N``.
    """
    out.mkdir(parents=True, exist_ok=True)
    sessions = sorted(file.parent for file in run.glob("*/log.jsonl"))
    lines = [line for folder in sessions for line in read_log(folder / "log.jsonl")]
    summaries = {
        folder.name: json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        for folder in sessions
        if (folder / "summary.json").is_file()
    }
    left = ROOM
    tar = out / "results.tar"
    with tarfile.open(tar, "w") as archive:
        for folder in sessions:
            if (folder / "output.txt").is_file():
                archive.add(folder / "output.txt", f"{folder.name}/output.txt")
        for name in _LARGE:
            for folder in sessions:
                file = folder / name
                size = file.stat().st_size if file.is_file() else left + 1
                taken = size <= left
                left -= size if taken else 0
                if taken:
                    archive.add(file, f"{folder.name}/{name}")
                elif file.is_file():
                    summaries.setdefault(folder.name, {})["left_there"] = [name, size]
    files = split(tar)
    tar.unlink()
    (out / "summary.json").write_text(json.dumps(summaries, indent=1), encoding="utf-8")
    (out / "log.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines), encoding="utf-8")
    draw_curves(lines, out / "curve.png")
    return [out / "summary.json", out / "log.jsonl", out / "curve.png", *files]


def split(file: Path) -> list[Path]:
    """Cut a file into ``NAME.0``, ``NAME.1``, ... of at most :data:`PIECE` bytes."""
    pieces: list[Path] = []
    with open(file, "rb") as source:
        while contents := source.read(PIECE):
            pieces.append(file.with_name(f"{file.name}.{len(pieces)}"))
            pieces[-1].write_bytes(contents)
    return pieces


def join(out: Path, run: Path) -> None:
    """Rebuild the sessions' folders from what came home."""
    run.mkdir(parents=True, exist_ok=True)
    whole = run / "results.tar"
    pieces = sorted(out.glob("results.tar.*"), key=lambda piece: int(piece.suffix[1:]))
    with open(whole, "wb") as target:
        for piece in pieces:
            target.write(piece.read_bytes())
    with tarfile.open(whole) as archive:
        archive.extractall(run, filter="data")
    whole.unlink()


def read_log(file: Path) -> list[dict[str, Any]]:
    """The lines of a log; one that was cut off is left out."""
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            lines.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return lines


def draw_curves(lines: list[dict[str, Any]], file: Path) -> None:
    """Losses and samples per second of each session over the seconds."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (top, bottom) = pyplot.subplots(2, 1, figsize=(8, 7), sharex=True)
    for name in sorted({line["name"] for line in lines}):
        own = [line for line in lines if line["name"] == name]
        seconds = [line["seconds"] for line in own]
        top.plot(seconds, [sum(line["losses"]) for line in own], label=name)
        bottom.plot(seconds, [line["rate"] for line in own], label=name)
    top.set(ylabel="loss", yscale="log")
    bottom.set(ylabel="samples per second", yscale="log", xlabel="seconds")
    for axes in (top, bottom):
        axes.grid(alpha=0.3)
    if lines:
        top.legend()
    figure.tight_layout()
    figure.savefig(file, dpi=80)
    pyplot.close(figure)


def main() -> None:
    """Pack or join."""
    parser = argparse.ArgumentParser(prog="results", description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--join", action="store_true")
    options = parser.parse_args()
    if options.join:
        join(options.source, options.target)
        return
    for file in pack(options.source, options.target):
        print(f"{file.name}: {file.stat().st_size} bytes")


if __name__ == "__main__":
    main()
