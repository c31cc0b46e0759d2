"""The training loop: a plain one, whose length is given in seconds."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor, nn

from research.gpu.batch_photometric import BatchPhotometric, PhotometricRates
from research.gpu.feeding import DeviceBatches
from research.gpu.losses import (
    detector_losses,
    load_teacher,
    network_input,
    recognizer_losses,
)

_END_FACTOR = 0.01


class Average:
    """Exponential moving average of the parameters; buffers are the model's own.

    Args:
        model: Its parameters at this time are the start.
        decay: Of one step; smaller in the first steps.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.steps = 0
        self.names = [name for name, _ in model.named_parameters()]
        self.parameters = [parameter for _, parameter in model.named_parameters()]
        self.values = [parameter.detach().clone() for parameter in self.parameters]

    @torch.no_grad()
    def update(self) -> None:
        """Move towards the parameters as they are now."""
        self.steps += 1
        decay = min(self.decay, self.steps / (self.steps + 100.0))
        torch._foreach_lerp_(self.values, [p.detach() for p in self.parameters], 1.0 - decay)

    def state_dict(self, model: nn.Module) -> dict[str, Tensor]:
        """The model's state with the averages in place of the parameters."""
        state = {name: value.detach() for name, value in model.state_dict().items()}
        return {**state, **dict(zip(self.names, self.values, strict=True))}


def lr_factor(progress: float, warm_up: float) -> float:
    """Linear from 0 to 1 while ``progress`` is below ``warm_up``, then a cosine to a hundredth."""
    if progress < warm_up:
        return progress / warm_up
    turn = min(1.0, (progress - warm_up) / (1.0 - warm_up))
    return _END_FACTOR + (1.0 - _END_FACTOR) * 0.5 * (1.0 + math.cos(math.pi * turn))


def parameter_groups(model: nn.Module, cfg: Config) -> list[dict[str, Any]]:
    """Groups by learning rate and by whether they decay: vectors (biases, norms) do not."""
    groups: dict[tuple[float, bool], dict[str, Any]] = {}
    for name, parameter in model.named_parameters():
        factors = [f for prefix, f in cfg.lr_factors.items() if name.startswith(prefix)]
        factor, decays = (factors or [1.0])[0], parameter.dim() > 1
        decay = cfg.optimizer.weight_decay if decays else 0.0
        group = {"params": [], "factor": factor, "lr": 0.0, "weight_decay": decay}
        groups.setdefault((factor, decays), group)["params"].append(parameter)
    return list(groups.values())


@dataclass
class Progress:
    """What a training has done.

    Attributes:
        steps: Optimizer steps.
        samples: Samples seen.
        seconds: Time of the loop.
        waited: Seconds of it in which no batch was ready.
    """

    steps: int = 0
    samples: int = 0
    seconds: float = 0.0
    waited: float = 0.0


class Training:
    """A model, its optimizer and its average on a device.

    Args:
        cfg: A config of ``research/gpu/configs``.
        model: The model, filled with what it starts from.
        device: Where to train.
        compiled: Compile the convolutional parts (``torch.compile``).

    Raises:
        SpotterError: The config names a teacher that is missing or unfit.
    """

    def __init__(
        self, cfg: Config, model: nn.Module, device: torch.device, compiled: bool = False
    ) -> None:
        self.cfg = cfg
        self.device = device
        self.model = model.to(device).to(memory_format=torch.channels_last).train()
        groups = parameter_groups(self.model, cfg)
        self.optimizer = torch.optim.AdamW(groups, lr=0.0, fused=device.type == "cuda")
        self.average = Average(self.model, cfg.ema)
        self.photometric = BatchPhotometric(PhotometricRates(**cfg.photometric), device)
        self.progress = Progress()
        self.losses: Callable[..., dict[str, Tensor]] = detector_losses
        if cfg.task == "recognition":
            self.losses = recognizer_losses
        if teacher := cfg.get("teacher"):
            self.losses = partial(recognizer_losses, teacher=load_teacher(model, teacher, device))
        self.dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
        if compiled:
            self.compile()

    def compile(self) -> None:
        """Compile the parts of fixed shape; one that cannot be compiled stays as it is."""
        import torch._dynamo  # takes seconds, which a session that does not compile can spare

        torch._dynamo.config.suppress_errors = True
        names = ("backbone", "neck") if self.cfg.task == "detection" else ("feature_extraction",)
        for name in names:
            getattr(self.model, name).compile(dynamic=False)

    def step(self, batch: dict[str, Tensor], factor: float) -> Tensor:
        """One step; the losses (K,) on the device, in the order of their names."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.cfg.optimizer.lr * factor * group["factor"]
        # Augmentation in half precision would round grey values: bfloat16 has 8 bits.
        inputs = network_input(self.model, batch["images"], self.photometric, torch.float32)
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
            losses = self.losses(self.model, inputs, batch)
        total = torch.stack([value.float() for value in losses.values()]).sum()
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.cfg.clip, foreach=True)
        self.optimizer.step()
        self.average.update()
        self.progress.steps += 1
        self.progress.samples += len(batch["images"])
        return torch.stack([value.detach().float() for value in losses.values()])

    def run(
        self,
        batches: DeviceBatches,
        seconds: float,
        log: Path,
        every: float = 3.0,
        saved: Callable[[], None] = lambda: None,
    ) -> None:
        """Train for so many seconds.

        Args:
            batches: What to train on.
            seconds: Length; the learning rate follows it.
            log: File of JSON lines, one about every ``every`` seconds.
            every: See ``log``; for each line the host waits once for the device.
            saved: Called about every two minutes, for a run that may be cut off.
        """
        start = last = kept = time.monotonic()
        summed, count = torch.zeros((), device=self.device), 0
        with open(log, "a", encoding="utf-8", buffering=1) as lines:
            while (elapsed := time.monotonic() - start) < seconds:
                factor = lr_factor(elapsed / seconds, self.cfg.warm_up)
                summed, count = summed + self.step(batches.next(), factor), count + 1
                if time.monotonic() - last < every:
                    continue
                values = [round(value / count, 4) for value in summed.tolist()]
                now = time.monotonic()
                line = {
                    "name": self.cfg.name,
                    "seconds": round(now - start, 1),
                    "step": self.progress.steps,
                    "samples": self.progress.samples,
                    "rate": round(count * self.cfg.batch_size / (now - last), 1),
                    "waited": round(batches.waited, 1),
                    "lr": round(self.cfg.optimizer.lr * factor, 7),
                    "losses": values,
                }
                lines.write(json.dumps(line) + "\n")
                print(json.dumps(line), flush=True)
                if not all(math.isfinite(value) for value in values):
                    raise FloatingPointError(f"{self.cfg.name}: losses {values}")
                last, summed, count = now, torch.zeros((), device=self.device), 0
                if now - kept > 120:
                    saved()
                    kept = time.monotonic()
        self.progress.seconds += time.monotonic() - start
        self.progress.waited = batches.waited
