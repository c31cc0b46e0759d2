"""Classification of characters from the frames of a recognizer, without training a decoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.dataset import pseudo_collate
from mmengine.hooks import Hook
from torch import Tensor

from spotter.errors import ConfigError
from spotter.methods.base import encode_frames
from spotter.registry import DATASETS, HOOKS
from spotter.structures import TextRecSample
from spotter.training.distributed import unwrapped


@HOOKS.register_module()
class CharacterProbeHook(Hook):
    """Characters named from frozen frames, every so many iterations, in the log.

    ``probe/knn`` by nearest neighbours, ``probe/linear`` by a linear classifier. The characters of
    a word are taken to lie evenly along its frames (:func:`character_features`), which is only
    roughly true, so the figures are for comparing encoders; ``probe/chance`` is the share of the
    most frequent character. Even words of the dataset are the references, odd ones the queries.

    Args:
        dataset: Config of a dataset of labelled crops.
        interval: Iterations between two probes; one more at the end.
        neighbours: How many references vote.
        words: How many words of the dataset are used, from its start.
        batch_size: Words encoded at a time.

    Raises:
        ConfigError: A number below 1; or (in training) no labelled words.
    """

    def __init__(
        self,
        dataset: Mapping[str, Any],
        interval: int = 5000,
        neighbours: int = 10,
        words: int = 1000,
        batch_size: int = 64,
    ) -> None:
        if min(interval, neighbours, words, batch_size) < 1:
            raise ConfigError("CharacterProbeHook: all numbers must be positive")
        self.dataset_config = dict(dataset)
        self.interval = interval
        self.neighbours = neighbours
        self.words = words
        self.batch_size = batch_size
        self.results: list[tuple[int, dict[str, float]]] = []
        self._dataset: Any = None

    def after_iteration(self, runner: Any) -> None:
        """Probe, if it is time."""
        loop = runner.train_loop
        last = loop.stop_training or runner.iter >= loop.max_iters
        if runner.rank == 0 and (last or runner.iter % self.interval == 0):
            scores = self.probe(unwrapped(runner.model))
            self.results.append((runner.iter, scores))
            shown = "  ".join(f"{name} {value:.4f}" for name, value in scores.items())
            runner.logger.info(f"iteration {runner.iter}: {shown}")
            runner.visualizer.add_scalars(scores, step=runner.iter)

    @torch.no_grad()
    def probe(self, model: Any) -> dict[str, float]:
        """The three scores of a method or a recognizer, whose mode is restored."""
        if self._dataset is None:
            self._dataset = DATASETS.build(dict(self.dataset_config))
        recognizer = getattr(model, getattr(model, "deployable", ""), model)
        modes = {module: module.training for module in recognizer.modules()}
        recognizer.eval()
        sides: tuple[list[Tensor], list[Tensor]] = ([], [])
        labels: tuple[list[str], list[str]] = ([], [])
        count = min(self.words, len(self._dataset))
        for start in range(0, count, self.batch_size):
            items = [self._dataset[i] for i in range(start, min(start + self.batch_size, count))]
            batch = recognizer.data_preprocessor(pseudo_collate(items))
            samples = batch["data_samples"]
            frames, mask = encode_frames(recognizer, batch["inputs"], samples)
            for place, (features, text) in enumerate(
                character_features(frames, mask, samples, recognizer.charset), start
            ):
                sides[place % 2].append(features)
                labels[place % 2].extend(text)
        for module, training in modes.items():
            module.training = training
        if not all(labels):
            raise ConfigError("CharacterProbeHook: the dataset has no two labelled words")
        classes = sorted({*labels[0], *labels[1]})
        references, queries = (
            torch.tensor([classes.index(character) for character in side]) for side in labels
        )
        known, asked = (torch.cat(side).cpu() for side in sides)
        # The common mean of all frames would make all cosines alike.
        known, asked = known - known.mean(0), asked - known.mean(0)
        chance = float(queries.bincount().max()) / len(queries)
        return {
            "probe/knn": knn_accuracy(known, references, asked, queries, self.neighbours),
            "probe/linear": linear_accuracy(known, references, asked, queries),
            "probe/chance": chance,
        }


def character_features(
    frames: Tensor, mask: Tensor | None, samples: Sequence[TextRecSample], charset: Any
) -> list[tuple[Tensor, str]]:
    """For each labelled word of n known characters their features (n, C) and its text.

    Character i is the mean of the frames from ``floor(i L / n)`` to ``ceil((i + 1) L / n)`` of the
    L frames that are not padding. Words without a label, without a known character or with more
    characters than frames are passed over.

    Args:
        frames: (N, T, C).
        mask: (N, T) bool, or ``None``: no padding.
        samples: N samples.
        charset: Texts are normalised to it.
    """
    found = []
    for number, sample in enumerate(samples):
        text = "" if sample.text is None else charset.normalize(sample.text)
        own = frames[number] if mask is None else frames[number][mask[number]]
        if 0 < len(text) <= len(own):
            found.append((F.adaptive_avg_pool1d(own.T[None], len(text))[0].T, text))
    return found


def knn_accuracy(
    references: Tensor, labels: Tensor, queries: Tensor, truths: Tensor, neighbours: int = 10
) -> float:
    """Share of queries (M, C) whose nearest references (K, C), by cosine, vote for their truth.

    Votes weigh their cosine plus 1; of a tie the smallest class wins.

    Args:
        references: (K, C).
        labels: (K,) their classes.
        queries: (M, C).
        truths: (M,) their classes.
        neighbours: How many vote.
    """
    references, queries = F.normalize(references.float()), F.normalize(queries.float())
    cosines, places = (queries @ references.T).topk(min(neighbours, len(references)))
    votes = torch.zeros(len(queries), int(max(labels.max(), truths.max())) + 1)
    votes.scatter_add_(1, labels[places], cosines + 1.0)
    return float((votes.argmax(1) == truths).float().mean())


def linear_accuracy(
    references: Tensor, labels: Tensor, queries: Tensor, truths: Tensor, ridge: float = 0.01
) -> float:
    """Share of queries (M, C) that a least-squares classifier of the references names rightly.

    Args:
        references: (K, C), centred.
        labels: (K,) their classes.
        queries: (M, C).
        truths: (M,) their classes.
        ridge: Penalty on the weights, for features of unit variance and per reference.
    """
    scale = references.std(0, correction=0).clamp(min=1e-6)
    known, asked = ((side / scale).double() for side in (references, queries))
    targets = F.one_hot(labels, int(max(labels.max(), truths.max())) + 1).double()
    bias = targets.mean(0)
    penalty = ridge * len(known) * torch.eye(known.shape[1], dtype=torch.float64)
    weights = torch.linalg.solve(known.T @ known + penalty, known.T @ (targets - bias))
    return float(((asked @ weights + bias).argmax(1) == truths).float().mean())
