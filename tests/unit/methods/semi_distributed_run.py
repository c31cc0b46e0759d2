"""Run by torchrun in the tests: one step of semi-supervised recipes, gradients to files."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from tests.unit.methods.semi import batch, build_recipe, crops, gradients, outspoken, total

DOMAIN = {"labelled_threshold": 0.0, "unlabelled_threshold": 0.1}
CASES: dict[str, dict[str, Any]] = {
    "consistency": {"kind": "CharacterConsistency", "threshold": 0.3, "domain": DOMAIN},
    "ctc": {
        "kind": "CharacterConsistency",
        "prediction": "ctc",
        "threshold": 0.3,
        "domain": DOMAIN,
    },
    "nothing kept": {"kind": "CharacterConsistency", "threshold": 1.0, "domain": DOMAIN},
    "pseudo-label": {"kind": "PseudoLabel", "threshold": 0.3},
    "mean teacher": {"kind": "MeanTeacher", "threshold": 0.1},
    "fixmatch": {"kind": "FixMatch", "confidence": "product", "threshold": 0.3},
    "fixmatch steps": {
        "kind": "FixMatch",
        "confidence": "product",
        "gate": "character",
        "threshold": 0.9,
    },
}


def joined_batch() -> tuple[dict, dict]:
    """Four labelled words of one length, and twelve crops of which the last six score low."""
    inputs, samples = batch(("ab", "c1", "9d", "07"), unlabelled=12)
    inputs["weak"][6:] *= 0.2
    inputs["strong"] = inputs["weak"] + 0.3 * crops(12, 7)
    return inputs, samples


def part(inputs: dict, samples: dict, rank: int) -> tuple[dict, dict]:
    """A rank's half of each branch."""

    def half(values: Any) -> Any:
        size = len(values) // 2
        return values[rank * size : (rank + 1) * size]

    return {k: half(v) for k, v in inputs.items()}, {k: half(v) for k, v in samples.items()}


def step(case: str, rank: int | None = None) -> dict[str, Any]:
    """Losses and gradients of one step; ``None``: of a single process on the joined batch."""
    recipe = build_recipe(**CASES[case])
    outspoken(recipe.recognizer)
    inputs, samples = joined_batch()
    model: Any = recipe
    if rank is not None:
        inputs, samples = part(inputs, samples, rank)
        model = DistributedDataParallel(recipe)
    losses = model(inputs, samples, mode="loss")
    total(losses).backward()
    return {
        "losses": {name: float(value.detach()) for name, value in losses.items()},
        "gradients": {name: g.double().flatten().tolist() for name, g in gradients(recipe).items()},
    }


def main(folder: Path) -> None:
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    results = {case: step(case, rank) for case in CASES}
    (folder / f"rank{rank}.json").write_text(json.dumps(results))
    dist.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
