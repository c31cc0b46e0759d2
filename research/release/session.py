"""One training session of a released model: resume, train for some minutes, validate, save."""

from __future__ import annotations

import datetime
import hashlib
import os
import platform
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from research.configs import packaged_config
from research.release.peer_averaging import PEER_ITERATIONS
from research.release.session_schedule import ITERATIONS, MINUTES
from research.release.settings import SessionReport, SessionSettings
from research.release.sources import add_sources
from spotter.errors import ConfigError
from spotter.training.checkpoint import find_last_checkpoint
from spotter.training.distributed import select_device
from spotter.training.hooks.checkpoint import save_deployable
from spotter.training.launch import training_config
from spotter.training.runner import SpotterRunner

CONFIGS = {
    "detector": "detection/dbnet_mobilenetv3_release.py",
    "recognizer": "recognition/deep_ctc_release.py",
}
CANDIDATE = "candidate.safetensors"
_LOGGED = "logged_iterations"
_ON_CUDA = {"detector": {"batch_size": 48}, "recognizer": {"batch_size": 512}}


def train_session(settings: SessionSettings) -> tuple[SessionReport, Path]:
    """Run a training session and write the weights that it ended with.

    Returns:
        The report, not yet shipped, and the file of the weights in the state's folder.

    Raises:
        ConfigError: Unknown kind, missing data.
    """
    if settings.kind not in CONFIGS:
        raise ConfigError(f'a released model is "detector" or "recognizer", not "{settings.kind}"')
    cfg = session_config(settings)
    name, metric = cfg.release.name, cfg.release.metric
    started_from = _origin(cfg, settings)
    runner = SpotterRunner.from_cfg(cfg)
    runner.train()
    hub = runner.message_hub
    minutes = float(hub.get_info(MINUTES, 0.0))
    iterations = int(hub.get_info(ITERATIONS, 0)) + int(hub.get_info(PEER_ITERATIONS, 0))
    metrics = {key: float(value) for key, value in runner.val_loop.run().items()}
    report = SessionReport(
        model=name,
        date=datetime.date.today().isoformat(),
        minutes=round(minutes, 1),
        iterations=runner.iter,
        samples=iterations * cfg.train_dataloader.batch_size,
        machine=_machine(runner.device),
        started_from=started_from,
        score=metrics[metric],
        metrics=metrics,
        note=settings.note,
        init_from=cfg.release.get("init_from") or "",
        metric=metric,
    )
    candidate = settings.state / CANDIDATE
    save_deployable(runner, candidate, half=True, card=_card(cfg, report))
    return report, candidate


def _origin(cfg: Config, settings: SessionSettings) -> str:
    """What a session starts from, for its report."""
    if find_last_checkpoint(settings.state) is not None:
        return "state"
    if not cfg.get("load_from"):
        return "scratch"
    start = Path(cfg.load_from)
    if start.stem != cfg.release.name:
        return f"initialised from {start.stem}"
    return "shipped weights" if start.parent == settings.weights_folder else "unreleased weights"


def session_config(settings: SessionSettings) -> Config:
    """The release config with state, data, time limit and device of a session filled in."""
    path = settings.config or packaged_config(CONFIGS[settings.kind])
    options = {**settings.options, "data_root": str(settings.data_root)}
    cfg = training_config(path, settings.state, options, resume=True)
    device = select_device(cfg.get("device", "auto"))
    cfg.train_dataloader.update(_loader_options(settings, device))
    if device.type == "cuda":
        cfg.optim_wrapper.dtype = "auto"
    cache = str(settings.state / "cache")
    for dataset in (*_sources(cfg.train_dataloader), *_sources(cfg.val_dataloader)):
        dataset["cache_dir"] = cache
    add_sources(cfg, settings, cache)
    hooks = dict(cfg.get("default_hooks") or {})
    keep = cfg.release.get("checkpoints", 1)
    hooks["checkpoint"] = {"type": "TimedCheckpointHook", "minutes": 4, "keep": keep}
    cfg.default_hooks = hooks
    cfg.custom_hooks = [
        *(cfg.get("custom_hooks") or []),
        {
            "type": "SessionScheduleHook",
            "minutes": settings.minutes,
            "peak": settings.peak,
            "logged": logged_iterations(settings.state),
        },
        {"type": "TimeLimitHook", "minutes": settings.minutes},
    ]
    if settings.peers is not None:
        _average_with_peers(cfg, settings.peers, settings.state)
    start = starting_weights(cfg, settings.weights_folder, settings.unreleased)
    if find_last_checkpoint(settings.state) is None and start is not None:
        cfg.load_from = str(start)
        cfg.model.get("backbone", {}).pop("pretrained", None)
    return cfg


def _average_with_peers(cfg: Config, folder: Path, state: Path) -> None:
    """Average weights with the sessions that share a folder; the state's path names this one."""
    digest = hashlib.sha256(str(state.resolve()).encode()).hexdigest()
    hook = {"type": "PeerAveragingHook", "folder": str(folder), "name": digest[:12]}
    cfg.custom_hooks.append(hook)
    cfg.randomness = {**(cfg.get("randomness") or {}), "seed": int(digest[:6], 16)}


def logged_iterations(state: Path) -> int:
    """Iterations of a state's training that are in the log of sessions."""
    file = state / _LOGGED
    return int(file.read_text()) if file.is_file() else 0


def mark_logged(state: Path, report: SessionReport) -> None:
    """Remember that a session is in the log: the next one counts from there."""
    (state / _LOGGED).write_text(str(report.iterations))


def starting_weights(
    cfg: Config, weights_folder: Path, unreleased: Path | None = None
) -> Path | None:
    """What a fresh state starts from; ``None``: from scratch.

    The model's own unreleased weights come first, then its shipped ones, then the shipped ones of
    the model that it is initialised from (``release.init_from`` of its config).

    Args:
        cfg: The release config.
        weights_folder: Folder of the shipped weights.
        unreleased: Folder of weights that are not shipped yet, if any.
    """
    name, init_from = cfg.release.name, cfg.release.get("init_from")
    places = [(unreleased, name), (weights_folder, name), (weights_folder, init_from)]
    for folder, weights in places:
        if folder and weights and (folder / f"{weights}.safetensors").is_file():
            return folder / f"{weights}.safetensors"
    return None


def _loader_options(settings: SessionSettings, device: torch.device) -> dict[str, Any]:
    workers = settings.workers
    if workers is None:
        cores = os.cpu_count() or 1
        workers = cores if cores > 2 else 0
    options: dict[str, Any] = {"num_workers": workers, "persistent_workers": workers > 0}
    if device.type == "cuda":
        options.update(_ON_CUDA[settings.kind], pin_memory=True)
    return options


def _sources(loader: Any) -> list[Any]:
    """The reading data sets of a loader's config."""
    dataset = loader.dataset
    return list(dataset.datasets) if "datasets" in dataset else [dataset]


def _machine(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} CPU, {torch.get_num_threads()} threads"


def _schedule(cfg: Config) -> str:
    """How the sessions are trained, in a line."""
    optimizer = cfg.optim_wrapper.optimizer
    text = (
        f"{optimizer.type}, learning rate {optimizer.lr:g}, a cosine with warm restart per session,"
        f" batches of {cfg.train_dataloader.batch_size}"
    )
    averages = [h["decay"] for h in cfg.get("custom_hooks") or [] if h["type"] == "EMAHook"]
    return text + "".join(f", weights averaged with {decay:g}" for decay in averages)


def _card(cfg: Config, report: SessionReport) -> dict[str, Any]:
    return {
        "data": cfg.release.data,
        "protocol": cfg.release.protocol,
        "score": report.score,
        "metric": report.metric,
        "metrics": report.metrics,
        "iterations": report.iterations,
        "date": report.date,
        "schedule": _schedule(cfg),
        "licence": "weights Apache-2.0; the training photos are for research and not included",
        "command": f"tools/release.py {'detector' if cfg.task == 'detection' else 'recognizer'}",
    }
