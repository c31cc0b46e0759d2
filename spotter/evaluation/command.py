"""The command line of ``tools/evaluate.py``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from spotter.decoding.lexicon import VISUAL_COSTS, Lexicon
from spotter.errors import ConfigError
from spotter.evaluation.by_name import in_step, read_records
from spotter.evaluation.lexicons import ImageLexicons, open_lexicons
from spotter.evaluation.protocols.names import (
    DETECTION_PROTOCOLS,
    END_TO_END_PROTOCOLS,
    EXACT_PROTOCOL,
    RECOGNITION_PROTOCOLS,
    detection_protocol,
    end_to_end_protocol,
    recognition_protocol,
)
from spotter.evaluation.protocols.recognition import (
    CharacterSet,
    RecognitionRules,
    evaluate_recognition,
)
from spotter.evaluation.protocols.word_lists import evaluate_word_lists, read_expected, read_texts
from spotter.evaluation.report import (
    breakdown_table,
    recognition_json,
    recognition_tables,
    scores_table,
)
from spotter.evaluation.saved import GroundTruth, load_photos, load_words, parse_scale
from spotter.evaluation.submissions import OUTLINES, write_submission
from spotter.label_alphabet import LABEL_ALPHABETS, LabelAlphabet

_NO_LEXICON = "no lexicon"


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of a score."""
    parser = argparse.ArgumentParser(
        prog="evaluate.py", description="Score saved predictions against a labelled set."
    )
    tasks = parser.add_subparsers(dest="task", required=True)
    detection = tasks.add_parser("detection", help="boxes of photos")
    _add_sides(detection, DETECTION_PROTOCOLS, ["icdar2015"])
    _add_photo_options(detection)
    spotting = tasks.add_parser("end_to_end", help="boxes and texts of photos")
    _add_sides(spotting, END_TO_END_PROTOCOLS, ["icdar2015"])
    _add_photo_options(spotting)
    spotting.add_argument(
        "--lexicon",
        action="append",
        default=[],
        metavar="[NAME=]PATH",
        help="word list, or folder of voc_img_N.txt; scored beside the plain readings; repeatable",
    )
    spotting.add_argument(
        "--pairs",
        action="append",
        default=[],
        metavar="[NAME=]PATH",
        help="pair file or folder of the lexicon of that name",
    )
    spotting.add_argument(
        "--weighted", action="store_true", help="characters that look alike are half an edit apart"
    )
    spotting.add_argument(
        "--distance-limit",
        type=float,
        default=1.5,
        help="detections that are this far from every word of the lexicon are dropped",
    )
    _add_recognition(tasks.add_parser("recognition", help="texts of word crops"))
    listed = tasks.add_parser("word_lists", help="texts of pictures whose words are listed")
    listed.add_argument("predictions", help="our JSON lines")
    listed.add_argument("ground_truth", help="expected.json, or the folder that holds it")
    listed.add_argument("--json", type=Path, metavar="OUT", help="write the scores as JSON")
    return parser.parse_args(arguments)


def _add_sides(parser: argparse.ArgumentParser, protocols: Any, default: list[str]) -> None:
    parser.add_argument("predictions", help="our JSON lines, or an official submission")
    parser.add_argument("ground_truth", help="official archive, JSON lines, or set in any layout")
    parser.add_argument(
        "--protocol",
        nargs="+",
        default=default,
        metavar="P",
        help=f"one or more of {', '.join(protocols)}; default: {' '.join(default)}",
    )
    parser.add_argument(
        "--layout", help="of the ground truth, one of tools/convert_dataset.py --list"
    )
    parser.add_argument("--split", help="which part, where the ground truth holds several")
    parser.add_argument("--images", metavar="DIR", help="where its images lie, if elsewhere")
    parser.add_argument(
        "--predicted-only",
        action="store_true",
        help="leave out images without predictions, instead of counting their words as missed",
    )
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the scores as JSON")


def _add_photo_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--scale",
        type=parse_scale,
        metavar="X,Y|fit",
        help="factors on the ground truth's coordinates; fit: from the size of the stored photo "
        "to the width and height in the predictions",
    )
    parser.add_argument("--min-score", type=float, default=0.0, help="drop words below it")
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="of the protocol, such as iou_threshold=0.7; repeatable",
    )
    parser.add_argument(
        "--write-submission", metavar="ZIP", help="write the predictions in the official form"
    )
    parser.add_argument("--outline", choices=OUTLINES, default="quads", help="in that form")
    parser.add_argument("--with-scores", action="store_true", help="write scores, too")


def _add_recognition(parser: argparse.ArgumentParser) -> None:
    _add_sides(parser, RECOGNITION_PROTOCOLS, [EXACT_PROTOCOL, "36"])
    parser.add_argument(
        "--label-alphabet",
        default="any",
        metavar="A",
        help=f"what the labels can express, one of {', '.join(LABEL_ALPHABETS)}: the rest of the "
        "readings does not count; default: any",
    )
    parser.add_argument("--charset", help="own rules: 36, 62, 94, another set, or all")
    parser.add_argument("--ignore-case", action="store_true", help="own rules: fold case")
    parser.add_argument(
        "--drop-symbols", action="store_true", help="own rules: leave out words with symbols"
    )
    parser.add_argument(
        "--min-length", type=int, default=1, help="own rules: leave out shorter words"
    )
    parser.add_argument(
        "--subset", metavar="FILE", help="names or numbers (from 0) of the words that count"
    )
    parser.add_argument("--lexicon", metavar="PATH", help="readings become its nearest word")


def main(arguments: Sequence[str] | None = None) -> None:
    """Score, print, and write what was asked for.

    Raises:
        SpotterError: A side cannot be read, or does not fit the other.
    """
    options = parse_arguments(arguments)
    run = {
        "detection": _detection,
        "end_to_end": _end_to_end,
        "recognition": _recognition,
        "word_lists": _word_lists,
    }
    results, tables, note = run[options.task](options)
    console = Console()
    for table in tables:
        console.print(table)
    if note:
        console.print(note)
    if options.json:
        report = {
            "task": options.task,
            "predictions": str(options.predictions),
            "ground_truth": str(options.ground_truth),
            "results": results,
        }
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")


_Outcome = tuple[list[dict[str, Any]], list[Table], str]


def _detection(options: argparse.Namespace) -> _Outcome:
    protocols = {name: detection_protocol(name) for name in options.protocol}
    settings = {"min_score": options.min_score, **_own_options(options.option)}
    photos = _photos(options, texts=False)
    results = []
    for name, protocol in protocols.items():
        scores = _call(protocol, name, photos.predictions, photos.truths, **settings)
        results.append({"protocol": name, "options": settings, "scores": scores.to_dict()})
    return results, [_table("detection", results)], _note(photos.unanswered, "photos")


def _end_to_end(options: argparse.Namespace) -> _Outcome:
    protocols = {name: end_to_end_protocol(name) for name in options.protocol}
    settings = {
        "min_score": options.min_score,
        "distance_limit": options.distance_limit,
        **_own_options(options.option),
    }
    costs = {"costs": VISUAL_COSTS} if options.weighted else {}
    lexicons = _lexicons(options.lexicon, options.pairs)
    photos = _photos(options, texts=True)
    results = []
    for name, protocol in protocols.items():
        for kind, lexicon in {_NO_LEXICON: None, **lexicons}.items():
            scores = _call(
                protocol, name, photos.predictions, photos.truths, lexicon, **settings, **costs
            )
            results.append(
                {
                    "protocol": name,
                    "lexicon": None if lexicon is None else kind,
                    "weighted": options.weighted,
                    "options": settings,
                    "scores": scores.to_dict(),
                }
            )
    return results, [_table("end to end", results)], _note(photos.unanswered, "photos")


def _recognition(options: argparse.Namespace) -> _Outcome:
    truth = GroundTruth(options.ground_truth, options.layout, options.split, options.images)
    rules = {name: recognition_protocol(name) for name in options.protocol}
    if options.charset or options.ignore_case or options.drop_symbols or options.min_length > 1:
        charset: CharacterSet = None if options.charset == "all" else options.charset or 36
        own = RecognitionRules(
            charset, options.ignore_case, options.drop_symbols, options.min_length
        )
        rules = {"own rules": own}
    labels = LabelAlphabet.load(options.label_alphabet)
    words = load_words(options.predictions, truth, options.subset, options.predicted_only)
    readings = words.predictions
    if options.lexicon:
        lexicon = Lexicon.from_file(options.lexicon)
        readings = [read and lexicon.nearest(read)[0] for read in readings]
    results, tables = [], []
    for name, rule in rules.items():
        report = evaluate_recognition(
            readings, words.truths, words.sources, rule, words.confidences, labels
        )
        results.append({"protocol": name, **recognition_json(report)})
        tables += recognition_tables(f"recognition, {name}", report)
    return results, tables, _note(words.unanswered, "words")


def _word_lists(options: argparse.Namespace) -> _Outcome:
    true = read_expected(options.ground_truth)
    records = in_step(
        read_records(options.predictions), {name: {"img_path": name} for name in true}
    )
    scores = evaluate_word_lists({name: read_texts(r) for name, r in records.items()}, true)
    rows = {
        f"{form}, {kind}": {"right": c.right, "true": c.true, "share": c.share}
        for form, counts in (("exact", scores.exact), ("loose", scores.loose))
        for kind, c in counts.items()
    }
    mean = f"words in lists: exact F1, mean of files {100 * scores.mean_f1:.2f}"
    tables = [breakdown_table(mean, rows.items())]
    results = [{"protocol": "word_lists", "scores": scores.to_dict()}]
    return results, tables, _note(len(true) - len(records), "pictures")


def _photos(options: argparse.Namespace, texts: bool) -> Any:
    truth = GroundTruth(options.ground_truth, options.layout, options.split, options.images)
    photos = load_photos(options.predictions, truth, texts, options.scale, options.predicted_only)
    if options.write_submission:
        write_submission(
            photos.records.values(),
            options.write_submission,
            options.outline,
            texts,
            options.with_scores,
        )
    return photos


def _call(protocol: Any, name: str, *arguments: Any, **settings: Any) -> Any:
    try:
        return protocol(*arguments, **settings)
    except TypeError as error:
        if "unexpected keyword argument" not in str(error):
            raise
        option = str(error).rpartition("argument ")[2]
        raise ConfigError(f"The protocol {name} has no option {option}.") from None


def _own_options(given: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for option in given:
        name, equals, value = option.partition("=")
        if not equals:
            raise ConfigError(f"--option is NAME=VALUE, not {option!r}")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def _lexicons(paths: Sequence[str], pairs: Sequence[str]) -> dict[str, Lexicon | ImageLexicons]:
    named = dict(map(_named_path, paths))
    forms = dict(map(_named_path, pairs))
    if len(paths) == len(pairs) == 1:
        forms = dict(zip(named, forms.values(), strict=True))
    strangers = sorted(set(forms) - set(named))
    if strangers:
        raise ConfigError(f"--pairs: there is no lexicon of the name {strangers[0]!r}")
    return {name: open_lexicons(path, forms.get(name, False)) for name, path in named.items()}


def _named_path(text: str) -> tuple[str, str]:
    name, equals, path = text.partition("=")
    return (name, path) if equals else (Path(text).stem, text)


def _table(title: str, results: Sequence[dict[str, Any]]) -> Table:
    columns = [
        (", ".join(filter(None, [result["protocol"], result.get("lexicon")])), result["scores"])
        for result in results
    ]
    return scores_table(title, columns)


def _note(unanswered: int, what: str) -> str:
    if not unanswered:
        return ""
    return f"{unanswered} {what} have no predictions: counted as missed (or --predicted-only)"
