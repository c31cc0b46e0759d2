"""``spotter doctor``: what is installed, which runtime each preset takes and why, a timed photo."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

import spotter
from spotter.cli.commands import command
from spotter.cli.options import device_options
from spotter.errors import SpotterError
from spotter.hub.plain_files import read_plain_file
from spotter.hub.resolution import WEIGHTS_FOLDER, resolve_preset
from spotter.runtime.onnx import thread_count
from spotter.runtime.openvino import computes_in_bfloat16, is_quicker
from spotter.runtime.telemetry import import_onnxruntime

_PACKAGES = {
    "": (
        *("numpy", "opencv-python-headless", "onnxruntime", "shapely", "pillow", "rapidfuzz"),
        *("rich", "click"),
    ),
    "openvino": ("openvino",),
    "pdf": ("pypdfium2", "pypdf"),
    "heif": ("pillow-heif",),
    "serve": ("fastapi", "uvicorn", "python-multipart", "prometheus-client"),
    "train": ("torch", "torchvision", "mmengine-lite", "safetensors", "onnx", "lmdb"),
}
_INSTRUCTIONS = (
    *("sse4_1", "avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx_vnni"),
    *("avx512_bf16", "amx_bf16", "amx_int8", "asimd", "asimddp", "bf16", "i8mm", "sve"),
)
_DRAWN = ("EXIT", "OPEN", "STREET", "COFFEE")
_TIMED = 3


@command(examples=("spotter doctor --json", "spotter doctor photo.jpg --model accurate"))
@click.argument("photo", required=False)
@click.option(
    "--model", default="default", show_default=True, help="preset that reads the timed photo"
)
@click.option("--json", "as_json", is_flag=True, help="print JSON")
@device_options()
def doctor(
    photo: str | None,
    model: str,
    as_json: bool,
    runtime: str,
    device: str,
    threads: int | None,
) -> int:
    """Tell what is installed, which runtime each preset takes and why, and time a photo.

    Without PHOTO a picture of four words is drawn and read. The status is 1 if a preset cannot be
    loaded, or the photo not be read.
    """
    found: dict[str, Any] = {
        "spotter": spotter.__version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "platform": platform.platform(),
        "packages": installed(),
        "processor": processor(),
        "runtimes": runtimes(),
        "presets": presets(runtime, device),
        "photo": timed_photo(photo, model, runtime, device, threads),
    }
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        _show(found)
    return int(any("error" in each for each in (*found["presets"].values(), found["photo"])))


def installed() -> dict[str, dict[str, str | None]]:
    """By extra (``core`` for none) the packages, and their versions or ``None``."""
    return {
        extra or "core": {name: _version(name) for name in names}
        for extra, names in _PACKAGES.items()
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> dict[str, Any]:
    """Name, cores, instructions that matter for networks, and memory."""
    fields: dict[str, str] = {}
    try:
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            fields.setdefault(key.strip(), value.strip())
    except OSError:
        # Only Linux has it.
        pass
    # "flags" on x86, "Features" on ARM.
    flags = set(f"{fields.get('flags', '')} {fields.get('Features', '')}".split())
    return {
        "name": fields.get("model name") or platform.processor() or platform.machine(),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "cores of this process": thread_count(None),
        "instructions": [name for name in _INSTRUCTIONS if name in flags],
        "bfloat16": computes_in_bfloat16(cpuinfo),
        "memory": _memory(),
    }


def _memory() -> str | None:
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        # Windows has no sysconf.
        return None
    return f"{size / (1 << 30):.1f} GiB"


def runtimes() -> dict[str, str]:
    """For each runtime, whether it is installed and where it can run."""
    onnxruntime = import_onnxruntime()
    providers = [name.removesuffix("ExecutionProvider") for name in _providers(onnxruntime)]
    found = {"onnx": f"ONNX Runtime {onnxruntime.__version__} ({', '.join(providers)})"}
    for name, package in (("openvino", "openvino"), ("torch", "torch")):
        there = find_spec(package) is not None
        found[name] = f"{package} {_version(package)}" if there else "not installed"
    return found


def _providers(onnxruntime: Any) -> list[str]:
    return list(onnxruntime.get_available_providers())


def choice(runtime: str, device: str) -> tuple[str, str]:
    """The runtime that a setting stands for, and why."""
    if runtime != "auto":
        return runtime, "as asked for"
    if is_quicker(device):
        return "openvino", "the processor computes in bfloat16, in which OpenVINO is quicker"
    if device != "cpu":
        return "onnx", f"the device is {device}"
    if not computes_in_bfloat16():
        return "onnx", "the processor has no instructions for bfloat16, so OpenVINO is not quicker"
    return "onnx", 'OpenVINO would be quicker here: pip install "scene-text-spotter[openvino]"'


def presets(runtime: str, device: str) -> dict[str, dict[str, str]]:
    """Of each shipped preset its files, its runtime and the reason, or the error."""
    taken, reason = choice(runtime, device)
    found: dict[str, dict[str, str]] = {}
    for name in read_plain_file(WEIGHTS_FOLDER / "presets.json"):
        try:
            preset = resolve_preset(name, runtime=runtime)
        except SpotterError as error:
            found[name] = {"error": str(error)}
            continue
        found[name] = {
            "detector": preset.detector.name,
            "recognizer": preset.recognizer.name,
            "runtime": taken,
            "why": reason,
        }
    return found


def drawn_photo() -> np.ndarray:
    """(720, 1280, 3) uint8 BGR: four words on signs."""
    image: np.ndarray = np.full((720, 1280, 3), (150, 140, 125), np.uint8)
    for number, text in enumerate(_DRAWN):
        x, y = 120 + 580 * (number % 2), 140 + 300 * (number // 2)
        cv2.rectangle(image, (x, y), (x + 460, y + 160), (90, 40, 20), -1)
        cv2.putText(
            image, text, (x + 40, y + 110), cv2.FONT_HERSHEY_SIMPLEX, 2.6, (255, 255, 255), 7,
            cv2.LINE_AA,
        )  # fmt: skip
    return image


def timed_photo(
    photo: str | None, model: str, runtime: str, device: str, threads: int | None
) -> dict[str, Any]:
    """Seconds for loading a preset, for a first photo, and for the same photo again."""
    from spotter.pipeline.spotter import SceneTextSpotter

    source = drawn_photo() if photo is None else photo
    try:
        begin = time.perf_counter()
        reader = SceneTextSpotter(model, runtime=runtime, device=device, threads=threads)
        loaded = time.perf_counter()
        results = reader.spot([source])
        first = time.perf_counter() - loaded
        again = []
        for _ in range(_TIMED):
            start = time.perf_counter()
            results = reader.spot([source])
            again.append(time.perf_counter() - start)
    except SpotterError as error:
        return {"error": str(error)}
    record: dict[str, Any] = {
        "image": photo or "drawn",
        "size": f"{results[0].width} x {results[0].height}",
        "model": model,
        "device": reader.device,
        "seconds to load": round(loaded - begin, 3),
        "seconds of the first": round(first, 3),
        "seconds again (median)": round(float(np.median(again)), 3),
        "words": [word.text for word in results[0].instances],
    }
    if results[0].error is not None:
        record["error"] = results[0].error
    elif photo is None and not set(record["words"]) & set(_DRAWN):
        record["error"] = f"none of the words {', '.join(_DRAWN)} was read"
    return record


def _show(found: dict[str, Any]) -> None:
    console = Console()
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name in ("spotter", "python", "platform"):
        table.add_row(name, found[name])
    for name, value in found["processor"].items():
        shown = ", ".join(value) if isinstance(value, list) else str(value)
        table.add_row(name, shown)
    for name, about in found["runtimes"].items():
        table.add_row(f"runtime {name}", about)
    for extra, names in found["packages"].items():
        title = "packages" if extra == "core" else f'extra "{extra}"'
        parts = (f"{name} {number or '-'}" for name, number in names.items())
        table.add_row(title, ", ".join(parts))
    for name, about in found["presets"].items():
        shown = about.get("error") or (
            f"{about['detector']} + {about['recognizer']}, {about['runtime']}: {about['why']}"
        )
        table.add_row(f"preset {name}", shown)
    for name, value in found["photo"].items():
        shown = " ".join(value) if isinstance(value, list) else str(value)
        table.add_row(f"photo: {name}", shown)
    console.print(table, highlight=False)
