"""From a config file to a runner: overrides, and errors of one line."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.logging import MMLogger

from spotter.errors import AnnotationError, ConfigError, SpotterError
from spotter.io.locks import OutputLock
from spotter.io.names import one_line
from spotter.training.distributed import stop

DATA_ROOT = "SPOTTER_DATA"
"""Environment variable that holds the folder of the data sets; the configs read it."""

CROPS = "SPOTTER_CROPS"
"""Environment variable that holds one's own unlabelled crops; self-supervised configs read it."""


_MADE_BY = {
    "synthetic_words": "tools/synthesize.py words --out {root}/synthetic_words makes it",
    "mined_words": "tools/mine_crops.py PHOTOS --out {root}/mined_words makes it",
}
"""Commands that make the data sets that are made, by the name of their folder."""


def load_config(path: str | Path, options: Mapping[str, Any] | None = None) -> Config:
    """An experiment config with overrides.

    Args:
        path: Python file.
        options: Dotted keys and their values, as of ``--cfg-options``. ``data_root`` is the folder
            of the data sets, as in the environment variable ``SPOTTER_DATA``; ``data.crops`` the
            folder or LMDB of one's own unlabelled crops, as in ``SPOTTER_CROPS``.

    Raises:
        ConfigError: Missing or faulty file, or an override that does not fit it.
    """
    options = dict(options or {})
    if not Path(path).is_file():
        raise ConfigError(f"{path}: no such config file")
    root, crops = options.pop("data_root", None), options.pop("data.crops", None)
    try:
        with _environment(DATA_ROOT, root), _environment(CROPS, crops), _quiet():
            cfg = Config.fromfile(str(path))
        cfg.merge_from_dict(options)
    except SpotterError:
        raise
    except Exception as error:
        raise ConfigError(f"{path}: {type(error).__name__}: {one_line(error)}") from None
    if crops is not None and "crops" not in cfg.get("data", {}):
        raise ConfigError(f"{path}: does not take data.crops, only self-supervised configs do")
    if root is not None:
        cfg.data_root = root
    return cfg


def training_config(
    path: str | Path,
    work_dir: str | Path | None = None,
    options: Mapping[str, Any] | None = None,
    amp: bool = False,
    resume: bool | str = False,
    launcher: str = "none",
) -> Config:
    """The config of a training run, ready for ``SpotterRunner.from_cfg``.

    Args:
        path: Config file.
        work_dir: Folder of the run; default ``work_dirs/<name of the config>``.
        options: Overrides, see :func:`load_config`.
        amp: Compute in bfloat16 where the device does: ``dtype="auto"`` of the wrapper.
        resume: Go on from the newest checkpoint in ``work_dir``, or from this one.
        launcher: ``"none"``, ``"pytorch"`` or ``"slurm"``.

    Raises:
        ConfigError: As :func:`load_config`; or the config does not train.
    """
    cfg = load_config(path, options)
    for key in ("model", "train_dataloader", "train_cfg", "optim_wrapper"):
        if key not in cfg:
            raise ConfigError(f"{path}: cannot train, the config has no {key}")
    cfg.work_dir = str(work_dir or cfg.get("work_dir") or Path("work_dirs") / Path(path).stem)
    cfg.launcher = launcher
    if amp:
        cfg.optim_wrapper.type = "AutocastOptimWrapper"
        cfg.optim_wrapper.dtype = "auto"
    if resume:
        cfg.resume = True
        cfg.resume_from = resume if isinstance(resume, str) else None
    return cfg


def scoring_config(
    path: str | Path,
    weights: str | Path,
    work_dir: str | Path | None = None,
    options: Mapping[str, Any] | None = None,
    launcher: str = "none",
) -> Config:
    """The config of a test run: the training parts are left out.

    Raises:
        ConfigError: As :func:`load_config`; or the config has no test data.
    """
    cfg = load_config(path, options)
    for kind in ("dataloader", "cfg", "evaluator"):
        if f"test_{kind}" not in cfg:
            if f"val_{kind}" not in cfg:
                raise ConfigError(f"{path}: cannot test, the config has no test_{kind}")
            cfg[f"test_{kind}"] = cfg[f"val_{kind}"]
        for key in (f"train_{kind}", f"val_{kind}"):
            cfg.pop(key, None)
    if cfg.test_cfg.get("type") == "ValLoop":
        cfg.test_cfg.type = "TestLoop"
    for key in ("optim_wrapper", "param_scheduler", "custom_hooks"):
        cfg.pop(key, None)
    cfg.work_dir = str(work_dir or cfg.get("work_dir") or Path("work_dirs") / Path(path).stem)
    cfg.launcher = launcher
    cfg.load_from = str(weights)
    cfg.resume = False
    return cfg


def train(
    path: str | Path,
    work_dir: str | Path | None = None,
    options: Mapping[str, Any] | None = None,
    amp: bool = False,
    resume: bool | str = False,
    launcher: str = "none",
) -> int:
    """Train what a config describes; the arguments are those of :func:`training_config`.

    Returns:
        The status to exit with: 0, or where a signal ended the training early, after it was saved,
        128 and the signal's number, so that a scheduler does not take it for finished.

    Raises:
        SpotterError: The config does not train, names something that does not exist, or another
            training writes to the work folder.
    """
    from spotter.training.hooks import InterruptHook
    from spotter.training.runner import SpotterRunner

    cfg = training_config(path, work_dir, options, amp, resume, launcher)
    # The processes of one training share its folder; the first of them keeps others out.
    first = os.environ.get("RANK", os.environ.get("SLURM_PROCID", "0")) == "0"
    lock = OutputLock(cfg.work_dir, is_folder=True) if first else nullcontext()
    with lock, _plain_build_errors(cfg):
        runner = SpotterRunner.from_cfg(cfg)
        runner.train()
    stop()
    return InterruptHook.status_of(runner)


def score(
    path: str | Path,
    weights: str | Path,
    work_dir: str | Path | None = None,
    options: Mapping[str, Any] | None = None,
    launcher: str = "none",
) -> None:
    """Score weights on the test set of a config; see :func:`scoring_config`.

    Raises:
        SpotterError: There are no such weights, or the config does not test.
    """
    from spotter.training.runner import SpotterRunner

    if not Path(weights).is_file():
        raise ConfigError(f"{weights}: no such weights file")
    cfg = scoring_config(path, weights, work_dir, options, launcher)
    with _plain_build_errors(cfg):
        SpotterRunner.from_cfg(cfg).test()
    stop()


@contextmanager
def _plain_build_errors(cfg: Config) -> Iterator[None]:
    """Turns unknown names in a config and missing files into errors of one line."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        hint = _missing_data(str(error.filename), cfg)
        raise ConfigError(f"{error.filename}: no such file or folder{hint}") from None
    except AnnotationError as error:
        hint = _missing_data(str(error).partition(": ")[0], cfg)
        if not hint:
            raise
        raise AnnotationError(f"{error}{hint}") from None
    except KeyError as error:
        if "is not in the" not in str(error):
            raise
        raise ConfigError(one_line(error).partition(" Please check")[0].strip("'\"")) from None


def _missing_data(path: str, cfg: Config) -> str:
    """How a data set that is not in the data folder gets there; empty for any other file."""
    root = str(cfg.get("data_root") or "")
    if not root or not Path(path).is_relative_to(root) or Path(path).exists():
        return ""
    name = Path(path).relative_to(root).parts[:1]
    command = _MADE_BY.get("".join(name), "docs/datasets.md says how to get it")
    command = command.format(root=root)
    return f"; the data folder is {root} ({DATA_ROOT}, or --cfg-options data_root=...): {command}"


@contextmanager
def _environment(name: str, value: str | None) -> Iterator[None]:
    before = os.environ.get(name)
    if value is not None:
        os.environ[name] = str(value)
    try:
        yield
    finally:
        if value is not None:
            os.environ.pop(name)
            if before is not None:
                os.environ[name] = before


@contextmanager
def _quiet() -> Iterator[None]:
    """mmengine reports each place where a config reads an environment variable."""
    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
