"""Losses on pairs of instances, in float32 whatever the precision of the network."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from spotter.methods.gathering import gather_rows, world


def nt_xent(first: Tensor, second: Tensor, temperature: float = 0.1) -> Tensor:
    """Normalised, temperature-scaled cross-entropy (SimCLR, Chen et al., ICML 2020; SeqCLR eq. 2).

    Every instance of both views, of all processes, is an anchor: its positive is the same instance
    of the other view, its negatives are all others, those of the same word included.
    ``loss(i) = -log exp(cos(z_i, z_i+) / t) / sum_{k != i} exp(cos(z_i, z_k) / t)``, averaged. If
    all instances are equal it is ``log(2 M - 1)``.

    Args:
        first: (M, C) instances of one view.
        second: (M, C), the same instances in the other view.
        temperature: t.

    Returns:
        Scalar. With several processes: this one's anchors against all candidates, scaled so that
        the average over the processes is the loss of the joined batch.
    """
    with torch.autocast(first.device.type, enabled=False):
        first, second = F.normalize(first.float(), dim=1), F.normalize(second.float(), dim=1)
        all_first, start = gather_rows(first)
        all_second, _ = gather_rows(second)
        total, count = len(all_first), len(first)
        candidates = torch.cat([all_first, all_second])
        similarity = torch.cat([first, second]) @ candidates.T / temperature
        rows = torch.arange(count, device=first.device)
        own = torch.cat([start + rows, total + start + rows])
        other = torch.cat([total + start + rows, start + rows])
        positive = similarity.gather(1, other[:, None]).squeeze(1)
        similarity = similarity.scatter(1, own[:, None], float("-inf"))
        losses = similarity.logsumexp(1) - positive
        return losses.sum() * (world()[1] / (2 * total))


def info_nce(queries: Tensor, keys: Tensor, negatives: Tensor, temperature: float) -> Tensor:
    """Cross-entropy of each query's own key among that key and a queue (MoCo, He et al., 2020).

    Args:
        queries: (M, C).
        keys: (M, C), row i belongs to query i; no gradient flows into them.
        negatives: (K, C), normalised.
        temperature: Divides the similarities.
    """
    with torch.autocast(queries.device.type, enabled=False):
        queries = F.normalize(queries.float(), dim=1)
        keys = F.normalize(keys.detach().float(), dim=1)
        positive = (queries * keys).sum(1, keepdim=True)
        similarity = torch.cat([positive, queries @ negatives.float().T], dim=1) / temperature
        return (similarity.logsumexp(1) - similarity[:, 0]).mean()


def negative_cosine(predictions: Tensor, targets: Tensor) -> Tensor:
    """``-cos`` of rows (M, C), averaged; no gradient flows into the targets."""
    with torch.autocast(predictions.device.type, enabled=False):
        return -F.cosine_similarity(predictions.float(), targets.detach().float(), dim=1).mean()
