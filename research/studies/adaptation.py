"""The study of adaptation: what labels by agreement and consistency add to drawn words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from research.studies.arguments import run_command, study_parser
from research.studies.rows import Method, Study, StudySizes, write_json
from research.studies.semi_supervised_data import decoders_of, marks_of_tests
from research.studies.training import train_once
from research.studies.words import Marks
from spotter.adaptation.choice import mix_weights
from spotter.adaptation.labelled import LabelledWords
from spotter.adaptation.labels import WordRules
from spotter.adaptation.run import AdaptationSettings, prepare_words, training_data
from spotter.adaptation.training import LAST, TrainingSettings, training_config
from spotter.training.fine_tuning import resizing
from spotter.training.weights import build_from_weights, read_header


@dataclass(frozen=True)
class AdaptationMethod(Method):
    """One row of the table.

    Attributes, besides those of :class:`Method`:
        labelled: Crops with a label by agreement in a batch, on average.
        unlabelled: Crops as weak and strong views.
        momentum: Of the teacher.
        threshold: Least confidence of a reading of the teacher that takes part.
    """

    labelled: int = 0
    unlabelled: int = 0
    momentum: float = 0.99
    threshold: float = TrainingSettings.threshold


METHODS: dict[str, AdaptationMethod] = {
    "drawn": AdaptationMethod("drawn words only (supervised)", "", main=True),
    "consistency": AdaptationMethod("+ consistency", "", main=True, unlabelled=16),
    "labels": AdaptationMethod("+ labels by agreement", "", main=True, labelled=16),
    "both": AdaptationMethod(
        "+ labels by agreement and consistency", "", main=True, labelled=16, unlabelled=16
    ),
    "both_fast": AdaptationMethod(
        "both, teacher of the last 10 updates", "", labelled=16, unlabelled=16, momentum=0.9
    ),
    "both_sure": AdaptationMethod(
        "both, only readings of 0.9 and more", "", labelled=16, unlabelled=16, threshold=0.9
    ),
}
"""Rows in the order in which they are run."""

DOMAINS = {"receipts": ("receipt_words", 500), "wire": ("wire_labels", 200)}
"""Folder below the data root, and how many of its last words measure."""

_GENERAL = {"icdar2015": ("icdar2015_words", "icdar2015_words_val")}
_OWN = {domain: (name, f"{name}_val") for domain, (name, _) in DOMAINS.items()}
SHARES = {"all": 1.0, "half": 0.5}
"""Of the adapted weights, the rest being those of the start."""


@dataclass(frozen=True)
class AdaptationStudySettings(StudySizes):
    """Sizes of the study at scale 1.

    Attributes, besides those of :class:`StudySizes`:
        iterations: Iterations of a row in a domain.
        general: General drawn words in a batch of any row, on average.
        alike: Drawn words like those read, likewise.
        drawn: Drawn words to learn from.
        average: Decay of the average of the weights that a run ends with; that of ``spotter adapt``
            would remember more iterations than a row has.
    """

    iterations: int = 400
    general: int = 9
    alike: int = 7
    drawn: int = 6000
    average: float = 0.99


def run_row(name: str, seed: int, settings: AdaptationStudySettings) -> dict[str, Any]:
    """Adapt the start to each domain with one method.

    A finished training of an interrupted row is not repeated.

    Returns:
        Every number that the trainings gave, and the marks of every word.
    """
    domains = {}
    for domain in DOMAINS:
        folder = settings.out / "runs" / f"{name}_{domain}_seed{seed}"
        domains[domain] = train_once(
            folder,
            lambda domain=domain, folder=folder: row_config(name, domain, seed, folder, settings),  # type: ignore[misc]
            lambda _, domain=domain, folder=folder: _scores(folder, domain, settings),  # type: ignore[misc]
        )
    return {"start": start_marks(settings), "domains": domains}


STUDY: Study[AdaptationStudySettings] = Study(
    "adaptation",
    "Real words of one kind without labels, and drawn words. Resumable row by row.",
    METHODS,
    lambda name, seed, settings: run_row(name, seed, settings),
    seeds=2,
)


def row_config(
    name: str, domain: str, seed: int, folder: Path, settings: AdaptationStudySettings
) -> Config:
    """The run of a row in a domain: that of ``spotter adapt``, but for a number of iterations."""
    method = METHODS[name]
    counts = (method.labelled, method.unlabelled, settings.general, settings.alike)
    size = sum(counts)
    labelled, unlabelled, general, alike = (count / size for count in counts)
    training = TrainingSettings(
        batch_size=size,
        shares=(labelled, unlabelled, general, alike),
        momentum=method.momentum,
        threshold=method.threshold,
        device=settings.device,
        seed=seed,
    )
    adaptation = _adaptation(settings)
    work_dir = settings.out / domain
    words = prepare_words(
        _crops(domain, settings), work_dir, adaptation, _measured(domain, settings)
    )
    data = training_data(words, work_dir, adaptation)
    cfg = training_config(settings.recognizer.path, data, folder, training)
    _keep_sources(cfg)
    iterations = settings.count(settings.iterations)
    cfg.train_cfg.max_iters = iterations
    cfg.default_hooks.logger = {"type": "ProgressHook", "seconds": 60}
    # The schedule of minutes, by iterations.
    cfg.custom_hooks = [{"type": "EMAHook", "decay": settings.average}]
    cfg.param_scheduler = [
        {"type": "LinearLR", "start_factor": 0.01, "end": 0.05},
        {"type": "CosineAnnealingLR", "begin": 0.05, "eta_min": 0.02 * training.lr},
    ]
    return cfg


def start_marks(settings: AdaptationStudySettings) -> dict[str, dict[str, Marks]]:
    """Marks of the start on all tests; read once."""
    path = settings.out / "start.json"
    if not path.is_file():
        write_json(path, _read(settings.recognizer.path, {**_OWN, **_GENERAL}, settings))
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _adaptation(settings: AdaptationStudySettings) -> AdaptationSettings:
    """What gives all rows their labels and drawn words: ``spotter adapt --by agreement``."""
    return AdaptationSettings(
        start=settings.recognizer.path,
        training=TrainingSettings(device=settings.device),
        held_back=0.0,
        drawn=settings.drawn,
        fonts=fonts_of(settings),
        by_agreement=True,
        rules=WordRules(0.9),
        threads=1,
    )


def fonts_of(settings: AdaptationStudySettings) -> tuple[str, ...] | None:
    """Fonts to draw with."""
    return (str(settings.data_root / "fonts"),)


def _crops(domain: str, settings: AdaptationStudySettings) -> Path:
    return settings.data_root / DOMAINS[domain][0] / "images"


def _measured(domain: str, settings: AdaptationStudySettings) -> LabelledWords:
    """The domain's last words, which are not learned from."""
    folder, count = DOMAINS[domain]
    root = settings.data_root / folder
    lines = (root / "labels.txt").read_text(encoding="utf-8").splitlines()[-count:]
    file = settings.out / f"{domain}_last.txt"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{root}/{line}\n" for line in lines), encoding="utf-8")
    return LabelledWords(file)


def _keep_sources(cfg: Config) -> None:
    """Leave out the sources that have no share of a batch."""
    dataset = cfg.train_dataloader.dataset
    kept = [i for i, share in enumerate(dataset.ratios) if share]
    dataset.datasets = [dataset.datasets[i] for i in kept]
    dataset.ratios = [dataset.ratios[i] for i in kept]


def _scores(folder: Path, domain: str, settings: AdaptationStudySettings) -> dict[str, Any]:
    """Marks of the weights of a run, and of their mean with the start."""
    tests = {domain: _OWN[domain], **_GENERAL}
    found = {}
    for name, share in SHARES.items():
        path = folder / f"{name}.safetensors"
        mix_weights(settings.recognizer.path, folder / LAST, path, share)
        found[name] = _read(path, tests, settings)
    return {"marks": found}


def _read(
    weights: Path, tests: Mapping[str, tuple[str, str]], settings: AdaptationStudySettings
) -> dict[str, Any]:
    model = build_from_weights(weights)[0].to(settings.device).eval()
    size = resizing(read_header(weights))
    marks = marks_of_tests(decoders_of(model), settings.data_root, size, tests=tests)
    return marks["prediction"]


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of ``tools/study.py adaptation``."""
    from research.studies.adaptation_report import write_report

    parser = study_parser(STUDY)
    parser.add_argument("--iterations", type=int, default=AdaptationStudySettings.iterations)
    args = parser.parse_args(arguments)
    if args.start is None and not args.report_only:
        parser.error("--start is needed: weights to adapt")
    settings = AdaptationStudySettings(
        args.data,
        args.out,
        args.scale,
        device=args.device,
        weights=args.start,
        iterations=args.iterations,
    )
    run_command(STUDY, args, settings, write_report)
