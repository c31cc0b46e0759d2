"""The study of vision and language: what does knowing words add to seeing them?"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from research.studies.arguments import run_command, study_parser
from research.studies.multimodal_configs import (
    LANGUAGES,
    METHODS,
    StudySettings,
    language_config,
    row_config,
    run_folder,
    start_config,
    vision_config,
    weights_of,
)
from research.studies.multimodal_score import (
    milliseconds_per_word,
    score,
    score_correction,
    score_modalities,
)
from research.studies.rows import Study
from research.studies.semi_supervised_data import prepare_data
from research.studies.training import train_once
from spotter.training.weights import build_from_weights

#: Weights of the language model in the correction without training.
CORRECTION_WEIGHTS = (0.25, 0.5, 1.0)


def run_row(name: str, seed: int, settings: StudySettings) -> dict[str, Any]:
    """Train the stages that a row needs and are not finished yet, and score them.

    Finished trainings of an interrupted row are not repeated.

    Returns:
        Every number that the trainings gave, by stage.
    """
    vision = METHODS[name].vision
    stages = {
        "start": _stage("start", seed, settings, lambda: start_config(seed, settings)),
        **{name: _language(name, settings) for name in LANGUAGES},
        "vision": _stage(vision, seed, settings, lambda: vision_config(vision, seed, settings)),
    }
    return {
        "vision": vision,
        "data": json.loads((settings.archives / "data.json").read_text()),
        "stages": stages,
        "train": _stage(name, seed, settings, lambda: row_config(name, seed, settings)),
    }


STUDY: Study[StudySettings] = Study(
    "multimodal",
    "Vision, language and their agreement. Resumable stage by stage.",
    METHODS,
    lambda name, seed, settings: run_row(name, seed, settings),
    lambda settings: prepare_data(settings.data_root, settings.archives, settings.synthetic),
    seeds=1,
)


def _stage(
    name: str, seed: int, settings: StudySettings, config: Callable[[], Config]
) -> dict[str, Any]:
    """A training with its scores."""
    return train_once(
        run_folder(name, seed, settings),
        config,
        lambda runner: _scores(name, seed, settings, runner.model.eval()),
    )


def _language(name: str, settings: StudySettings) -> dict[str, Any]:
    return _stage(name, 0, settings, lambda: language_config(settings, name))


def _scores(name: str, seed: int, settings: StudySettings, model: Any) -> dict[str, Any]:
    root, width = settings.data_root, settings.width
    if name in LANGUAGES:
        return {}
    recognizer = model.recognizer if hasattr(model, "recognizer") else model
    if name not in METHODS:
        content: dict[str, Any] = {"vision": score(recognizer, root, width)}
        if name != "start":
            language = build_from_weights(weights_of("language", 0, settings))[0]
            language.to(next(recognizer.parameters()).device)
            content["corrected"] = {
                str(weight): score_correction(recognizer, language, root, width, weight)
                for weight in CORRECTION_WEIGHTS
            }
        return content
    return {
        **score_modalities(recognizer, root, width),
        "milliseconds": milliseconds_per_word(recognizer, width),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of ``tools/study.py multimodal``."""
    from research.studies.multimodal_report import write_report

    parser = study_parser(STUDY)
    parser.add_argument(
        "--archives",
        type=Path,
        help="folder with the words of the semi-supervised study (its --out); default: --out",
    )
    parser.add_argument("--width", type=int, default=StudySettings.width, help="of the crops")
    parser.add_argument(
        "--rate", type=float, default=StudySettings.rate, help="peak in stages 1 and 3"
    )
    parser.add_argument(
        "--supervised",
        type=int,
        default=StudySettings.supervised,
        help="iterations of the vision model that all rows share, at scale 1",
    )
    parser.add_argument(
        "--supervised-rate", type=float, default=StudySettings.supervised_rate, help="its peak"
    )
    parser.add_argument("--synthetic", type=int, default=StudySettings.synthetic)
    args = parser.parse_args(arguments)
    settings = StudySettings(
        args.data,
        args.out,
        args.scale,
        archives=args.archives or args.out,
        synthetic=args.synthetic,
        device=args.device,
        weights=args.start,
        width=args.width,
        rate=args.rate,
        supervised=args.supervised,
        supervised_rate=args.supervised_rate,
    )
    run_command(STUDY, args, settings, write_report)
