"""``spotter browse``: what a config trains on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from spotter.cli.commands import File, command
from spotter.cli.options import config_options, parse_overrides
from spotter.data.browsing import browse as browse_samples
from spotter.data.browsing import browsing_page, open_datasets
from spotter.io.writing import write_file
from spotter.training.launch import load_config


@command(examples=("spotter browse CONFIG --out page.html --cfg-options data_root=/data",))
@click.argument("config")
@click.option("--split", type=click.Choice(("train", "val", "test")), default="train")
@click.option("--num", default=24, show_default=True, help="samples, as many of each source")
@click.option("--seed", default=0, show_default=True, help="of the transforms' randomness")
@click.option("--out", type=File, help="default: <config>_<split>.html")
@config_options
def browse(
    config: str, split: str, num: int, seed: int, out: Path | None, cfg_options: Sequence[str]
) -> None:
    """Show samples before and after the config's transforms, on one HTML page."""
    datasets = open_datasets(load_config(config, parse_overrides(cfg_options)), split)
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("samples", total=num)
        samples = list(browse_samples(datasets, num, seed, lambda done: bar.advance(task, done)))
    name = Path(config).stem
    sizes = ", ".join(f"{dataset.name} {len(dataset):,}" for dataset in datasets)
    out = out or Path(f"{name}_{split}.html")
    about = f"{split}: {len(samples)} samples of {sizes}"
    out.parent.mkdir(parents=True, exist_ok=True)
    write_file(out, browsing_page(name, samples, about))
    print(f"{out}: {len(samples)} samples")
