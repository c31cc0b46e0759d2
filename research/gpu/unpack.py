"""Unpack a part of the bundle on the accelerator machine. Needs nothing but Python itself.

``python3 research/gpu/unpack.py PART --home DIR [--draw SECONDS]`` writes ``DIR/data`` (the data
sets in their own layouts), installs the wheels into ``DIR/site``, writes ``DIR/env.sh``, and, with
``--draw``, starts drawing synthetic sets with all cores in the background, which outlives the call.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def unpack(part: Path, home: Path) -> int:
    """Unpack all archives of a part; their number."""
    archives = sorted(part.glob("*.zip"))
    for archive in archives:
        with zipfile.ZipFile(archive) as file:
            file.extractall(home)
    return len(archives)


def install(home: Path) -> None:
    """Install the wheels that came along, once; packages that are there already stay."""
    if (home / "site").is_dir():
        return
    wheels = sorted(str(file) for file in (home / "wheels").glob("*.whl"))
    if not wheels:
        return
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps"]
    pip += ["--no-compile", "--no-cache-dir", "--upgrade", "--target", str(home / "site")]
    subprocess.run([*pip, *wheels], check=True)


def environment(home: Path) -> dict[str, str]:
    """Variables that every command needs."""
    return {
        "PYTHONPATH": f"{home / 'site'}:{CHECKOUT}",
        "SPOTTER_DATA": str(home / "data"),
        "SPOTTER_DRAWN": str(home / "drawn"),
        "SPOTTER_HOME": str(home),
        "OMP_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
    }


def start_drawing(home: Path, seconds: float, scale: float) -> None:
    """Draw and then decode in the background; ``DIR/draw.pid`` names the process group."""
    setting = f"cd '{CHECKOUT}' && . '{home}/env.sh'"
    draw = f"-m research.gpu.draw --out '{home}/drawn' --seconds {seconds} --scale {scale}"
    command = (
        f"{setting} && '{sys.executable}' {draw} && '{sys.executable}' -m research.gpu.prepare"
    )
    with open(home / "draw.log", "ab") as log:
        process = subprocess.Popen(
            ["sh", "-c", command], stdout=log, stderr=log, start_new_session=True
        )
    (home / "draw.pid").write_text(str(process.pid), encoding="utf-8")


def main() -> None:
    """Unpack, install, and perhaps begin to draw."""
    parser = argparse.ArgumentParser(prog="unpack", description=__doc__)
    parser.add_argument("parts", type=Path, nargs="+", help="folders with archives")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--no-wheels", action="store_true", help="packages are there already")
    parser.add_argument("--draw", type=float, help="seconds of drawing in the background")
    parser.add_argument("--scale", type=float, default=1.0, help="factor of what is drawn")
    options = parser.parse_args()
    home = options.home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    for part in options.parts:
        print(f"{part}: {unpack(part, home)} archives", flush=True)
    if not options.no_wheels:
        install(home)
    values = environment(home)
    lines = "".join(f"export {name}='{value}'\n" for name, value in values.items())
    (home / "env.sh").write_text(lines, encoding="utf-8")
    if options.draw:
        start_drawing(home, options.draw, options.scale)


if __name__ == "__main__":
    main()
