"""Start of several processes: gloo on the CPU, NCCL on GPUs, by ``torchrun`` or Slurm.

mmengine's start calls ``torch.cuda.set_device`` and its wrapper passes ``device_ids``, neither of
which a machine without a GPU can do.
"""

from __future__ import annotations

import gc
import os
import subprocess
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from mmengine.model import MMDistributedDataParallel, is_model_wrapper
from torch import nn

from spotter.errors import ConfigError

LAUNCHERS = ("none", "pytorch", "slurm")


def select_device(name: str = "auto") -> torch.device:
    """The device of this process.

    Args:
        name: ``"auto"`` (the GPU when there is one), ``"cpu"`` or ``"cuda"``.

    Raises:
        ConfigError: Unknown name, or no GPU where one was asked for.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise ConfigError(f"device {name!r} is none of auto, cpu, cuda")
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise ConfigError("device cuda was asked for, but this machine offers no GPU to torch")
    if name == "cpu" or not available:
        return torch.device("cpu")
    return torch.device("cuda", local_rank() % torch.cuda.device_count())


def start(launcher: str, device: torch.device, timeout_minutes: float = 30.0) -> None:
    """Join the processes that ``launcher`` started; does nothing for ``"none"`` or when joined.

    Args:
        launcher: ``"pytorch"`` (``torchrun``) or ``"slurm"`` (``srun``).
        device: Chooses the backend: NCCL for GPUs, gloo for CPUs.
        timeout_minutes: How long a process waits for another.

    Raises:
        ConfigError: Unknown launcher, or its environment variables are missing.
    """
    if launcher not in LAUNCHERS:
        raise ConfigError(f"launcher {launcher!r} is none of {', '.join(LAUNCHERS)}")
    if launcher == "none" or dist.is_initialized():
        return
    if launcher == "slurm":
        _slurm_to_torch_environment()
    missing = [key for key in ("RANK", "WORLD_SIZE", "MASTER_ADDR") if key not in os.environ]
    if missing:
        raise ConfigError(
            f"launcher {launcher} needs {', '.join(missing)} in the environment;"
            " start with torchrun or srun"
        )
    if device.type == "cuda":
        torch.cuda.set_device(device)
    dist.init_process_group(
        backend="nccl" if device.type == "cuda" else "gloo",
        timeout=timedelta(minutes=timeout_minutes),
    )


def stop() -> None:
    """Leave the other processes, when all have come here, and end the threads of the group.

    A wrapped model keeps its group alive. If a gloo thread frees the last tensor that it sent while
    the interpreter exits, the process is killed (SIGABRT). So the caller must drop the model
    before, and nothing of the group may be left at exit.
    """
    if dist.is_initialized():
        dist.barrier()
        dist.destroy_process_group()
        gc.collect()


def _slurm_to_torch_environment() -> None:
    """Slurm's task variables, under the names that ``torch.distributed`` reads."""
    try:
        os.environ["RANK"] = os.environ["SLURM_PROCID"]
        os.environ["LOCAL_RANK"] = os.environ.get("SLURM_LOCALID", "0")
        os.environ["WORLD_SIZE"] = os.environ["SLURM_NTASKS"]
        nodes = os.environ["SLURM_NODELIST"]
    except KeyError as error:
        raise ConfigError(f"launcher slurm needs {error} in the environment") from None
    if "MASTER_ADDR" not in os.environ:
        listing = subprocess.run(
            ["scontrol", "show", "hostnames", nodes], check=True, capture_output=True, text=True
        )
        os.environ["MASTER_ADDR"] = listing.stdout.split()[0]
    os.environ.setdefault("MASTER_PORT", "29500")


def local_rank() -> int:
    """Number of this process on its machine."""
    return int(os.environ.get("LOCAL_RANK", "0"))


def wrap(model: nn.Module, device: torch.device, **options: Any) -> MMDistributedDataParallel:
    """``DistributedDataParallel`` on any device.

    Buffers follow rank 0 at every forward pass, so that all processes normalise alike and a resumed
    run continues as it would have.

    Args:
        model: Already on ``device``.
        device: Where this process computes.
        **options: Of ``DistributedDataParallel``, such as ``find_unused_parameters``.
    """
    device_ids = [device.index] if device.type == "cuda" else None
    options.setdefault("broadcast_buffers", True)
    return MMDistributedDataParallel(module=model, device_ids=device_ids, **options)


def unwrapped(model: nn.Module) -> Any:
    """The model inside of a wrapper for distribution; any other model as it is."""
    return model.get_submodule("module") if is_model_wrapper(model) else model


def synchronize_norms(
    model: nn.Module, kind: str | bool, device: torch.device, processes: int
) -> nn.Module:
    """The model with batch norms over the batches of all processes.

    Args:
        model: The model; its norms are replaced.
        kind: ``"torch"`` or ``True``: torch's ``SyncBatchNorm``.
        device: Where this process computes.
        processes: How many there are; of one alone nothing is changed.

    Raises:
        ConfigError: Another kind, or several processes without GPUs, which ``SyncBatchNorm`` needs.
    """
    if kind not in ("torch", True):
        raise ConfigError(f"sync_bn {kind!r} is not 'torch'")
    if processes == 1:
        return model
    if device.type != "cuda":
        raise ConfigError(
            "sync_bn needs a GPU for each process: torch's SyncBatchNorm does not run on CPUs"
        )
    return nn.SyncBatchNorm.convert_sync_batchnorm(model)


def broadcast_buffers(model: nn.Module) -> None:
    """Give every process the buffers (norm statistics) of rank 0."""
    if dist.is_initialized():
        for buffer in model.buffers():
            dist.broadcast(buffer, src=0)


def agree(flag: bool, device: torch.device) -> bool:
    """Whether the flag is set on any process; all processes get the same answer."""
    if not dist.is_initialized():
        return flag
    votes = torch.tensor([int(flag)], device=device)
    dist.all_reduce(votes, op=dist.ReduceOp.MAX)
    return bool(votes.item())


def gather_objects(value: Any) -> list[Any]:
    """``value`` of every process, in rank order; on all processes."""
    if not dist.is_initialized():
        return [value]
    gathered: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(gathered, value)
    return gathered
