"""How much one core can feed: ``python -m research.gpu.feed --cache DIR``.

Makes batches of the configs' crops in one process, without a network, and says crops per second and
core and what 16 cores would make of it.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from research.gpu.shared_batches import SharedBatches
from research.gpu.sources import batch_maker, load_config

_CORES = 16
_TARGETS = {"detection": 400, "recognition": 6000}


def measure(config: str, cache: Path, seconds: float, workers: int, limit: int | None) -> float:
    """Crops per second of ``workers`` processes; 0: of this one."""
    cfg = load_config(config)
    cfg.batch_size = 16 if cfg.task == "detection" else 256
    batches = SharedBatches(batch_maker(cfg, cache, limit), workers, slots=4)
    batches.release(batches.next())  # opens files
    # Alone, its own processor time counts: other programs may share the machine.
    clock = time.perf_counter if workers else time.process_time
    start, made = clock(), 0
    while clock() - start < seconds:
        batches.release(batches.next())
        made += cfg.batch_size
    rate = made / (clock() - start)
    batches.stop()
    return rate


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="feed", description=__doc__)
    parser.add_argument("configs", nargs="*", default=["detector_x05", "recognizer_shipped"])
    parser.add_argument("--cache", type=Path, required=True, help="folder of decoded images")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--limit", type=int, help="use no more samples per source than this")
    options = parser.parse_args()
    print("| config | crops per second and core | on 16 cores | wanted |")
    print("|---|---|---|---|")
    for name in options.configs:
        rate = measure(name, options.cache, options.seconds, options.workers, options.limit)
        rate /= max(options.workers, 1)
        wanted = _TARGETS[load_config(name).task]
        print(f"| {name} | {rate:.0f} | {rate * _CORES:.0f} | {wanted} |", flush=True)


if __name__ == "__main__":
    main()
