"""The command line of ``tools/release.py``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from mmengine.config import DictAction

import spotter


def _parser() -> argparse.ArgumentParser:
    package = Path(spotter.__file__).parent
    parser = argparse.ArgumentParser(
        prog="release.py", description="Train a released model for some minutes."
    )
    parser.add_argument("kind", choices=("detector", "recognizer"))
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--state", type=Path, required=True, help="folder of the training state")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--synthetic", type=int, default=0, help="synthetic samples to mix in")
    parser.add_argument("--signs", type=int, default=0, help="words of shop fronts to mix in")
    parser.add_argument(
        "--pages",
        type=int,
        default=0,
        help="pages to mix in; a recognizer: their words",
    )
    parser.add_argument(
        "--unlabelled", type=Path, help="LMDB of crops that the shipped preset labels"
    )
    parser.add_argument(
        "--photos", type=Path, nargs="+", default=(), help="folders of photos to label and learn"
    )
    parser.add_argument(
        "--photo-labels",
        type=Path,
        nargs="+",
        default=(),
        help="their label files, one folder each, instead of labelling them",
    )
    parser.add_argument("--workers", type=int, help="loader and synthesis processes")
    parser.add_argument("--threads", type=int, help="threads of the training process")
    parser.add_argument("--peak", type=float, default=1.0, help="factor of the learning rate")
    parser.add_argument(
        "--peers", type=Path, help="folder shared with sessions of this model that train meanwhile"
    )
    parser.add_argument("--config", type=Path, help="instead of the kind's release config")
    parser.add_argument("--weights-folder", type=Path, default=package / "hub" / "weights")
    parser.add_argument(
        "--unreleased",
        type=Path,
        default=package.parent / "training",
        help="weights that are not shipped yet, from which a fresh state starts",
    )
    parser.add_argument("--docs", type=Path, default=package.parent / "docs")
    parser.add_argument("--note", default="", help="what is tried in this session, for the log")
    parser.add_argument("--cfg-options", nargs="+", action=DictAction, default={})
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a training session, and ship its weights if they score higher than the shipped ones."""
    args = _parser().parse_args(arguments)
    from research.release import SessionSettings, publish, train_session
    from research.release.session import mark_logged

    if args.threads:
        torch.set_num_threads(args.threads)
    settings = SessionSettings(
        kind=args.kind,
        minutes=args.minutes,
        state=args.state,
        data_root=args.data,
        weights_folder=args.weights_folder,
        unreleased=args.unreleased,
        config=args.config,
        synthetic=args.synthetic,
        signs=args.signs,
        pages=args.pages,
        unlabelled=args.unlabelled,
        photos=tuple(args.photos),
        photo_labels=tuple(args.photo_labels),
        workers=args.workers,
        peak=args.peak,
        peers=args.peers,
        options=args.cfg_options,
        note=args.note,
    )
    report, candidate = train_session(settings)
    shipped = publish(candidate, report, args.weights_folder, args.docs, args.data, args.threads)
    mark_logged(args.state, report)
    verdict = "shipped" if shipped else "not better than the shipped weights, which stay"
    print(f"{report.model}: {report.score:.4f} after {report.iterations} iterations; {verdict}")
