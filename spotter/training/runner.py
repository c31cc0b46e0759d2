"""The one runner: trains and tests on a CPU, a GPU, or many machines, and resumes exactly."""

from __future__ import annotations

import importlib.util
import itertools
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.logging import MMLogger
from mmengine.runner import Runner
from mmengine.visualization import Visualizer
from torch import nn
from torch.utils.data import DataLoader

from spotter.errors import ConfigError, WeightsError
from spotter.registry import RUNNERS
from spotter.training import registries  # noqa: F401
from spotter.training.checkpoint import (
    collect_checkpoint,
    find_last_checkpoint,
    read_checkpoint,
    write_checkpoint,
)
from spotter.training.distributed import select_device, start, synchronize_norms, unwrapped, wrap
from spotter.training.header import register_models
from spotter.training.loader_workers import leave_signals_to_parent
from spotter.training.schedules import fit_to_run
from spotter.training.weights import load_all

# What each of mmengine's default hooks is replaced by: its own keep the history of every scalar in
# arrays that are copied at each iteration.
_DEFAULT_HOOKS: dict[str, dict[str, Any] | None] = {
    "runtime_info": {"type": "RunInfoHook"},
    "timer": None,
    "sampler_seed": None,
    "logger": {"type": "ProgressHook"},
    "checkpoint": {"type": "TimedCheckpointHook"},
    "interrupt": {"type": "InterruptHook"},
    "labels": {"type": "LabelCheckHook"},
}


@RUNNERS.register_module()
class SpotterRunner(Runner):
    """mmengine's runner for any device, with exact resumption.

    Config keys of its own: ``device`` (``"auto"``, ``"cpu"``, ``"cuda"``), ``channels_last``
    (bool), ``dist_timeout_minutes``, ``sync_bn`` (``"torch"``: batch norms look at the batches of
    all processes), ``model_wrapper_cfg`` (options of ``DistributedDataParallel``), ``load_from``,
    which is a path, ``dict(path=..., prefixes=[...], into="...")`` or a list of those, and
    ``resume_from``: with ``resume=True``, the checkpoint to go on from instead of the newest in the
    work folder.

    Attributes:
        device: Where this process computes.
        resumed_generator_states: States of the random generators at the checkpoint that this
            process resumes from, or ``None``.
    """

    # Set by mmengine's constructor.
    _randomness_cfg: dict[str, Any]
    _train_dataloader: Any
    _has_loaded: bool
    optim_wrapper: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        cfg = kwargs.get("cfg") or {}
        self.device = select_device(cfg.get("device", "auto"))
        self.resumed_generator_states: dict[str, Any] | None = None
        self._checkpoint: dict[str, Any] | None = None
        self._resumed_path: str | Path = ""
        start(kwargs.get("launcher", "none"), self.device, cfg.get("dist_timeout_minutes", 30.0))
        kwargs["default_scope"] = "spotter"
        kwargs["experiment_name"] = _unique_name(kwargs.get("experiment_name"), cfg)
        super().__init__(*args, **kwargs)

    @classmethod
    def from_cfg(cls, cfg: Any) -> SpotterRunner:
        """Build a runner from an experiment config.

        Raises:
            ConfigError: ``model`` or ``work_dir`` is missing.
        """
        for key in ("model", "work_dir"):
            if key not in cfg:
                raise ConfigError(f"the config has no {key}")
        return super().from_cfg(cfg)

    def build_model(self, model: nn.Module | dict) -> nn.Module:
        """Build the model; in channels-last memory order if the config asks for it."""
        register_models()
        built = super().build_model(model)
        if self.cfg.get("channels_last", False):
            built = built.to(memory_format=torch.channels_last)
        return built

    def wrap_model(self, model_wrapper_cfg: dict | None, model: nn.Module) -> nn.Module:
        """Move the model to the device, and wrap it when there are several processes.

        Raises:
            ConfigError: ``sync_bn`` that is unknown, or that the device cannot do.
        """
        kind = self.cfg.get("sync_bn")
        if kind:
            model = synchronize_norms(model, kind, self.device, self.world_size)
        model = model.to(self.device)
        if not self.distributed:
            return model
        return wrap(model, self.device, **(model_wrapper_cfg or {}))

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        """mmengine's logger; records of many lines (config, environment) go to the file only."""
        logger = super().build_logger(*args, **kwargs)
        for handler in logger.handlers:
            if type(handler) is logging.StreamHandler:
                handler.addFilter(_is_for_the_console)
        return logger

    def build_visualizer(self, visualizer: Any = None) -> Visualizer:
        """mmengine's visualizer, without TensorBoard where that is not installed."""
        if isinstance(visualizer, Mapping) and not importlib.util.find_spec("tensorboard"):
            backends = visualizer.get("vis_backends") or []
            kept = [b for b in backends if b.get("type") != "TensorboardVisBackend"]
            visualizer = {**visualizer, "vis_backends": kept}
        return super().build_visualizer(visualizer)

    def register_default_hooks(self, hooks: dict | None = None) -> None:
        """Register our default hooks, changed by ``hooks``; ``None`` removes one."""
        merged = {**_DEFAULT_HOOKS, **(hooks or {})}
        mmengine_names = {"runtime_info", "timer", "sampler_seed", "logger", "checkpoint"}
        kept = {k: v for k, v in merged.items() if v is not None or k in mmengine_names}
        super().register_default_hooks(kept)

    @staticmethod
    def build_dataloader(*args: Any, **kwargs: Any) -> DataLoader:
        """mmengine's loader; a signal to the process group does not end its workers."""
        return leave_signals_to_parent(Runner.build_dataloader(*args, **kwargs))

    def build_train_loop(self, loop: Any) -> Any:
        """Build the training loop; images of its data that cannot be read are skipped."""
        loader = self._train_dataloader
        if isinstance(loader, Mapping):
            self._train_dataloader = {**loader, "dataset": _skipping(loader["dataset"])}
        return super().build_train_loop(loop)

    def build_param_scheduler(self, scheduler: Any) -> Any:
        """Build the schedules, stretched over the run (:func:`fit_to_run`)."""
        return super().build_param_scheduler(fit_to_run(scheduler, self.max_iters))

    def train(self) -> nn.Module:
        """Train, or go on training when ``resume`` is set and there is a checkpoint.

        Raises:
            WeightsError: The checkpoint is unreadable or of another model.
        """
        if self._resume:
            self._find_checkpoint()
        return super().train()

    def _find_checkpoint(self) -> None:
        path = self.cfg.get("resume_from") or find_last_checkpoint(self.work_dir)
        if path is None:
            self.logger.info(f"nothing to resume in {self.work_dir}: starting at iteration 0")
            return
        self._resumed_path = path
        self._checkpoint = read_checkpoint(path)
        # Before the samplers are built, for they take the seed.
        self._randomness_cfg = {**self._randomness_cfg, "seed": self._checkpoint["meta"]["seed"]}
        self.set_randomness(**self._randomness_cfg)

    def load_or_resume(self) -> None:
        """Take up the checkpoint to resume, or the weights of ``load_from``; once."""
        if self._has_loaded:
            return
        if self._checkpoint is not None:
            self._take_up(self._checkpoint)
            self._checkpoint = None
        elif self._load_from is not None:
            self.load_checkpoint(self._load_from)
        self._has_loaded = True

    def load_checkpoint(self, filename: Any, *_: Any, **__: Any) -> None:
        """Fill the model from weights files (see :func:`spotter.training.weights.load_all`).

        Args:
            filename: A path, ``dict(path=..., prefixes=[...], into="...")``, or a list of those.
        """
        report = load_all(self.model, filename)
        check = getattr(unwrapped(self.model), "check_loaded", None)
        if check is not None:
            check(report.missing)
        self._has_loaded = True

    def _take_up(self, checkpoint: dict[str, Any]) -> None:
        model: Any = unwrapped(self.model)
        try:
            model.load_state_dict(
                checkpoint.get("training_state_dict", checkpoint["state_dict"]), strict=True
            )
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:160]
            raise WeightsError(f"{self._resumed_path}: is of another model ({reason})") from None
        self.call_hook("after_load_checkpoint", checkpoint=checkpoint)
        self._restore_training(checkpoint)
        self.logger.info(f"resumed {self._resumed_path} at iteration {self.iter}")

    def _restore_training(self, checkpoint: dict[str, Any]) -> None:
        self.train_loop._iter = checkpoint["meta"]["iter"]
        known = self.message_hub.runtime_info
        info = {key: value for key, value in checkpoint["info"].items() if key not in known}
        self.message_hub.update_info_dict(info)
        self.optim_wrapper.load_state_dict(checkpoint["optimizer"])
        schedulers: list[Any] = self.param_schedulers or []
        if len(schedulers) != len(checkpoint["param_schedulers"]):
            raise ConfigError(
                f"the checkpoint has {len(checkpoint['param_schedulers'])} schedulers of the"
                f" learning rate, the config {len(schedulers)}"
            )
        for scheduler, state in zip(schedulers, checkpoint["param_schedulers"], strict=True):
            scheduler.load_state_dict(state)
        states = checkpoint["generators"]
        if len(states) == self.world_size:
            self.resumed_generator_states = states[self.rank]
        else:
            self.logger.warning(
                f"the checkpoint is of {len(states)} processes and this run has"
                f" {self.world_size}: it goes on, but not with the same random numbers"
            )

    def save_checkpoint(self, out_dir: str, filename: str, *_: Any, **__: Any) -> None:
        """Write a checkpoint of the run; to be called on all processes.

        Args:
            out_dir: Folder.
            filename: Name of the file in it.
        """
        checkpoint = collect_checkpoint(self)
        if self.rank == 0:
            write_checkpoint(checkpoint, Path(out_dir) / filename)


_run_numbers = itertools.count(1)


def _unique_name(name: str | None, cfg: Any) -> str:
    """A name that no other run of this process has.

    mmengine shares logger and message hub between runs of one name, and names differ by the second.
    """
    name = name or Path(getattr(cfg, "filename", None) or "run").stem
    number = next(_run_numbers)
    return name if number == 1 else f"{name}_{number}"


def _is_for_the_console(record: logging.LogRecord) -> bool:
    message = record.getMessage()
    # mmengine expects metainfo of every data set; ours have none to give.
    chatter = "\n" in message or "has no metainfo" in message
    return not chatter and not getattr(record, "file_only", False)


def _skipping(dataset: Any) -> Any:
    """A data set's config, with ``skip_unreadable`` wherever samples come from a reader."""
    if isinstance(dataset, list | tuple):
        return [_skipping(part) for part in dataset]
    if not isinstance(dataset, Mapping):
        return dataset
    changed = {
        key: _skipping(value) if key in ("dataset", "datasets") else value
        for key, value in dataset.items()
    }
    return {"skip_unreadable": True, **changed} if "reader" in dataset else changed
