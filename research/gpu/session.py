"""One training of one model: ``python -m research.gpu.session CONFIG --seconds N --out DIR``."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch
from mmengine.config import Config
from torch import Tensor

from research.gpu.feeding import DeviceBatches
from research.gpu.loop import Training
from research.gpu.shared_batches import SharedBatches
from research.gpu.sources import batch_maker, load_config
from research.gpu.validation import validate
from spotter.errors import SpotterError
from spotter.registry import MODELS
from spotter.training.distributed import select_device
from spotter.training.header import header_from_config
from spotter.training.weights import load_into, load_state, save_weights

_MOMENTS, _BETAS = ("exp_avg", "exp_avg_sq"), (0.9, 0.999)  # of AdamW
WEIGHTS, STATE, LOG = "weights.safetensors", "state.safetensors", "log.jsonl"


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="session", description=__doc__)
    parser.add_argument("config", help="name in research/gpu/configs, or a file")
    parser.add_argument("--seconds", type=float, required=True, help="of training")
    parser.add_argument("--out", type=Path, required=True, help="folder for weights and log")
    parser.add_argument("--cache", type=Path, required=True, help="folder of decoded images")
    parser.add_argument("--workers", type=int, default=7, help="processes that make batches")
    parser.add_argument("--go-on", type=Path, help="folder of an earlier session's results")
    parser.add_argument("--compile", action="store_true", help="use torch.compile")
    parser.add_argument("--batch-size", type=int, help="instead of the config's")
    parser.add_argument("--limit", type=int, help="use no more samples per source than this")
    parser.add_argument("--device", default="auto")
    return parser.parse_args(arguments)


def save(training: Training, out: Path, metrics: dict[str, float] | None = None) -> None:
    """Write the averaged weights, to use, and the training's own state, to go on."""
    cfg, model = training.cfg, training.model
    card = {
        "iterations": training.progress.steps,
        "samples": training.progress.samples,
        "data": ", ".join(row["name"] for row in cfg[_table(cfg)]),
        "metrics": metrics or {},
    }
    header = header_from_config(cfg, model, cfg.name, card)
    averaged = training.average.state_dict(model)
    save_weights(out / WEIGHTS, averaged, header, half=True)
    state = {f"model.{name}": value for name, value in model.state_dict().items()}
    for name, parameter in model.named_parameters():
        moments = training.optimizer.state.get(parameter)
        if not moments:
            continue
        step = float(moments["step"])
        mean, square = (
            moments[key] / (1.0 - beta**step) for key, beta in zip(_MOMENTS, _BETAS, strict=True)
        )
        # The square root, for squares of small gradients are no half-precision numbers.
        for key, value in zip(_MOMENTS, (mean, square.sqrt()), strict=True):
            state[f"{key}.{name}"] = value
    save_weights(out / STATE, state, header, half=True)


def restore(training: Training, folder: Path) -> None:
    """Go on from the state that :func:`save` wrote."""
    state = load_state(folder / STATE)
    own = {k[len("model.") :]: v for k, v in state.items() if k.startswith("model.")}
    training.model.load_state_dict(own)
    # The moments were written with their bias corrected, and after so many steps there is none.
    steps = torch.tensor(1e6, device=training.device)
    for name, parameter in training.model.named_parameters():
        if f"exp_avg.{name}" not in state:
            continue
        training.optimizer.state[parameter] = {
            "step": steps.clone(),
            "exp_avg": state[f"exp_avg.{name}"].to(parameter),
            "exp_avg_sq": state[f"exp_avg_sq.{name}"].to(parameter).square(),
        }
    averages = load_state(folder / WEIGHTS)
    training.average.values = [averages[n].to(training.device) for n in training.average.names]


def main(arguments: list[str] | None = None) -> None:
    """Train, save, validate, and write ``summary.json``."""
    options = parse_arguments(arguments)
    began = time.monotonic()
    cfg = load_config(options.config)
    if options.batch_size:
        # Adam's steps: noise falls with the root of the batch.
        cfg.optimizer.lr *= (options.batch_size / cfg.batch_size) ** 0.5
        cfg.batch_size = options.batch_size
    options.out.mkdir(parents=True, exist_ok=True)
    maker = batch_maker(cfg, options.cache, options.limit)
    # The workers fork off before anything touches the accelerator.
    batches = SharedBatches(maker, options.workers, cfg.slots, seed=int(time.time()))
    device = select_device(options.device)
    torch.backends.cudnn.benchmark = True
    torch.set_float32_matmul_precision("high")
    model = MODELS.build(dict(cfg.model))
    model.init_weights()
    if cfg.init_from:
        print(load_into(model, cfg.init_from), flush=True)
    training = Training(cfg, model, device, options.compile)
    if options.go_on and (options.go_on / STATE).is_file():
        restore(training, options.go_on)
    feeder = DeviceBatches(batches, device)
    ready = time.monotonic() - began
    training.run(
        feeder, options.seconds, options.out / LOG, saved=lambda: save(training, options.out)
    )
    batches.stop()
    save(training, options.out)
    summary = finish(cfg, training, options, device)
    summary["seconds_before"] = round(ready, 1)
    (options.out / "summary.json").write_text(json.dumps(summary, indent=1), encoding="utf-8")
    print(json.dumps(summary), flush=True)


def finish(
    cfg: Config, training: Training, options: argparse.Namespace, device: torch.device
) -> dict[str, object]:
    """Validate the averages and save them with their scores; without, where a set is missing."""
    state: dict[str, Tensor] = training.average.state_dict(training.model)
    try:
        metrics = validate(cfg, state, device, options.cache, options.limit)
    except SpotterError as error:
        # The weights are there; they can be scored where the set is.
        print(f"not validated: {error}", flush=True)
        metrics = {}
    save(training, options.out, metrics)
    progress = training.progress
    return {
        "name": cfg.name,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "steps": progress.steps,
        "samples": progress.samples,
        "seconds": round(progress.seconds, 1),
        "samples_per_second": round(progress.samples / max(progress.seconds, 1e-9), 1),
        "waited": round(progress.waited, 1),
        "metrics": {name: round(value, 4) for name, value in metrics.items()},
    }


def _table(cfg: Config) -> str:
    return "photos" if cfg.task == "detection" else "words"


if __name__ == "__main__":
    main()
