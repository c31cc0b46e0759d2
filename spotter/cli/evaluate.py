"""``spotter evaluate``: scores of saved predictions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from spotter.cli.commands import Command, File, several
from spotter.cli.evaluation_report import counted, report, unspelled_words
from spotter.cli.options import Decorator, joined, scale_option, truth_options
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
from spotter.evaluation.saved import (
    GroundTruth,
    load_photos,
    load_words,
    parse_scale,
)
from spotter.evaluation.submissions import OUTLINES, write_submission
from spotter.label_alphabet import LABEL_ALPHABETS, LabelAlphabet

_NO_LEXICON = "no lexicon"


_json_option = click.option("--json", "json_file", type=File, help="write the scores as JSON")
_lenient_option = click.option(
    "--lenient",
    is_flag=True,
    help="leave out lines and words of PREDICTIONS that are malformed, and count them, instead of "
    "ending at the first",
)


def _protocols(known: Iterable[str], *default: str) -> Decorator:
    return joined(
        truth_options,
        several(
            "--protocol",
            default=default,
            metavar="P...",
            help=f"one or more of {', '.join(known)}; default: {' '.join(default)}",
        ),
        _lenient_option,
        _json_option,
    )


_photo_options = joined(
    scale_option,
    click.option("--min-score", default=0.0, help="drop words below it"),
    click.option(
        "--option",
        "own_options",
        multiple=True,
        metavar="NAME=VALUE",
        help="of the protocol, such as iou_threshold=0.7; repeatable",
    ),
    click.option(
        "--write-submission", metavar="ZIP", help="write the predictions in the official form"
    ),
    click.option(
        "--outline", type=click.Choice(list(OUTLINES)), default="quads", help="in that form"
    ),
    click.option("--with-scores", is_flag=True, help="write scores, too"),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def evaluate() -> None:
    """Score saved predictions against a labelled set.

    PREDICTIONS are our JSON lines or an official submission, GROUND_TRUTH is an official archive,
    JSON lines, or a set in any layout of spotter convert --list.
    """


@evaluate.command(
    cls=Command,
    examples=("spotter evaluate detection results.jsonl gt.zip --protocol icdar2015 cleval",),
)
@_protocols(DETECTION_PROTOCOLS, "icdar2015")
@_photo_options
def detection(**options: Any) -> None:
    """Boxes of photos."""
    report("detection", options, *_detection(options))


@evaluate.command(
    "end_to_end",
    cls=Command,
    examples=("spotter evaluate end_to_end results.jsonl gt.zip --lexicon weak=words.txt",),
)
@_protocols(END_TO_END_PROTOCOLS, "icdar2015")
@_photo_options
@click.option(
    "--lexicon",
    multiple=True,
    metavar="[NAME=]PATH",
    help="word list, or folder of voc_img_N.txt; scored beside the plain readings; repeatable",
)
@click.option(
    "--pairs",
    multiple=True,
    metavar="[NAME=]PATH",
    help="pair file or folder of the lexicon of that name",
)
@click.option("--weighted", is_flag=True, help="characters that look alike are half an edit apart")
@click.option(
    "--distance-limit",
    default=1.5,
    show_default=True,
    help="detections that are this far from every word of the lexicon are dropped",
)
def end_to_end(**options: Any) -> None:
    """Boxes and texts of photos."""
    report("end_to_end", options, *_end_to_end(options))


@evaluate.command(
    cls=Command, examples=("spotter evaluate recognition readings.jsonl labels.txt --protocol 36",)
)
@_protocols(RECOGNITION_PROTOCOLS, EXACT_PROTOCOL, "36")
@click.option(
    "--label-alphabet",
    default="any",
    show_default=True,
    metavar="A",
    help=f"what the labels can express, one of {', '.join(LABEL_ALPHABETS)}: the rest of the "
    "readings does not count",
)
@click.option("--charset", help="own rules: 36, 62, 94, another set, or all")
@click.option("--ignore-case", is_flag=True, help="own rules: fold case")
@click.option("--drop-symbols", is_flag=True, help="own rules: leave out words with symbols")
@click.option("--min-length", default=1, help="own rules: leave out shorter words")
@click.option("--subset", metavar="FILE", help="names or numbers (from 0) of the words that count")
@click.option("--lexicon", metavar="PATH", help="readings become its nearest word")
def recognition(**options: Any) -> None:
    """Texts of word crops."""
    report("recognition", options, *_recognition(options))


@evaluate.command(
    "word_lists",
    cls=Command,
    examples=("spotter evaluate word_lists results.jsonl pictures/expected.json",),
)
@click.argument("predictions")
@click.argument("ground_truth")
@_json_option
def word_lists(**options: Any) -> None:
    """Texts of pictures whose words are listed.

    PREDICTIONS are our JSON lines, GROUND_TRUTH is expected.json, or the folder that holds it.
    """
    report("word_lists", options, *_word_lists(options))


_Outcome = tuple[list[dict[str, Any]], list[Table], dict[str, Any]]


def _detection(options: Mapping[str, Any]) -> _Outcome:
    protocols = {name: detection_protocol(name) for name in options["protocol"]}
    settings = {"min_score": options["min_score"], **_own_options(options["own_options"])}
    photos = _photos(options, texts=False)
    results = []
    for name, protocol in protocols.items():
        scores = _call(protocol, name, photos.predictions, photos.truths, **settings)
        results.append({"protocol": name, "options": settings, "scores": scores.to_dict()})
    return results, [_table("detection", results)], counted("photos", photos)


def _end_to_end(options: Mapping[str, Any]) -> _Outcome:
    protocols = {name: end_to_end_protocol(name) for name in options["protocol"]}
    settings = {
        "min_score": options["min_score"],
        "distance_limit": options["distance_limit"],
        **_own_options(options["own_options"]),
    }
    costs = {"costs": VISUAL_COSTS} if options["weighted"] else {}
    lexicons = _lexicons(options["lexicon"], options["pairs"])
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
                    "weighted": options["weighted"],
                    "options": settings,
                    "scores": scores.to_dict(),
                }
            )
    return results, [_table("end to end", results)], counted("photos", photos)


def _recognition(options: Mapping[str, Any]) -> _Outcome:
    truth = _truth(options)
    rules = {name: recognition_protocol(name) for name in options["protocol"]}
    if (
        options["charset"]
        or options["ignore_case"]
        or options["drop_symbols"]
        or options["min_length"] > 1
    ):
        charset: CharacterSet = None if options["charset"] == "all" else options["charset"] or 36
        own = RecognitionRules(
            charset, options["ignore_case"], options["drop_symbols"], options["min_length"]
        )
        rules = {"own rules": own}
    labels = LabelAlphabet.load(options["label_alphabet"])
    only, strict = options["predicted_only"], not options["lenient"]
    words = load_words(options["predictions"], truth, options["subset"], only, strict)
    readings = words.predictions
    if options["lexicon"]:
        lexicon = Lexicon.from_file(options["lexicon"])
        readings = [read and lexicon.nearest(read)[0] for read in readings]
    results, tables, unspelled = [], [], []
    for name, rule in rules.items():
        scored = evaluate_recognition(
            readings, words.truths, words.sources, rule, words.confidences, labels
        )
        results.append({"protocol": name, **recognition_json(scored)})
        if scored.words or not words.truths:
            tables += recognition_tables(f"recognition, {name}", scored)
        unspelled.append(unspelled_words(name, rule, words.truths, len(scored.words)))
    notes = [note for note in unspelled if note]
    return results, tables, {**counted("words", words), "not_compared": notes}


def _word_lists(options: Mapping[str, Any]) -> _Outcome:
    true = read_expected(options["ground_truth"])
    records = in_step(
        read_records(options["predictions"]), {name: {"img_path": name} for name in true}
    )
    scores = evaluate_word_lists({name: read_texts(r) for name, r in records.items()}, true)
    rows = {
        f"{form}, {kind}": {"right": c.right, "true": c.true, "share": c.share}
        for form, counts in (("exact", scores.exact), ("loose", scores.loose))
        for kind, c in counts.items()
    }
    mean = f"words in lists: exact F1, mean of files {100 * scores.mean_f1:.2f}"
    tables = [breakdown_table(mean, rows.items())]
    failed = sum(bool(line.get("error")) for line in records.values())
    counts = {"of": "pictures", "unanswered": len(true) - len(records), "failed": failed}
    results = [{"protocol": "word_lists", "scores": scores.to_dict()}]
    return results, tables, counts


def _truth(options: Mapping[str, Any]) -> GroundTruth:
    names = ("ground_truth", "layout", "split", "images")
    return GroundTruth(*(options[name] for name in names))


def _photos(options: Mapping[str, Any], texts: bool) -> Any:
    truth = _truth(options)
    scale = None if options["scale"] is None else parse_scale(options["scale"])
    only, strict = options["predicted_only"], not options["lenient"]
    photos = load_photos(options["predictions"], truth, texts, scale, only, strict)
    if options["write_submission"]:
        write_submission(
            photos.records.values(),
            options["write_submission"],
            options["outline"],
            texts,
            options["with_scores"],
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
    unknown = sorted(set(forms) - set(named))
    if unknown:
        raise ConfigError(f"--pairs: there is no lexicon of the name {unknown[0]!r}")
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
