"""``spotter train`` and ``spotter test``: experiments by their configs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from spotter.cli.commands import command
from spotter.cli.options import config_options, joined, parse_overrides
from spotter.training import launch
from spotter.training.distributed import LAUNCHERS

_experiment_options = joined(
    click.option("--work-dir", help="folder for logs and checkpoints"),
    config_options,
    click.option(
        "--launcher", type=click.Choice(LAUNCHERS), default="none", help="of several processes"
    ),
    # torch.distributed.launch passes this one; torchrun sets the environment instead.
    click.option("--local-rank", "--local_rank", type=int, hidden=True, expose_value=False),
)


@command(
    examples=(
        "spotter train configs/recognition/compact_ctc_synthetic.py",
        "spotter train CONFIG --cfg-options data_root=/data train_cfg.max_iters=5000",
        "spotter train CONFIG --resume",
        "torchrun --nproc-per-node 8 -m spotter train CONFIG --launcher pytorch",
    )
)
@click.argument("config")
@_experiment_options
@click.option("--amp", is_flag=True, help="compute in bfloat16 where the device does")
@click.option(
    "--resume",
    is_flag=False,
    flag_value="",
    default=None,
    metavar="[CHECKPOINT]",
    help="go on from the newest checkpoint in the work folder, or from this one",
)
def train(
    config: str,
    work_dir: str | None,
    cfg_options: Sequence[str],
    launcher: str,
    amp: bool,
    resume: str | None,
) -> None:
    """Train a detector, a recognizer or a method of learning without labels.

    Ctrl-C and SIGTERM stop it after the iteration; it is saved, and exits with 130 or 143.
    """
    status = launch.train(
        config,
        work_dir,
        parse_overrides(cfg_options),
        amp,
        False if resume is None else resume or True,
        launcher,
    )
    if status:
        raise SystemExit(status)


@command(examples=("spotter test CONFIG best.safetensors --cfg-options data_root=/data",))
@click.argument("config")
@click.argument("weights")
@_experiment_options
def test(config: str, weights: str, cfg_options: Sequence[str], **options: Any) -> None:
    """Score weights on the test set of a config.

    WEIGHTS is a .safetensors file, or a .pth checkpoint that holds nothing but tensors.
    """
    launch.score(config, weights, options=parse_overrides(cfg_options), **options)
