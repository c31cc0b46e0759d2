"""New characters that are composed of the same parts, such as the letters of a Hangul syllable,
learn together.
"""

from __future__ import annotations

import math
import unicodedata
from typing import Any

import torch
from mmengine.hooks import Hook
from torch import Tensor, nn

from spotter.errors import ConfigError
from spotter.registry import HOOKS
from spotter.training.distributed import unwrapped


def composed_parts(characters: str) -> dict[str, tuple[tuple[int, str], ...]]:
    """The parts of those characters that Unicode composes of several (NFD).

    Args:
        characters: Such as ``"한가b"``.

    Returns:
        For each composed character its parts with their places, ``{"한": ((0, "ᄒ"), (1, "ᅡ"), (2,
        "ᆫ")), "가": ((0, "ᄀ"), (1, "ᅡ"), (2, ""))}``; all have as many places, the last ones empty.
    """
    letters = {c: unicodedata.normalize("NFD", c) for c in characters}
    letters = {c: parts for c, parts in letters.items() if len(parts) > 1}
    places = max(map(len, letters.values()), default=0)
    return {
        c: tuple((place, parts[place : place + 1]) for place in range(places))
        for c, parts in letters.items()
    }


@HOOKS.register_module()
class SharedPartsHook(Hook):
    """Trains the classifier rows of composed characters as ``row + sum of its parts``.

    A syllable of Hangul is two or three of 67 letters. With rows of their own, each of 2,350
    syllables has to be seen many times; as sums, what one syllable teaches of a letter holds for
    all others. The parts' vectors have Adam's moments of their own. After each iteration their step
    is added to the rows, so the model and its files stay as they are. A resumed run begins with
    moments of zero.

    Args:
        characters: The new characters; those that are not composed are left alone.

    Raises:
        ConfigError: The model has no classifier of one row for each character.
    """

    priority = "HIGH"  # before the average of the weights begins

    def __init__(self, characters: str) -> None:
        self.parts = composed_parts(characters)
        self._gradient: Tensor | None = None

    def before_train(self, runner: Any) -> None:
        """Find the rows, and start them as sums of random parts."""
        stage = getattr(unwrapped(runner.model), "prediction", None)
        classifier = getattr(stage, "classifier", None)
        if not isinstance(classifier, nn.Linear) or stage is None:
            raise ConfigError("SharedPartsHook: the model has no linear classifier of characters")
        self._layer = classifier
        device = classifier.weight.device
        numbers: dict[tuple[int, str], int] = {}
        members = [
            [numbers.setdefault(part, len(numbers)) for part in parts]
            for parts in self.parts.values()
        ]
        self._members = torch.tensor(members, device=device)
        self._rows = torch.tensor([stage.charset.index(c) + 1 for c in self.parts], device=device)
        self._vectors = nn.Parameter(
            torch.zeros(len(numbers), classifier.in_features, device=device)
        )
        self._optimizer = torch.optim.Adam([self._vectors])
        # Then the gradient is that of all processes, unscaled and clipped.
        runner.optim_wrapper.optimizer.register_step_pre_hook(self._keep)
        if runner.iter == 0:
            self._start()

    @torch.no_grad()
    def _start(self) -> None:
        """Rows as sums of parts, as long as those of a layer that is newly made."""
        bound = 1 / math.sqrt(self._layer.in_features * self._members.shape[1])
        # The same in all processes.
        random = torch.Generator().manual_seed(0)
        vectors = torch.empty(self._vectors.shape).uniform_(-bound, bound, generator=random)
        self._layer.weight[self._rows] = vectors.to(self._rows.device)[self._members].sum(1)

    def _keep(self, *_: Any) -> None:
        gradient = self._layer.weight.grad
        self._gradient = None if gradient is None else gradient[self._rows]

    @torch.no_grad()
    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Move the parts, and all rows that hold them."""
        if self._gradient is None:
            return
        shared = torch.zeros_like(self._vectors)
        for place in self._members.T:
            shared.index_add_(0, place, self._gradient)
        self._gradient = None
        self._vectors.zero_()
        self._vectors.grad = shared
        self._optimizer.param_groups[0]["lr"] = runner.optim_wrapper.optimizer.param_groups[0]["lr"]
        self._optimizer.step()
        self._layer.weight[self._rows] += self._vectors[self._members].sum(1)
