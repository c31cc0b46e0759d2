"""What the studies share: small runs of experiment configs, results on disk, tables, figures."""

from __future__ import annotations

import json
import platform
import statistics
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.hooks import Hook
from torch import Tensor

from research.configs import packaged_config
from spotter.errors import ConfigError
from spotter.training.launch import load_config
from spotter.training.runner import SpotterRunner
from spotter.training.weights import atomic_write


@dataclass(frozen=True)
class Scale:
    """How small the runs of a study are.

    Attributes:
        width: Width of the recognizer's input in pixels; its height is 32.
        cache_dir: Folder for decoded crops.
        data_root: Folder of the data sets.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        colors: Transforms that follow :class:`SeqCLRView` in every pipeline. A small batch is told
            apart by its colours, which SeqCLR's own operations leave as they are.
    """

    width: int
    cache_dir: Path
    data_root: Path
    device: str = "cpu"
    colors: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class StudySizes:
    """What the sizes of every study hold; a study adds its own.

    Attributes:
        data_root: Folder of the data sets.
        out: Folder of the results.
        scale: Factor of all numbers of iterations.
        width: Width of the crops; their height is 32.
        device: ``"cpu"`` or ``"cuda"``.
    """

    data_root: Path
    out: Path
    scale: float = 1.0
    width: int = 96
    device: str = "cpu"

    def count(self, number: int) -> int:
        """``number`` of iterations at this scale; enough for a warm-up."""
        return max(30, round(number * self.scale))

    def kept(self) -> dict[str, Any]:
        """What rows must agree in to be comparable: all but folders."""
        return {k: v for k, v in asdict(self).items() if not isinstance(v, Path)}


@dataclass
class RunResult:
    """What one training gave.

    Attributes:
        iterations: Done.
        samples: Crops (or pairs of views) that were trained on.
        cpu_seconds: Processor time of the training, without validation.
        metrics: Scores of the last validation.
        curve: ``(cpu_seconds, score)`` at each validation.
        logged: The last value of everything in the log.
    """

    iterations: int = 0
    samples: int = 0
    cpu_seconds: float = 0.0
    metrics: dict[str, float] = field(default_factory=dict)
    curve: list[tuple[float, float]] = field(default_factory=list)
    logged: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        return asdict(self)


class Recorder(Hook):
    """Fills a :class:`RunResult` while a run goes on.

    Args:
        metric: Validation score of the curve.
        score: More scores of the runner's model at each validation.
    """

    priority = "LOWEST"

    def __init__(
        self,
        metric: str = "recognition/accuracy",
        score: Callable[[Any], Mapping[str, float]] | None = None,
    ) -> None:
        self.metric = metric
        self.score = score
        self.result = RunResult()
        self._last = time.process_time()

    def before_train(self, runner: Any) -> None:
        """Start the clock."""
        self._last = time.process_time()

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Count the time up to here as training."""
        now = time.process_time()
        self.result.cpu_seconds += now - self._last
        self._last = now
        self.result.iterations = runner.iter + 1
        self.result.logged = {
            name: float(value.detach() if isinstance(value, Tensor) else value)
            for name, value in (outputs or {}).items()
        }

    def after_val_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        """Keep the scores; the time of the validation does not count."""
        self.result.metrics = {name: float(value) for name, value in (metrics or {}).items()}
        if self.score is not None:
            self.result.metrics.update(self.score(runner))
        if self.metric in self.result.metrics:
            self.result.curve.append((self.result.cpu_seconds, self.result.metrics[self.metric]))

    def after_val(self, runner: Any) -> None:
        """Start the clock again."""
        self._last = time.process_time()


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


def study_config(
    name: str,
    scale: Scale,
    iterations: int,
    batch_size: int,
    seed: int,
    validations: int = 1,
    **options: Any,
) -> Config:
    """An experiment config of the toolkit, made small: its data, recipe and schedule stay.

    Args:
        name: Path below ``configs/``.
        scale: Input width, folders and device.
        iterations: Length of the run; schedules shrink with it.
        batch_size: Samples per iteration.
        seed: Of the run.
        validations: How often the run is validated, evenly; the last time at its end.
        **options: Dotted keys and their values, with ``__`` for dots.
    """
    cfg = load_config(packaged_config(name), {"data_root": str(scale.data_root)})
    cfg.merge_from_dict({key.replace("__", "."): value for key, value in options.items()})
    for part in walk([cfg.train_dataloader, cfg.val_dataloader, cfg.custom_hooks]):
        if part.get("type") in ("RecResize", "RecAugment") and part["height"] == 32:
            part["width"] = scale.width
        if part.get("type") == "TextRecDataset":
            part["cache_dir"], part["cache_height"] = str(scale.cache_dir), 64
    for steps in pipelines(cfg.train_dataloader):
        for number in [i for i, step in enumerate(steps) if step["type"] == "SeqCLRView"]:
            steps[number + 1 : number + 1] = [dict(step) for step in scale.colors]
    cfg.preprocessing.width = scale.width
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
    cfg.device = scale.device
    cfg.channels_last = True
    # mmengine formats the config's text five times per run, a second each.
    return Config(cfg.to_dict(), filename=cfg.filename, format_python_code=False)


def run(
    cfg: Config, work_dir: Path, recorder: Recorder | None = None
) -> tuple[RunResult, SpotterRunner]:
    """Train a config, or take up its training; its checkpoints are deleted when it ends.

    Args:
        cfg: The run.
        work_dir: Its folder.
        recorder: What records it; by default one of word accuracy.

    Raises:
        KeyboardInterrupt: The run was stopped before its end; its checkpoint stays.
    """
    cfg.work_dir = str(work_dir)
    cfg.resume = True
    recorder = recorder or Recorder()
    runner = SpotterRunner.from_cfg(cfg)
    runner.register_hook(recorder)
    state = work_dir / "recorded.json"
    if state.is_file():
        recorder.result = RunResult(**json.loads(state.read_text()))
    runner.train()
    recorder.result.samples = runner.iter * cfg.train_dataloader.batch_size
    if runner.iter < cfg.train_cfg.max_iters:
        write_json(state, recorder.result.to_dict())
        raise KeyboardInterrupt
    for path in [*work_dir.glob("iter_*.pth"), state]:
        path.unlink(missing_ok=True)
    return recorder.result, runner


def check_settings(out: Path, settings: Mapping[str, Any]) -> None:
    """Rows of one folder must be comparable: keep their settings there, or compare with them.

    Args:
        out: Folder of the study.
        settings: What rows must agree in.

    Raises:
        ConfigError: The folder has rows of other settings.
    """
    path = out / "settings.json"
    if not path.is_file():
        write_json(path, dict(settings))
        return
    before = json.loads(path.read_text(encoding="utf-8"))
    changed = [key for key, value in settings.items() if before.get(key) != value]
    if changed:
        raise ConfigError(
            f"{out}: holds rows of other settings ({', '.join(changed)}); choose another folder"
        )


def chosen_rows(names: Sequence[str] | None, methods: Collection[str]) -> list[str]:
    """Rows of a study in its own order.

    Args:
        names: Those that are wanted; ``None``: all.
        methods: Those that there are.

    Raises:
        ConfigError: An unknown row.
    """
    unknown = set(names or ()) - set(methods)
    if unknown:
        raise ConfigError(f"no rows {', '.join(sorted(unknown))}; there are {', '.join(methods)}")
    return [name for name in methods if names is None or name in names]


def run_rows(
    settings: StudySizes,
    methods: Mapping[str, Any],
    run_row: Callable[[str, int], Mapping[str, Any]],
    names: Sequence[str] | None = None,
    seeds: int = 1,
    prepare: Callable[[], None] = lambda: None,
) -> list[Path]:
    """Run the rows that are not finished: all with seed 0, then the main ones with the others.

    Args:
        settings: Sizes and folders.
        methods: What there is by the names of the rows; those with ``main`` get all seeds.
        run_row: Gives the content of a row, of a method and a seed.
        names: Rows to run; ``None``: all.
        seeds: How many seeds the main rows get.
        prepare: Called once the arguments are known to be right.

    Returns:
        The files of the rows, one each.

    Raises:
        ConfigError: Unknown row, or rows of other settings in the folder.
    """
    chosen = chosen_rows(names, methods)
    check_settings(settings.out, settings.kept())
    prepare()
    plan = [(name, 0) for name in chosen]
    plan += [(name, s) for s in range(1, seeds) for name in chosen if methods[name].main]
    paths = []
    for number, (name, seed) in enumerate(plan, 1):
        path = settings.out / "rows" / f"{name}_seed{seed}.json"
        paths.append(path)
        if not path.is_file():
            print(f"row {number} of {len(plan)}: {name}, seed {seed}", flush=True)
            write_json(path, run_row(name, seed))
    return paths


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file whole or not at all."""
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")


def read_rows(folder: Path) -> list[dict[str, Any]]:
    """The rows of a study that are finished, by file name.

    Raises:
        ConfigError: A file is not JSON.
    """
    rows = []
    for path in sorted(folder.glob("*.json")):
        try:
            rows.append(json.loads(path.read_text(encoding="utf-8")))
        except json.JSONDecodeError as error:
            raise ConfigError(f"{path}: not a row of a study ({error})") from None
    return rows


def mean_and_spread(values: Sequence[float], percent: bool = True) -> str:
    """``mean`` or ``mean ± half the range``, in percent, over the runs of a row."""
    factor = 100.0 if percent else 1.0
    mean = f"{factor * statistics.fmean(values):.1f}"
    if len(values) == 1:
        return mean
    return f"{mean} ± {factor * (max(values) - min(values)) / 2:.1f}"


def claim_line(claim: str, gaps: Sequence[float]) -> str:
    """What the runs say of a claim, as a line of a list.

    Args:
        claim: That something is better.
        gaps: By how much it was, by seed; one alone decides nothing.
    """
    verdict = "yes" if min(gaps) > 0 else "no" if max(gaps) < 0 else "not decided"
    if len(gaps) == 1:
        verdict = "one run each"
    shown = ", ".join(f"{100 * gap:+.1f}" for gap in gaps)
    return f"- {claim}: **{verdict}** ({shown} points, by seed)."


def machine() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
