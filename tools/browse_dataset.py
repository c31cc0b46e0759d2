"""Show what a config trains on: ``tools/browse_dataset.py CONFIG --out page.html``.

One self-contained page: samples as they are stored, and as the model gets them after the config's
transforms, with the target maps of detectors and all views of recipes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from mmengine.config import DictAction
from rich.console import Console
from rich.progress import Progress

from spotter.cli.errors import run_tool
from spotter.data.browsing import browse, browsing_page, open_datasets
from spotter.training.launch import load_config


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("config", help="experiment config, such as configs/detection/....py")
    parser.add_argument("--split", choices=("train", "val", "test"), default="train")
    parser.add_argument("--num", type=int, default=24, help="samples, as many of each source")
    parser.add_argument("--seed", type=int, default=0, help="of the transforms' randomness")
    parser.add_argument("--out", type=Path, help="default: <config>_<split>.html")
    parser.add_argument(
        "--cfg-options",
        nargs="+",
        action=DictAction,
        metavar="KEY=VALUE",
        help="overrides, such as data_root=/data",
    )
    arguments = parser.parse_args()
    config = load_config(arguments.config, arguments.cfg_options)
    datasets = open_datasets(config, arguments.split)
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("looking", total=arguments.num)
        samples = list(
            browse(datasets, arguments.num, arguments.seed, lambda done: bar.advance(task, done))
        )
    name = Path(arguments.config).stem
    sizes = ", ".join(f"{dataset.name} {len(dataset):,}" for dataset in datasets)
    out = arguments.out or Path(f"{name}_{arguments.split}.html")
    about = f"{arguments.split}: {len(samples)} samples of {sizes}"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(browsing_page(name, samples, about), encoding="utf-8")
    print(f"{out}: {len(samples)} samples")


if __name__ == "__main__":
    run_tool(main)
