"""Mixed precision on any device, and few parameter groups."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.logging import MessageHub, print_log
from mmengine.optim import OptimWrapper
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIMIZERS
from torch import Tensor, nn

from spotter.errors import ConfigError
from spotter.methods.target import ACCUMULATING
from spotter.registry import OPTIM_WRAPPERS
from spotter.training.distributed import unwrapped

_DTYPES = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


@OPTIM_WRAPPERS.register_module()
class AutocastOptimWrapper(OptimWrapper):
    """``OptimWrapper`` with autocast on CPU and GPU; mmengine's refuses the CPU.

    The forward pass and the loss run under autocast, the backward pass outside of it, parameters
    and optimizer state stay float32. Gradients are scaled for float16 only: bfloat16 has the
    exponent range of float32.

    Args:
        dtype: ``"float32"`` (no autocast), ``"bfloat16"``, ``"float16"`` (GPU only), or ``"auto"``:
            bfloat16 where the device computes in it, else float16 on a GPU and float32 on a CPU,
            where emulated bfloat16 is many times slower.
        **kwargs: ``optimizer``, ``accumulative_counts``, ``clip_grad`` of mmengine's wrapper.

    Raises:
        ConfigError: Unknown ``dtype``, or float16 on a CPU.
    """

    def __init__(self, dtype: str = "auto", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        device = self.optimizer.param_groups[0]["params"][0].device
        self.device_type = device.type
        self.dtype = resolve_dtype(dtype, self.device_type)
        self.loss_scaler = torch.amp.GradScaler(
            self.device_type, enabled=self.dtype == torch.float16
        )
        self.grad_norm: Tensor | None = None

    def backward(self, loss: Tensor, **kwargs: Any) -> None:
        """Back-propagate the (scaled) loss."""
        self.loss_scaler.scale(loss).backward(**kwargs)
        self._inner_count += 1

    def step(self, **kwargs: Any) -> None:
        """Unscale, clip, and update the parameters; groups with a ``fixed_lr`` at that rate."""
        for group in self.optimizer.param_groups:
            group["lr"] = group.get("fixed_lr", group["lr"])
        if self.clip_grad_kwargs:
            self.loss_scaler.unscale_(self.optimizer)
            self._clip_grad()
        self.loss_scaler.step(self.optimizer, **kwargs)
        self.loss_scaler.update()

    def _clip_grad(self) -> None:
        """Clip, and keep the norm as a tensor: its value would stall a GPU at each step."""
        groups = self.optimizer.param_groups
        params = [p for group in groups for p in group["params"] if p.grad is not None]
        if params:
            self.grad_norm = self.clip_func(params, **self.clip_grad_kwargs)

    def state_dict(self) -> dict[str, Any]:
        """The optimizer's state; with the loss scale under ``loss_scaler`` when there is one."""
        state = super().state_dict()
        if self.loss_scaler.is_enabled():
            state["loss_scaler"] = self.loss_scaler.state_dict()
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` gave."""
        state_dict = dict(state_dict)
        scaler_state = state_dict.pop("loss_scaler", None)
        if scaler_state and self.loss_scaler.is_enabled():
            self.loss_scaler.load_state_dict(scaler_state)
        super().load_state_dict(state_dict)

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Autocast, and no gradient synchronisation while gradients accumulate.

        The averages of the weights that a method keeps learn here that the weights stand still.
        """
        enabled = self.dtype != torch.float32
        hub = MessageHub.get_current_instance()
        hub.update_info(ACCUMULATING, self.accumulating)
        try:
            with (
                super().optim_context(model),
                torch.autocast(self.device_type, self.dtype if enabled else None, enabled=enabled),
            ):
                yield
        finally:
            hub.update_info(ACCUMULATING, False)

    @property
    def accumulative_counts(self) -> int:
        """Batches per step."""
        return int(self._accumulative_counts)

    @property
    def accumulating(self) -> bool:
        """Whether gradients of earlier batches wait for the next step."""
        return self._inner_count % self._accumulative_counts != 0


def cpu_computes_bfloat16() -> bool:
    """Whether the CPU has instructions for bfloat16 (AVX512-BF16, AMX, or Arm's)."""
    try:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    except (AttributeError, RuntimeError):
        return False


def resolve_dtype(name: str, device_type: str) -> torch.dtype:
    """What a network computes in on a device.

    Args:
        name: See :class:`AutocastOptimWrapper`.
        device_type: ``"cpu"`` or ``"cuda"``.

    Raises:
        ConfigError: Unknown name, or float16 on a CPU.
    """
    if name == "auto":
        if device_type == "cuda":
            native = torch.cuda.is_bf16_supported(including_emulation=False)
            return torch.bfloat16 if native else torch.float16
        if cpu_computes_bfloat16():
            return torch.bfloat16
        print_log("this CPU only emulates bfloat16: computing in float32", logger="current")
        return torch.float32
    if name not in _DTYPES:
        raise ConfigError(f"optim_wrapper dtype {name!r} is none of auto, {', '.join(_DTYPES)}")
    if name == "float16" and device_type == "cpu":
        raise ConfigError("optim_wrapper dtype float16 needs a GPU; use bfloat16 on a CPU")
    return _DTYPES[name]


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class GroupedOptimWrapperConstructor:
    """Builds the optimizer with one group per distinct setting instead of one per parameter.

    mmengine's constructor makes every parameter its own group, which turns the multi-tensor
    kernels of torch's optimizers into a Python loop.

    Args:
        optim_wrapper_cfg: ``dict(type=..., optimizer=dict(type=..., lr=...), ...)``.
        paramwise_cfg: ``decay_norm_and_bias`` (default ``False``): whether vectors (norm weights
            and biases) decay too. ``custom_keys``: ``{prefix: dict(lr_mult=, decay_mult=,
            fixed_lr=)}``; the longest prefix of a parameter's name wins; ``lr_mult=0`` freezes;
            ``fixed_lr=True`` keeps the learning rate whatever the schedule says (SimSiam's
            predictor, Chen and He, 2021), which :class:`AutocastOptimWrapper` sees to.

    Raises:
        ConfigError: An unknown setting, or a prefix that no parameter has.
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        self.optim_wrapper_cfg = dict(optim_wrapper_cfg)
        self.optimizer_cfg = dict(self.optim_wrapper_cfg.pop("optimizer"))
        settings = dict(paramwise_cfg or {})
        self.decay_norm_and_bias = bool(settings.pop("decay_norm_and_bias", False))
        self.custom_keys = dict(settings.pop("custom_keys", {}))
        if settings:
            raise ConfigError(f"paramwise_cfg: unknown settings {', '.join(settings)}")

    def __call__(self, model: nn.Module) -> OptimWrapper:
        """The optimizer wrapper over the trainable parameters of ``model``."""
        model = unwrapped(model)
        optimizer = OPTIMIZERS.build({**self.optimizer_cfg, "params": self.groups(model)})
        wrapper_cfg = {"type": "AutocastOptimWrapper", "dtype": "float32"}
        if self.optim_wrapper_cfg.get("type", "AutocastOptimWrapper") != "AutocastOptimWrapper":
            wrapper_cfg = {}
        return OPTIM_WRAPPERS.build(
            {**wrapper_cfg, **self.optim_wrapper_cfg, "optimizer": optimizer}
        )

    def groups(self, model: nn.Module) -> list[dict[str, Any]]:
        """Parameter groups, in the order in which their settings first occur in the model."""
        names = [name for name, _ in model.named_parameters()]
        for prefix in self.custom_keys:
            if not any(name.startswith(prefix) for name in names):
                raise ConfigError(f"paramwise_cfg: no parameter begins with {prefix!r}")
        groups: dict[tuple[float, float, bool], dict[str, Any]] = {}
        for name, parameter in model.named_parameters():
            setting = lr_mult, decay_mult, fixed = self._settings(name, parameter)
            if lr_mult == 0:
                parameter.requires_grad_(False)
            if not parameter.requires_grad:
                continue
            if setting not in groups:
                groups[setting] = self._group(lr_mult, decay_mult, fixed)
            groups[setting]["params"].append(parameter)
        return list(groups.values())

    def _settings(self, name: str, parameter: nn.Parameter) -> tuple[float, float, bool]:
        """Multipliers of learning rate and weight decay, and whether the rate is fixed."""
        vector = parameter.dim() <= 1
        decay_mult = 0.0 if vector and not self.decay_norm_and_bias else 1.0
        matches = [prefix for prefix in self.custom_keys if name.startswith(prefix)]
        if not matches:
            return 1.0, decay_mult, False
        custom = self.custom_keys[max(matches, key=len)]
        decay_mult *= custom.get("decay_mult", 1.0)
        return custom.get("lr_mult", 1.0), decay_mult, bool(custom.get("fixed_lr", False))

    def _group(self, lr_mult: float, decay_mult: float, fixed: bool) -> dict[str, Any]:
        group: dict[str, Any] = {"params": []}
        if fixed:
            if "lr" not in self.optimizer_cfg:
                raise ConfigError("paramwise_cfg: fixed_lr needs an optimizer with lr=...")
            group["fixed_lr"] = self.optimizer_cfg["lr"] * lr_mult
        if lr_mult != 1 and "lr" in self.optimizer_cfg:
            group["lr"] = self.optimizer_cfg["lr"] * lr_mult
        if decay_mult != 1 and "weight_decay" in self.optimizer_cfg:
            group["weight_decay"] = self.optimizer_cfg["weight_decay"] * decay_mult
        return group
