"""The row runner of all studies, and the files that it keeps."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch

from research.studies.start import Start
from spotter.errors import ConfigError
from spotter.io.writing import write_file


@dataclass(frozen=True)
class StudySizes:
    """Sizes that every study has; a study adds its own.

    Attributes:
        data_root: Folder of the data sets.
        out: Folder of the results.
        scale: Factor of all numbers of iterations.
        width: Width of the crops in pixels; their height is 32.
        device: ``"cpu"`` or ``"cuda"``.
        weights: Of the recognizer that all rows start from; ``None``: a small one of the study.
    """

    data_root: Path
    out: Path
    scale: float = 1.0
    width: int = 96
    device: str = "cpu"
    weights: Path | None = None

    def count(self, number: int) -> int:
        """``number`` of iterations at this scale; enough for a warm-up."""
        return max(30, round(number * self.scale))

    def kept(self) -> dict[str, Any]:
        """Settings that rows must share to be comparable: all but folders.

        Of the weights the first digits of the file's SHA-256.
        """
        kept = {k: v for k, v in asdict(self).items() if not isinstance(v, Path)}
        return {**kept, "weights": None if self.start is None else self.start.digest}

    @cached_property
    def start(self) -> Start | None:
        """What all rows start from, if it is given."""
        return None if self.weights is None else Start(self.weights)

    @property
    def recognizer(self) -> Start:
        """What every row starts from, of a study that has to be given it.

        Raises:
            ConfigError: It is not given.
        """
        if self.start is None:
            raise ConfigError("this study needs --start WEIGHTS")
        return self.start


Sizes = TypeVar("Sizes", bound=StudySizes)


@dataclass(frozen=True)
class Method:
    """One row of a study's table; a study may add to it.

    Attributes:
        title: As in the table.
        config: The recipe below ``configs/recipes/``; empty: none is needed.
        options: Overrides of the config, see :func:`research.studies.configs.merge_options`.
        main: Whether it gets all seeds.
    """

    title: str
    config: str
    options: Mapping[str, Any] = field(default_factory=dict)
    main: bool = False


@dataclass(frozen=True)
class Study(Generic[Sizes]):
    """A comparison of methods: one row a method and seed, each a JSON file that is written once.

    Attributes:
        name: Of the study, as on the command line.
        about: One line for the command's help.
        methods: By the names of the rows, in the order in which they are run: an interrupted study
            has the most informative ones.
        run_row: Gives the numbers of a row, of a method, a seed and the sizes.
        prepare: Called once the arguments are known to be right.
        seeds: How many seeds the main rows get unless asked otherwise.
    """

    name: str
    about: str
    methods: Mapping[str, Method]
    run_row: Callable[[str, int, Sizes], Mapping[str, Any]]
    prepare: Callable[[Sizes], None] = lambda _: None
    seeds: int = 2

    def run(
        self, settings: Sizes, names: Sequence[str] | None = None, seeds: int | None = None
    ) -> list[Path]:
        """Run the rows that are not finished: all with seed 0, then the main ones with the others.

        Args:
            settings: Sizes and folders.
            names: Rows to run; ``None``: all.
            seeds: How many seeds the main rows get; ``None``: the study's number.

        Returns:
            The files of the rows, one each.

        Raises:
            ConfigError: Unknown row, rows of other settings in the folder, or missing data.
        """
        chosen = chosen_rows(names, self.methods)
        check_settings(settings.out, settings.kept())
        self.prepare(settings)
        plan = [(name, 0) for name in chosen]
        more = range(1, self.seeds if seeds is None else seeds)
        plan += [(name, seed) for seed in more for name in chosen if self.methods[name].main]
        paths = []
        for number, (name, seed) in enumerate(plan, 1):
            path = settings.out / "rows" / f"{name}_seed{seed}.json"
            paths.append(path)
            if not path.is_file():
                print(f"row {number} of {len(plan)}: {name}, seed {seed}", flush=True)
                write_json(path, self._row(name, seed, settings))
        return paths

    def _row(self, name: str, seed: int, settings: Sizes) -> dict[str, Any]:
        """The numbers of a row with what it was made by and the seconds that it took."""
        began = time.monotonic()
        row: dict[str, Any] = {
            "row": name,
            "title": self.methods[name].title,
            "seed": seed,
            "machine": machine(),
            "threads": torch.get_num_threads(),
            "settings": settings.kept(),
        }
        row.update(self.run_row(name, seed, settings))
        row["wall_seconds"] = time.monotonic() - began
        return row


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


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file whole or not at all."""
    write_file(path, json.dumps(content, indent=1))


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


def machine() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
