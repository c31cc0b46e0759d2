"""The base of semi-supervised methods: a teacher that reads the weak view, and a log of its errors.

Branches of a batch: ``labelled``, and ``weak`` and ``strong`` of the same unlabelled crops.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from spotter.errors import ConfigError
from spotter.methods.base import Method, Samples, Views, run_length
from spotter.methods.gathering import world
from spotter.methods.semi_supervised.alignment import alignment_of
from spotter.methods.semi_supervised.confidence import check_rule, word_confidence
from spotter.methods.semi_supervised.readings import Encoded, Reading, encode
from spotter.methods.target import EMATarget, accumulating
from spotter.structures import TextRecSample


class SemiSupervised(Method):
    """Supervised loss on labelled crops, and a loss of agreement with a teacher on the others.

    The teacher is an average of the recognizer (:class:`EMATarget`), updated at the start of an
    iteration, or the recognizer itself in evaluation mode. Crops in which the teacher reads nothing
    take no part: otherwise the student learns to read nothing.

    Args:
        recognizer: Config of the recognizer.
        momentum: Of the teacher, in [0, 1]: 0 is a copy of the recognizer at each iteration.
            ``None``: the recognizer itself, without a second set of weights.
        confidence: How a word's score is made, see :func:`word_confidence`.
        threshold: Least score of a word that takes part.
        weight: Of the loss on unlabelled crops.
        ramp_up: Iterations over which the weight rises, ``exp(-5 (1 - t)²)`` (Tarvainen and
            Valpola, 2017), or as a float their share of the run, in [0, 1]; 0: at once.
        init_cfg: mmengine's initialisation, if any.

    Attributes:
        target: The teacher, or ``None``.
        updates: Iterations that the teacher has followed; part of the state.
        deployed_from: Path of the weights that are saved for use, set by
            :class:`spotter.training.hooks.target_validation.TargetValidationHook`.

    Raises:
        ConfigError: A value outside its range.
    """

    branches = ("labelled", "weak", "strong")

    def __init__(
        self,
        recognizer: Mapping[str, Any] | nn.Module,
        momentum: float | None = 0.999,
        confidence: str = "product",
        threshold: float = 0.5,
        weight: float = 1.0,
        ramp_up: float = 0,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(recognizer, init_cfg)
        if momentum is not None and not 0.0 <= momentum <= 1.0:
            raise ConfigError(f"{type(self).__name__}: momentum is in [0, 1], not {momentum}")
        share = isinstance(ramp_up, float)
        if not 0.0 <= threshold <= 1.0 or weight < 0 or ramp_up < 0 or (share and ramp_up > 1):
            raise ConfigError(
                f"{type(self).__name__}: threshold is in [0, 1], weight and ramp_up not negative,"
                " a ramp_up that is a share of the run at most 1.0"
            )
        self.momentum = momentum
        self.confidence = check_rule(confidence)
        self.threshold = threshold
        self.weight = weight
        self.ramp_up = ramp_up
        self.alignment = alignment_of(self.recognizer)
        self.target = None if momentum is None else EMATarget(self.network)
        self.updates = 0
        self.audit = LabelAudit()
        self.deployed_from = self.deployable

    def get_extra_state(self) -> Tensor:
        """The number of updates; a tensor, as everything in a checkpoint."""
        return torch.tensor(self.updates)

    def set_extra_state(self, state: Any) -> None:
        """Take up the number of updates."""
        self.updates = int(state)

    def momentum_at(self, update: int) -> float:
        """Momentum of the given update, counted from 0; the first one copies in any case."""
        return float(self.momentum or 0.0)

    def follow(self) -> None:
        """Move the teacher towards the recognizer, once per step of the optimizer."""
        if not self.training or accumulating():
            return
        momentum = self.momentum_at(self.updates)
        # A frozen teacher keeps its norm statistics, too.
        if self.target is not None and (momentum < 1.0 or self.updates == 0):
            self.target.update(self.network, momentum)
        self.updates += 1

    def loss(self, inputs: Views, data_samples: Samples) -> dict[str, Tensor]:
        """Supervised losses, the method's own ones, and figures for the log.

        ``kept``: share of the unlabelled crops that take part; ``confidence``: mean score of all;
        ``pseudo_accuracy``: share of right readings among the kept ones of the last batches whose
        truth is known (``hidden_text``).
        """
        if len(inputs["weak"]) != len(inputs["strong"]):
            raise ConfigError(
                f"{type(self).__name__}: {len(inputs['weak'])} weak and {len(inputs['strong'])}"
                " strong views; one MultiBranch must make both of each crop"
            )
        self.follow()
        weak = data_samples.get("weak")
        with torch.no_grad(), evaluating(self.teacher):
            seen = encode(self.teacher, inputs["weak"], weak)
            reading = self.alignment.read(self.teacher, seen)
        # Before torch 2.10, autocast gives casts made without gradients to the passes that follow.
        torch.clear_autocast_cache()
        score = word_confidence(reading.scores, reading.counted, self.confidence)
        kept = self.choose(score, ~reading.empty)
        losses = self.learn(inputs, data_samples, reading, seen, kept)
        log = {"kept": kept.float().mean(), "confidence": score.mean()}
        return {**losses, **log, **self._check(reading, kept, weak)}

    def choose(self, score: Tensor, legible: Tensor) -> Tensor:
        """(N,) bool, the unlabelled crops that take part.

        Args:
            score: (N,) confidence of the teacher's readings.
            legible: (N,) bool, whether it read anything.
        """
        return (score >= self.threshold) & legible

    @abstractmethod
    def learn(
        self, inputs: Views, data_samples: Samples, reading: Reading, seen: Encoded, kept: Tensor
    ) -> dict[str, Tensor]:
        """All losses.

        Args:
            inputs: Branches.
            data_samples: Samples of the branches.
            reading: The teacher's, of the weak view.
            seen: Features of the weak view from the teacher's encoder.
            kept: (N,) bool, crops that take part.
        """

    @property
    def teacher(self) -> Any:
        """The recognizer that reads the weak view."""
        return self.recognizer if self.target is None else self.target.module

    def supervised(self, inputs: Views, data_samples: Samples) -> dict[str, Tensor]:
        """The recognizer's own losses on the labelled crops."""
        return self.recognizer(inputs["labelled"], data_samples["labelled"], "loss")

    def encode_strong(self, inputs: Views, data_samples: Samples) -> Encoded:
        """The strong view as the recognizer encodes it."""
        return encode(self.recognizer, inputs["strong"], data_samples.get("strong"))

    def current_weight(self) -> float:
        """Weight of the loss on unlabelled crops at this iteration."""
        share_of_run = isinstance(self.ramp_up, float)
        iterations = self.ramp_up * run_length() if share_of_run else self.ramp_up
        if not iterations:
            return self.weight
        share = min(self.updates / iterations, 1.0)
        return self.weight * math.exp(-5.0 * (1.0 - share) ** 2)

    def _check(
        self, reading: Reading, kept: Tensor, samples: Sequence[TextRecSample] | None
    ) -> dict[str, Tensor]:
        hidden = [sample.hidden_text for sample in samples or ()]
        if any(text is not None for text in hidden):
            texts = self.alignment.texts(self.recognizer, reading)
            truths = [None if t is None else self.charset.normalize(t) for t in hidden]
            self.audit.add(texts, truths, kept.tolist())
        accuracy = self.audit.accuracy()
        return {} if accuracy is None else {"pseudo_accuracy": reading.scores.new_tensor(accuracy)}


class LabelAudit:
    """Compares pseudo-labels with known texts, over the last batches.

    Args:
        batches: How many.
    """

    def __init__(self, batches: int = 50) -> None:
        self._counts: deque[tuple[int, int]] = deque(maxlen=batches)

    def add(self, texts: Sequence[str], truths: Sequence[str | None], kept: Sequence[bool]) -> None:
        """Count a batch; truths that are ``None`` are passed over."""
        known = [
            text == truth
            for text, truth, taken in zip(texts, truths, kept, strict=True)
            if taken and truth is not None
        ]
        self._counts.append((sum(known), len(known)))

    def accuracy(self) -> float | None:
        """Share of right labels; 0 where none was kept, ``None`` where no truth is known."""
        if not self._counts:
            return None
        right, total = (sum(column) for column in zip(*self._counts, strict=True))
        return right / total if total else 0.0


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode for a while; every module gets back the mode that it had."""
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True


def sum_over_processes(first: Tensor, *others: Tensor | int) -> list[float]:
    """Sums of scalars over all processes, as plain numbers."""
    values = [torch.as_tensor(value, device=first.device) for value in (first, *others)]
    totals = torch.stack([value.detach().float() for value in values])
    if world()[1] > 1:
        dist.all_reduce(totals)
    return totals.tolist()


def share_of_total(total: Tensor, count: float) -> Tensor:
    """``total / count`` for a count over all processes, where the total is this process's own.

    Distributed training averages the gradients of the processes; the factor makes that average the
    gradient of the joined batch.
    """
    return total * (world()[1] / max(count, 1.0))
