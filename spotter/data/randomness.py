"""The random generator of the data pipeline: numpy's global state, seeded per loader worker."""

from __future__ import annotations

import numpy as np

# mmengine's worker_init_fn calls np.random.seed, which reseeds this very object; a Generator of
# our own would repeat the same draws in every worker.
rng: np.random.RandomState = np.random.mtrand._rand


def chance(probability: float) -> bool:
    """True with the given probability; certain and impossible events draw nothing."""
    if probability <= 0.0:
        return False
    return probability >= 1.0 or bool(rng.random_sample() < probability)


def uniform(low: float, high: float) -> float:
    """A number drawn uniformly from [low, high)."""
    return low + (high - low) * float(rng.random_sample())


def integer(count: int) -> int:
    """A whole number drawn uniformly from 0 .. count - 1."""
    return int(rng.randint(count))
