"""Run by torchrun in the tests: contrastive losses of two processes, their gradients to files."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from spotter.methods.gathering import gather_rows
from spotter.methods.self_supervised.contrastive import nt_xent

SPLITS = {"even": [3, 3], "uneven": [2, 4]}


class Net(nn.Module):
    """A linear layer and the loss of its outputs."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(5, 4)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        return nt_xent(self.layer(first), self.layer(second), 0.2)


def batch() -> tuple[Tensor, Tensor]:
    """Six instances in two views."""
    first, second = torch.randn(2, 6, 5, generator=torch.Generator().manual_seed(3))
    return first, second


def result(loss: Tensor, net: Net) -> dict:
    assert net.layer.weight.grad is not None
    return {"loss": float(loss.detach()), "gradient": net.layer.weight.grad.flatten().tolist()}


def main(folder: Path) -> None:
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    results = {}
    for name, sizes in SPLITS.items():
        start = sum(sizes[:rank])
        own = [view[start : start + sizes[rank]] for view in batch()]
        net = Net()
        # Kept by name: its hooks live as long as it does.
        wrapped = DistributedDataParallel(net)
        loss = wrapped(*own)
        loss.backward()
        results[name] = result(loss, net)
    gathered, place = gather_rows(torch.full((rank + 1, 1), float(rank)))
    results["gathered"] = {"rows": gathered.flatten().tolist(), "place": place}
    (folder / f"rank{rank}.json").write_text(json.dumps(results))
    dist.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
