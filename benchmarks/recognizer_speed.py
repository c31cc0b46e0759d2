"""How fast recognizers train and read on this machine.

Example::

    tools/benchmark_recognizers.py configs/_base_/models/recognizer_*.py --threads 1
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from mmengine.config import Config
from rich.console import Console
from rich.table import Table
from torch.utils.flop_counter import FlopCounterMode

from spotter.errors import ConfigError
from spotter.models.recognition import FourStageRecognizer
from spotter.registry import MODELS
from spotter.structures import TextRecSample

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


@dataclass
class Measurement:
    """One row of the table; crops per second of one model, in one precision."""

    name: str
    dtype: str
    parameters: int
    flops: int
    training: float
    inference: float


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="benchmark_recognizers.py", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("configs", nargs="+", type=Path, help="files with a recognizer's `model`")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--height", type=int, default=32, help="of a crop, pixels")
    parser.add_argument("--width", type=int, default=128, help="of a crop, pixels")
    parser.add_argument("--repeats", type=int, default=5, help="timed steps; the median counts")
    parser.add_argument("--dtype", nargs="+", choices=DTYPES, default=["fp32"])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, help="threads of torch; default: its own choice")
    parser.add_argument("--contiguous", action="store_true", help="instead of channels_last")
    return parser.parse_args(arguments)


def load_model(path: Path) -> FourStageRecognizer:
    """The recognizer of a config.

    Raises:
        ConfigError: If the file is missing or describes no recognizer.
    """
    if not path.is_file():
        raise ConfigError(f"{path}: no such file")
    config = Config.fromfile(path).get("model")
    if config is None or config.get("type") != "FourStageRecognizer":
        raise ConfigError(f"{path}: holds no FourStageRecognizer under 'model'")
    return MODELS.build(config)


def median_seconds(step: Callable[[], object], device: torch.device, repeats: int) -> float:
    """Median wall-clock time of a step after two warm-up steps."""
    durations = []
    for i in range(repeats + 2):
        start = time.perf_counter()
        step()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        if i >= 2:
            durations.append(time.perf_counter() - start)
    return sorted(durations)[len(durations) // 2]


def measure(path: Path, dtype: str, arguments: argparse.Namespace) -> Measurement:
    """Time a training step (forward, backward, AdamW) and a forward pass."""
    device = torch.device(arguments.device)
    layout = torch.contiguous_format if arguments.contiguous else torch.channels_last
    model = load_model(path).to(device, memory_format=layout)
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    size = (arguments.batch_size, 3, arguments.height, arguments.width)
    images = torch.randn(size, device=device).contiguous(memory_format=layout)
    samples = [TextRecSample(text="Example7") for _ in range(arguments.batch_size)]
    autocast = torch.autocast(device.type, DTYPES[dtype], enabled=dtype != "fp32")

    def train() -> None:
        optimizer.zero_grad()
        with autocast:
            losses = model(images, samples, mode="loss")
        torch.stack(list(losses.values())).sum().backward()
        optimizer.step()

    def read() -> None:
        with autocast, torch.inference_mode():
            model(images)

    training = median_seconds(train, device, arguments.repeats)
    model.eval()
    inference = median_seconds(read, device, arguments.repeats)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(images[:1])
    return Measurement(
        path.stem,
        dtype,
        sum(parameter.numel() for parameter in model.parameters()),
        counter.get_total_flops(),
        arguments.batch_size / training,
        arguments.batch_size / inference,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table.

    Raises:
        ConfigError: A file is missing or describes no recognizer.
    """
    options = parse_arguments(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    table = Table(
        title=f"batch {options.batch_size}, {options.height}x{options.width}, "
        f"{options.device}, {torch.get_num_threads()} threads",
        caption="GFLOP per crop without recurrent layers; one multiply-add is two",
    )
    table.add_column("model", no_wrap=True)
    for heading in ("dtype", "parameters (M)", "GFLOP", "training (crops/s)", "reading (crops/s)"):
        table.add_column(heading, justify="right")
    for path in options.configs:
        for dtype in options.dtype:
            row = measure(path, dtype, options)
            table.add_row(
                row.name,
                row.dtype,
                f"{row.parameters / 1e6:.2f}",
                f"{row.flops / 1e9:.3f}",
                f"{row.training:.1f}",
                f"{row.inference:.1f}",
            )
    Console().print(table)
