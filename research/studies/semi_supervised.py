"""The study of semi-supervised training: what do real words without labels add to drawn ones?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config

from research.studies.arguments import run_command, study_parser
from research.studies.configs import merge_options, study_config, use_inputs, walk
from research.studies.rows import Method, Study, StudySizes, write_json
from research.studies.semi_supervised_data import (
    decoders_of,
    marks_of_tests,
    prepare_data,
    unlabelled_datasets,
)
from research.studies.training import train_once
from spotter.training.optim_wrapper import resolve_dtype
from spotter.training.weights import build_from_weights


@dataclass(frozen=True)
class SemiMethod(Method):
    """One row of the table.

    Attributes, besides those of :class:`Method`:
        decoder: That the row trains and is read with, see :class:`Start`.
        labelled: Labelled crops per iteration as a multiple of the study's.
        strong: Options of the strong view that differ from those of the recipe.
    """

    decoder: str = "attention"
    labelled: float = 1.0
    strong: Mapping[str, Any] = field(default_factory=dict)

    @property
    def supervised(self) -> bool:
        """Whether it sees labelled crops only."""
        return self.config.startswith("supervised")


_CONSISTENCY = "consistency_attention_compact.py"
_SUPERVISED = "supervised_attention_compact.py"


# The start is trained already: the published projection, from random values, would have to be
# learnt first, and no word would be sure enough for domain adaptation until then.
_PROJECTION = {"model__projection": "residual"}
# Covariances grow with the fourth power of the features. With this weight and the glimpses of
# deep_ctc's decoder, domain adaptation has about a fifteenth of the consistency's gradient.
_TRAINED = {**_PROJECTION, "model__domain__weight": 0.13}


def _ablation(what: str, strong: Mapping[str, Any] | None = None, **options: Any) -> SemiMethod:
    common = _PROJECTION if "domain" in options else _TRAINED
    changed = {**common, **{f"model__{name}": value for name, value in options.items()}}
    return SemiMethod(f"consistency {what}", _CONSISTENCY, changed, strong=strong or {})


METHODS: dict[str, SemiMethod] = {
    "supervised": SemiMethod("supervised, same updates", _SUPERVISED, main=True),
    "consistency": SemiMethod("character-level consistency", _CONSISTENCY, _TRAINED, main=True),
    "pseudo_label": SemiMethod(
        "pseudo-labels, frozen teacher",
        "pseudo_label_attention_compact.py",
        {"model__threshold": 0.5},
        main=True,
    ),
    # A strong view costs as much as a labelled crop, a weak one, which is only read, a third.
    "same_compute": SemiMethod("supervised, same compute", _SUPERVISED, labelled=7 / 3, main=True),
    "mean_teacher": SemiMethod("Mean Teacher", "mean_teacher_attention_compact.py", main=True),
    "fixmatch": SemiMethod("FixMatch, by words", "fixmatch_attention_compact.py", main=True),
    "fixmatch_characters": SemiMethod(
        "FixMatch, by characters", "fixmatch_characters_attention_compact.py", main=True
    ),
    "no_context": _ablation("without context sharing", context_sharing=False),
    "no_projection": _ablation("without projection", projection=None),
    "random_projection": _ablation(
        "with a projection from random values", projection="feedforward"
    ),
    "no_average": _ablation("without average of the weights", momentum=0.0),
    "no_filter": _ablation("without filter", threshold=0.0),
    "no_domain": _ablation("without domain adaptation", domain=None),
    "hard": _ablation("with hard labels", hard=True),
    "mild_views": _ablation("with mild strong views", {"magnitudes": "mild"}),
    "supervised_ctc": SemiMethod(
        "CTC: supervised, same updates", "supervised_ctc_compact.py", decoder="ctc", main=True
    ),
    "consistency_ctc": SemiMethod(
        "CTC: consistency by frames, no domain adaptation",
        "consistency_ctc_compact.py",
        {**_PROJECTION, "model__domain": None},
        decoder="ctc",
        main=True,
    ),
    "pseudo_label_ctc": SemiMethod(
        "CTC: pseudo-labels, frozen teacher",
        "pseudo_label_ctc_compact.py",
        {"model__threshold": 0.5},
        decoder="ctc",
        main=True,
    ),
}
"""Rows in the order in which they are run: an interrupted study has the most telling ones."""


@dataclass(frozen=True)
class StudySettings(StudySizes):
    """Sizes of the study at scale 1.

    Attributes, besides those of :class:`StudySizes`:
        drawn: Archives of drawn words with labels; none: they are drawn.
        iterations: Iterations of a row.
        labelled: Labelled crops per iteration of a row.
        unlabelled: Unlabelled crops per iteration of a row that uses such.
        rate: Peak of the learning rate of a row.
        momentum: Of the average; 0.999 would remember more iterations than a row has.
        synthetic: Words to draw where no archive is given.
        test_words: The first words of each test that are read; 0: all.
    """

    drawn: tuple[Path, ...] = ()
    iterations: int = 1000
    labelled: int = 32
    unlabelled: int = 32
    rate: float = 1e-4
    momentum: float = 0.99
    synthetic: int = 40000
    test_words: int = 0

    def kept(self) -> dict[str, Any]:
        """See :class:`StudySizes`."""
        kept = {k: v for k, v in super().kept().items() if k != "width"}
        return {**kept, "drawn": [path.name for path in self.drawn]}


def run_row(name: str, seed: int, settings: StudySettings) -> dict[str, Any]:
    """Train one method from the common start, and read the tests.

    A finished training of an interrupted row is not repeated.

    Returns:
        Every number that the training gave, and the marks of every word.
    """
    folder = settings.out / "runs" / f"{name}_seed{seed}"
    decoder = METHODS[name].decoder

    def scores(runner: Any) -> dict[str, Any]:
        return {**_marks_of_models(runner.model.eval(), decoder, settings), "log": _log(folder)}

    return {
        "data": json.loads((settings.out / "data.json").read_text()),
        "start": start_marks(settings),
        "train": train_once(folder, lambda: row_config(name, seed, settings), scores),
    }


STUDY: Study[StudySettings] = Study(
    "semi_supervised",
    "Drawn words with labels, real words without. Resumable row by row.",
    METHODS,
    lambda name, seed, settings: run_row(name, seed, settings),
    lambda settings: prepare_data(
        settings.data_root,
        settings.out,
        0 if settings.drawn else settings.synthetic,
    ),
    seeds=3,
)


def start_marks(settings: StudySettings) -> dict[str, Any]:
    """Marks of the start on the tests by decoder; read once."""
    path = settings.out / "start.json"
    if not path.is_file():
        weights = settings.recognizer.weights("attention", settings.out)
        model = build_from_weights(weights)[0].to(settings.device)
        write_json(path, _read(model, "attention", settings))
    return dict(json.loads(path.read_text(encoding="utf-8")))


def row_config(name: str, seed: int, settings: StudySettings) -> Config:
    """The run of a row."""
    method = METHODS[name]
    labelled = round(settings.labelled * method.labelled)
    counts = [labelled] if method.supervised else [labelled, settings.unlabelled]
    cfg = study_config(
        f"recipes/{method.config}",
        settings,
        settings.count(settings.iterations),
        sum(counts),
        1000 + seed,
        optim_wrapper__optimizer__lr=settings.rate,
        optim_wrapper__dtype="auto",
    )
    cfg.param_scheduler[0].eta_max = settings.rate
    recognizer = settings.recognizer.recognizer(method.decoder)
    if method.supervised:
        cfg.model = recognizer
    else:
        cfg.model.recognizer = recognizer
        if cfg.model.get("momentum"):
            cfg.model.momentum = settings.momentum
    _use_data(cfg, settings, counts)
    # After what the study sets for all rows, what this row is about.
    merge_options(cfg, method.options)
    for part in walk(cfg.train_dataloader):
        if part.get("type") == "StrongView":
            part.update(method.strong)
    cfg.load_from = {"path": str(settings.recognizer.weights(method.decoder, settings.out))}
    return cfg


def _use_data(cfg: Config, settings: StudySettings, counts: Sequence[int]) -> None:
    """The study's crops in batches of one width, without validation.

    Args:
        cfg: Config of a recipe, whose pipelines stay.
        settings: The study's.
        counts: Labelled and, unless the row is supervised, unlabelled crops of a batch.
    """
    header = settings.recognizer.header
    dataset = cfg.train_dataloader.dataset
    recipe = list(dataset.get("datasets", [dataset]))
    archives = settings.drawn or (settings.out / "synthetic_words",)
    drawn = [
        {"type": "TextRecDataset", "name": path.name, "reader": _lmdb(path)} for path in archives
    ]
    real = unlabelled_datasets(settings.data_root, settings.out / "mined_words")
    sources = []
    for number, parts in enumerate([drawn, real][: len(counts)]):
        for part in parts:
            part.update(
                pipeline=recipe[number].pipeline,
                unspellable="leave_out",
                cache_dir=str(settings.out / "cache"),
                cache_height=64,
            )
        sources.append({"type": "ConcatDataset", "datasets": parts})
    cfg.train_dataloader.dataset = {
        "type": "ConcatDataset",
        "datasets": sources,
        "ratios": list(counts),
    }
    cfg.train_dataloader.sampler = {"type": "RatioSampler"}
    use_inputs(cfg, header["preprocessing"], counts)
    cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
    cfg.custom_hooks = []


def _lmdb(path: Path) -> dict[str, Any]:
    return {"type": "LMDBReader", "lmdb_path": str(path)}


def _marks_of_models(model: Any, decoder: str, settings: StudySettings) -> dict[str, Any]:
    """Marks of the model that was trained, and of its average if the method has one."""
    marks = {"online": _read(getattr(model, "recognizer", model), decoder, settings)}
    # A teacher that was frozen all along is the start.
    if getattr(model, "target", None) is not None and model.momentum != 1.0:
        marks["target"] = _read(model.target.module, decoder, settings)
    return marks


def _read(recognizer: Any, decoder: str, settings: StudySettings) -> dict[str, Any]:
    """Marks by ``"attention"`` and ``"ctc"``, of the decoders that the recognizer has."""
    read = decoders_of(recognizer, resolve_dtype("auto", settings.device))
    marks = marks_of_tests(
        read, settings.data_root, settings.recognizer.size, settings.test_words or None
    )
    other = "ctc" if decoder == "attention" else "attention"
    names = {"prediction": decoder, "auxiliary": other}
    return {names[stage]: found for stage, found in marks.items()}


LOGGED = ("kept", "confidence", "pseudo_accuracy", "loss_consistency", "loss_domain", "loss_pseudo")


def _log(folder: Path) -> dict[str, list[tuple[int, float]]]:
    return {name: logged(folder, name) for name in LOGGED}


def logged(folder: Path, name: str) -> list[tuple[int, float]]:
    """Steps and window averages of a scalar of the training log, over all sessions of a run."""
    points: dict[int, float] = {}
    for path in sorted(folder.glob("*/vis_data/*.json")):
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            if f"train/{name}" in record:
                points[int(record["step"])] = float(record[f"train/{name}"])
    return sorted(points.items())


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of ``tools/study.py semi_supervised``."""
    from research.studies.semi_supervised_report import write_report

    parser = study_parser(STUDY)
    parser.add_argument(
        "--drawn",
        type=Path,
        nargs="+",
        default=[],
        help="archives of drawn words with labels (spotter synthesize words); default: they are"
        f" drawn, {StudySettings.synthetic:,}",
    )
    parser.add_argument("--iterations", type=int, default=StudySettings.iterations)
    parser.add_argument(
        "--rate", type=float, default=StudySettings.rate, help="peak of the learning rate"
    )
    parser.add_argument(
        "--test-words", type=int, default=0, help="words of each test that are read; default: all"
    )
    args = parser.parse_args(arguments)
    if args.start is None and not args.report_only:
        parser.error("--start is needed: weights like deep_ctc, trained on drawn words only")
    settings = StudySettings(
        args.data,
        args.out,
        args.scale,
        device=args.device,
        weights=args.start,
        drawn=tuple(args.drawn),
        iterations=args.iterations,
        rate=args.rate,
        test_words=args.test_words,
    )
    run_command(STUDY, args, settings, write_report)
