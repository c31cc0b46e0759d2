"""Averages the weights of runs that train at the same time, without synchronisation."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch
from mmengine.hooks import Hook
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from research.release.session_schedule import ITERATIONS
from spotter.errors import ConfigError
from spotter.registry import HOOKS
from spotter.training.distributed import unwrapped

PEER_ITERATIONS = "peer_iterations"
"""Name in the message hub of the number of iterations that the peers have done."""


@HOOKS.register_module()
class PeerAveragingHook(Hook):
    """Averages the weights with those of runs on other cores or machines that share a folder.

    Every ``seconds`` a run reads what its peers wrote last, continues from the mean of their
    weights and its own, and writes that mean for them. A run's weight in the mean is the number of
    iterations that it has made since the last time. No run waits for another, so peers may differ
    in speed, begin later and end earlier; each keeps its optimizer state (local SGD: Stich, ICLR
    2019; asynchronous: Lian et al., "Asynchronous Decentralized Parallel SGD", ICML 2018). Peers
    must see the samples in different orders: give each another ``randomness.seed``.

    Args:
        folder: Shared by the peers of one model; made if missing.
        name: Of this run, different from its peers' names.
        seconds: Time from one average to the next.
        stale: Weights older than this many seconds are of a run that is over, and left alone.

    Raises:
        ConfigError: A time that is not positive; while training, weights of another model.
    """

    # Before EMAHook, so that the average that is used follows the mean.
    priority = "ABOVE_NORMAL"

    def __init__(
        self, folder: str | Path, name: str, seconds: float = 30.0, stale: float = 300.0
    ) -> None:
        if not seconds > 0 or not stale > 0:
            raise ConfigError("PeerAveragingHook: seconds and stale must be positive")
        self.folder = Path(folder)
        self.file = self.folder / f"{name}.safetensors"
        self.seconds = seconds
        self.stale = stale
        self.last = 0.0
        self._seen: dict[Path, int] = {}
        self._iterations: dict[Path, int] = {}
        self._made = 0

    def before_train(self, runner: Any) -> None:
        """Start the clock and the count of iterations."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._made = int(runner.message_hub.get_info(ITERATIONS, runner.iter))
        self.last = time.monotonic()

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Average, if it is time."""
        if time.monotonic() - self.last < self.seconds:
            return
        model = unwrapped(runner.model)
        made = int(runner.message_hub.get_info(ITERATIONS, runner.iter + 1))
        self.average(model, made - self._made)
        self.publish(model, made)
        self._made = made
        if self._iterations:
            runner.message_hub.update_info(PEER_ITERATIONS, sum(self._iterations.values()))
        self.last = time.monotonic()

    @torch.no_grad()
    def average(self, model: nn.Module, made: int = 1) -> int:
        """Replace the weights by the mean of them and of what peers wrote since the last time.

        Args:
            model: Whose weights are replaced.
            made: Iterations since the last time; peers are weighed by theirs against it.

        Returns:
            The number of peers.
        """
        news = []
        shares = [max(1, made)]
        for file in sorted(self.folder.glob("*.safetensors")):
            before = self._iterations.get(file)
            if file != self.file and (weights := self._read(file)) is not None:
                news.append((file, weights))
                # One that was not seen before may have made any number: it counts as much.
                peer = shares[0] if before is None else self._iterations[file] - before
                shares.append(max(1, peer))
        parts = torch.tensor(shares, dtype=torch.float32) / sum(shares)
        for name, weight in _floats(model).items():
            for file, weights in news:
                if name not in weights or weights[name].shape != weight.shape:
                    raise ConfigError(f"{file}: weights of another model (of {name})")
            others = [weights[name].to(weight.device, weight.dtype) for _, weights in news]
            if others:
                stacked = torch.stack([weight, *others])
                weight.copy_(torch.tensordot(parts.to(weight), stacked, 1))
        return len(news)

    def publish(self, model: nn.Module, iterations: int) -> None:
        """Write the weights for the peers."""
        weights = {
            name: weight.detach().cpu().contiguous() for name, weight in _floats(model).items()
        }
        partial = self.file.with_suffix(".part")
        save_file(weights, partial, {"iterations": str(iterations)})
        partial.replace(self.file)

    def _read(self, file: Path) -> dict[str, Tensor] | None:
        """A peer's weights, unless they are old or known."""
        try:
            status = file.stat()
            if self._seen.get(file) == status.st_mtime_ns:
                return None
            if time.time() - status.st_mtime > self.stale:
                return None
            with safe_open(file, "pt") as opened:
                # Safetensors knows what an open file is; its stubs do not.
                metadata: dict[str, str] = opened.metadata() or {}
                weights = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        except (OSError, SafetensorError):
            return None
        self._seen[file] = status.st_mtime_ns
        self._iterations[file] = int(metadata.get("iterations", 0))
        return weights


def _floats(model: nn.Module) -> dict[str, Tensor]:
    """Parameters and norm statistics, not counters."""
    return {name: t for name, t in model.state_dict().items() if t.is_floating_point()}
