"""Experiment configs of the toolkit, made small for a study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mmengine.config import Config

from research.configs import packaged_config
from research.studies.rows import StudySizes
from spotter.training.launch import load_config


def walk(value: Any) -> Iterator[Any]:
    """Every dict inside a config."""
    if isinstance(value, Mapping):
        yield value
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from walk(item)


def pipelines(value: Any) -> Iterator[list[Any]]:
    """Every list of transforms inside a config."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from pipelines(item)
    elif isinstance(value, list):
        if value and all(isinstance(item, Mapping) and "type" in item for item in value):
            yield value
        for item in value:
            yield from pipelines(item)


def merge_options(cfg: Config, options: Mapping[str, Any]) -> None:
    """Set values of a config by dotted keys, with ``__`` for dots."""
    cfg.merge_from_dict({key.replace("__", "."): value for key, value in options.items()})


def use_inputs(cfg: Config, preprocessing: Mapping[str, Any], counts: Sequence[int]) -> None:
    """Train on the inputs that a recognizer was trained on; of several widths, batches have one.

    Args:
        cfg: The config to change.
        preprocessing: Of the recognizer's header.
        counts: Crops of each source in a batch.
    """
    size = {k: v for k, v in preprocessing.items() if k not in ("mean", "std")}
    for part in walk(cfg.train_dataloader):
        if part.get("type") in ("RecResize", "RecAugment"):
            for key in ("width", "widths", "stretch"):
                part.pop(key, None)
            part.update(size)
    if size["mode"] == "buckets":
        buckets = {key: size[key] for key in ("widths", "height", "stretch") if key in size}
        cfg.train_dataloader.batch_sampler = {
            "type": "BucketBatchSampler",
            "composition": list(counts),
            **buckets,
        }
    cfg.preprocessing = dict(preprocessing)


def study_recognizer(sizes: StudySizes, **parts: Any) -> Any:
    """Config of a study's recognizer: a small one, or with the first three stages of its start.

    Args:
        sizes: Its settings.
        **parts: Parts to set or replace, such as ``prediction`` or ``max_length``.
    """
    cfg = load_config(packaged_config("_base_/models/recognizer_small.py")).model
    encoder = {} if sizes.start is None else sizes.start.encoder()
    for name, part in {**encoder, **parts}.items():
        cfg[name] = part  # update() would merge nested settings
    return cfg


def study_config(
    name: str,
    sizes: StudySizes,
    iterations: int,
    batch_size: int,
    seed: int,
    validations: int = 1,
    colors: Sequence[Mapping[str, Any]] = (),
    **options: Any,
) -> Config:
    """An experiment config of the toolkit, made small: its data, recipe and schedule stay.

    Args:
        name: Path below ``configs/``.
        sizes: Input width, folders and device.
        iterations: Length of the run; schedules shrink with it.
        batch_size: Samples per iteration.
        seed: Of the run.
        validations: How often the run is validated, evenly; the last time at its end.
        colors: Transforms that follow :class:`SeqCLRView` in every pipeline. SeqCLR's own
            operations keep the colours, by which a small batch of crops could be told apart.
        **options: Dotted keys and their values, with ``__`` for dots.
    """
    cfg = load_config(packaged_config(name), {"data_root": str(sizes.data_root)})
    merge_options(cfg, {"optim_wrapper__dtype": "auto", **options})
    for part in walk([cfg.train_dataloader, cfg.val_dataloader, cfg.custom_hooks]):
        if part.get("type") in ("RecResize", "RecAugment") and part["height"] == 32:
            part["width"] = sizes.width
        if part.get("type") == "TextRecDataset":
            part["cache_dir"], part["cache_height"] = str(sizes.out / "cache"), 64
    for steps in pipelines(cfg.train_dataloader):
        for number in [i for i, step in enumerate(steps) if step["type"] == "SeqCLRView"]:
            steps[number + 1 : number + 1] = [dict(step) for step in colors]
    cfg.preprocessing.width = sizes.width
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        if loader is not None:
            loader.update(num_workers=0, persistent_workers=False)
    cfg.train_dataloader.batch_size = batch_size
    cfg.train_cfg.max_iters = iterations
    cfg.train_cfg.val_interval = max(1, -(-iterations // validations))
    cfg.default_hooks.checkpoint.update(save_best=None, interval=None, minutes=5, keep=1)
    cfg.default_hooks.logger.update(seconds=60)
    cfg.visualizer.vis_backends = [{"type": "LocalVisBackend"}]
    cfg.randomness = {"seed": seed}
    cfg.device = sizes.device
    cfg.channels_last = True
    # mmengine formats the config's text five times per run, a second each.
    return Config(cfg.to_dict(), filename=cfg.filename, format_python_code=False)
