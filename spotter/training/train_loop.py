"""The training loop: iterations, validations, and a point between them where a run can stop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmengine.runner.base_loop import BaseLoop
from torch import nn
from torch.utils.data import DataLoader

from spotter.errors import ConfigError
from spotter.registry import LOOPS
from spotter.training.distributed import broadcast_buffers
from spotter.training.randomness import preserved_generators, restore_generators, seed_generators
from spotter.training.resumable_loader import PositionedBatchSampler, resumable


@LOOPS.register_module()
class ResumableTrainLoop(BaseLoop):
    """Trains for ``max_iters`` iterations; stopped and resumed, it gives the same losses.

    After each iteration and the validation that may follow, hooks are called at the stage
    ``after_iteration``, when ``runner.iter`` counts the finished iterations: checkpoints are taken
    and runs are stopped there, and nowhere else.

    Args:
        runner: The runner.
        dataloader: Training loader or its config.
        max_iters: Iterations in all.
        val_interval: Validate every so many iterations, and after the last one.
        val_begin: First iteration at which to validate.

    Raises:
        ConfigError: A number that is not a positive integer.
    """

    def __init__(
        self,
        runner: Any,
        dataloader: DataLoader | dict,
        max_iters: int,
        val_interval: int = 1000,
        val_begin: int = 1,
    ) -> None:
        for name, value in (("max_iters", max_iters), ("val_interval", val_interval)):
            if int(value) != value or value < 1:
                raise ConfigError(f"train_cfg: {name} must be a positive integer, got {value!r}")
        super().__init__(runner, dataloader)
        plain: Any = self.dataloader
        self.dataloader: DataLoader = resumable(plain, runner.seed, runner.rank)
        self.max_iters = int(max_iters)
        self.max_epochs = 1
        self.val_interval = int(val_interval)
        self.val_begin = val_begin
        self.stop_training = False
        # mmengine's resume writes these two.
        self._iter = 0
        self._epoch = 0

    @property
    def iter(self) -> int:
        """Finished iterations."""
        return self._iter

    @property
    def epoch(self) -> int:
        """Always 0: the run is one long epoch, as in mmengine's iteration-based loop."""
        return self._epoch

    def run(self) -> nn.Module:
        """Train until ``max_iters``, or until a hook sets ``stop_training``."""
        runner = self.runner
        runner.call_hook("before_train")
        runner.call_hook("before_train_epoch")
        sampler = self.dataloader.batch_sampler
        assert isinstance(sampler, PositionedBatchSampler)
        sampler.start = self._iter
        batches = iter(self.dataloader)
        self._start_generators()
        runner.model.train()
        while self._iter < self.max_iters and not self.stop_training:
            self.run_iter(next(batches))
            if self._validation_is_due():
                self._validate()
            runner.call_hook("after_iteration")
        runner.call_hook("after_train_epoch")
        runner.call_hook("after_train")
        return runner.model

    def run_iter(self, data_batch: Sequence[dict]) -> None:
        """One iteration: forward, backward, update."""
        runner = self.runner
        runner.call_hook("before_train_iter", batch_idx=self._iter, data_batch=data_batch)
        outputs = runner.model.train_step(data_batch, optim_wrapper=runner.optim_wrapper)
        runner.call_hook(
            "after_train_iter", batch_idx=self._iter, data_batch=data_batch, outputs=outputs
        )
        self._iter += 1

    def _start_generators(self) -> None:
        states = self.runner.resumed_generator_states
        if states is not None:
            restore_generators(states)
        elif self.runner.world_size > 1 or self._iter > 0:
            # Same weights on all processes, but not the same dropout.
            seed_generators((self.runner.seed, self.runner.rank, self._iter))

    def _validation_is_due(self) -> bool:
        if self.runner.val_loop is None or self._iter < self.val_begin:
            return False
        return self._iter % self.val_interval == 0 or self._iter == self.max_iters

    def _validate(self) -> None:
        broadcast_buffers(self.runner.model)
        # A run that is resumed from a checkpoint taken after the validation must continue as if it
        # had validated itself.
        with preserved_generators():
            self.runner.val_loop.run()
        self.runner.model.train()
