"""Train: ``tools/train.py CONFIG [--work-dir D] [--resume] [--amp] [--cfg-options k=v ...]``.

Several processes: ``torchrun --nproc-per-node 8 tools/train.py CONFIG --launcher pytorch``.
"""

from spotter.training.launch import run_tool, train_main

if __name__ == "__main__":
    run_tool(train_main)
