"""Scores of saved predictions."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from spotter.cli.errors import run_tool
from spotter.errors import AnnotationError, ConfigError
from spotter.evaluation.submissions import read_submission

TOOL = "tools/evaluate.py"


def box(x: int) -> str:
    return f"{x},0,{x + 40},0,{x + 40},20,{x},20"


def word(x: int, text: str, score: float = 0.9) -> dict:
    polygon = [[x, 0], [x + 40, 0], [x + 40, 20], [x, 20]]
    return {"polygon": polygon, "text": text, "score": score}


@pytest.fixture
def photos(tmp_path: Path) -> tuple[Path, Path]:
    """Two photos: "Hotel", "Bar", a don't-care word, and "Exit", of which three are predicted."""
    truth = tmp_path / "gt.zip"
    with zipfile.ZipFile(truth, "w") as archive:
        archive.writestr("gt_img_1.txt", f"{box(0)},Hotel\n{box(100)},Bar\n{box(200)},###\n")
        archive.writestr("gt_img_2.txt", f"{box(0)},Exit\n")
    predictions = tmp_path / "p.jsonl"
    found = [word(0, "hotel"), word(100, "Bxr", 0.4), word(200, "zz")]
    predictions.write_text(json.dumps({"image": "img_1.jpg", "instances": found}) + "\n")
    return predictions, truth


def scores(run_script: Callable, tmp_path: Path, *arguments: object) -> list[dict]:
    out = tmp_path / "scores" / "s.json"
    run_script(TOOL, *arguments, "--json", out)
    return json.loads(out.read_text())["results"]


def test_detection(run_script: Callable, photos, tmp_path: Path, capsys) -> None:
    protocols = ["--protocol", "icdar2015", "cleval"]
    first, second = scores(run_script, tmp_path, "detection", *photos, *protocols)
    assert (first["protocol"], second["protocol"]) == ("icdar2015", "cleval")
    assert first["scores"]["precision"] == 1.0
    assert first["scores"]["recall"] == pytest.approx(2 / 3)
    printed = capsys.readouterr().out
    assert "66.67" in printed
    assert "1 photos have no predictions" in printed
    (only,) = scores(run_script, tmp_path, "detection", *photos, "--predicted-only")
    assert only["scores"]["recall"] == 1.0
    strict = ["--option", "iou_threshold=1.0", "--min-score", "0.5"]
    (strict_result,) = scores(run_script, tmp_path, "detection", *photos, *strict)
    assert strict_result["scores"]["matched"] == 0
    assert strict_result["scores"]["detections"] == 1


def test_end_to_end_with_lexicons(run_script: Callable, photos, tmp_path: Path) -> None:
    strong = tmp_path / "strong"
    strong.mkdir()
    (strong / "voc_img_1.txt").write_text("HOTEL\nBAR\n")
    (strong / "voc_img_2.txt").write_text("EXIT\n")
    (tmp_path / "weak.txt").write_text("HOTELS\nBOAR\n")
    (tmp_path / "forms.txt").write_text("HOTELS Hotel\n")
    options = ["--lexicon", f"strong={strong}", "--lexicon", tmp_path / "weak.txt"]
    options += ["--pairs", f"weak={tmp_path / 'forms.txt'}"]
    found = {
        result["lexicon"]: result["scores"]["correct"]
        for result in scores(run_script, tmp_path, "end_to_end", *photos, *options)
    }
    # "Bxr" is one edit from BAR, but two from BOAR.
    assert found == {None: 1, "strong": 2, "weak": 1}
    (spotting,) = scores(
        run_script, tmp_path, "end_to_end", *photos, "--protocol", "icdar2015_word_spotting"
    )
    assert spotting["scores"]["ground_truths"] == 3


def test_letters_that_a_protocol_leaves_out_are_named(
    run_script: Callable, tmp_path: Path, capsys
) -> None:
    truth, predictions = tmp_path / "labels.txt", tmp_path / "r.jsonl"
    truth.write_text("a.png Häuser\nb.png 서울\nc.png it's\n", encoding="utf-8")
    texts = {"a.png": "Häuser", "b.png": "서울", "c.png": "it's"}
    lines = [json.dumps({"image": i, "text": t, "score": 0.9}) for i, t in texts.items()]
    predictions.write_text("\n".join(lines), encoding="utf-8")
    run_script(TOOL, "recognition", predictions, truth)
    printed = " ".join(capsys.readouterr().out.split())
    assert (
        "36: 2 of 3 true words have letters that do not count there (ä 서 울), 2 words count;"
        " --protocol exact counts all" in printed
    )
    truth.write_text("b.png 서울\n", encoding="utf-8")
    predictions.write_text(lines[1], encoding="utf-8")
    run_script(TOOL, "recognition", predictions, truth)
    printed = capsys.readouterr().out
    assert "recognition, exact" in printed
    assert "recognition, 36" not in printed
    assert "no word counts at all" in " ".join(printed.split())


def test_recognition(run_script: Callable, tmp_path: Path, capsys) -> None:
    truth = tmp_path / "labels.txt"
    truth.write_text("a.png Hotel\nb.png it's\nc.png of\n")
    predictions = tmp_path / "r.jsonl"
    read = [("a.png", "hote1", 0.5), ("b.png", "its", 0.75), ("c.png", "of", 1.0)]
    predictions.write_text(
        "".join(json.dumps({"image": i, "text": t, "score": s}) + "\n" for i, t, s in read)
    )
    sides = ["recognition", predictions, truth]
    exact, result = scores(run_script, tmp_path, *sides)
    assert (exact["protocol"], result["protocol"]) == ("exact", "36")
    # it's is not its.
    assert exact["scores"]["accuracy"] == pytest.approx(1 / 3)
    assert result["scores"]["accuracy"] == pytest.approx(2 / 3)
    (labels,) = scores(
        run_script, tmp_path, *sides, "--protocol", "exact", "--label-alphabet", "62"
    )
    assert labels["scores"]["accuracy"] == pytest.approx(2 / 3)
    assert result["calibration"]["expected_error"] == pytest.approx((0.5 + 0.25 + 0) / 3)
    assert result["confusions"] == [["l", "1", 1]]
    assert "reliability" in capsys.readouterr().out
    (result,) = scores(run_script, tmp_path, *sides, "--protocol", "icdar2013_857")
    assert (result["scores"]["count"], result["dropped"]) == (1, 2)
    (result,) = scores(run_script, tmp_path, *sides, "--charset", "all")
    assert result["scores"]["accuracy"] == pytest.approx(1 / 3)
    (tmp_path / "words.txt").write_text("hotel\nits\nof\n")
    sides += ["--protocol", "36"]
    (result,) = scores(run_script, tmp_path, *sides, "--lexicon", tmp_path / "words.txt")
    assert result["scores"]["accuracy"] == 1.0
    (tmp_path / "subset.txt").write_text("b.png\n")
    (result,) = scores(run_script, tmp_path, *sides, "--subset", tmp_path / "subset.txt")
    assert result["scores"]["count"] == 1


def test_word_lists(run_script: Callable, tmp_path: Path, capsys) -> None:
    (tmp_path / "expected.json").write_text('{"a.png": ["Total:", "1.80"], "b.png": ["x"]}')
    predictions = tmp_path / "p.jsonl"
    found = [word(0, "Total: 180"), {**word(0, ""), "text": None}]
    predictions.write_text(json.dumps({"image": "folder/a.png", "instances": found}) + "\n")
    (result,) = scores(run_script, tmp_path, "word_lists", predictions, tmp_path)
    assert result["scores"]["exact"]["all"]["right"] == 1
    assert result["scores"]["loose"]["all"]["share"] == pytest.approx(2 / 3)
    assert result["scores"]["mean_f1"] == 0.25
    printed = capsys.readouterr().out
    assert "mean of files 25.00" in printed
    assert "1 pictures have no predictions" in printed


def test_submissions_are_written_and_scored(run_script: Callable, photos, tmp_path: Path) -> None:
    predictions, truth = photos
    submission = tmp_path / "submission.zip"
    arguments = ["end_to_end", predictions, truth, "--write-submission", submission]
    (ours,) = scores(run_script, tmp_path, *arguments, "--with-scores")
    assert read_submission(submission, True)["img_1"]["instances"][1]["text"] == "Bxr"
    (official,) = scores(run_script, tmp_path, "end_to_end", submission, truth)
    assert ours["scores"] == official["scores"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--protocol", "icdar2051"], "no detection protocol 'icdar2051'"),
        (["--option", "lines"], "NAME=VALUE"),
        (["--option", "overlap=1"], "no option 'overlap'"),
        (["--scale", "2"], "--scale is fit or two factors"),
    ],
)
def test_bad_options(run_script: Callable, photos, options, message) -> None:
    with pytest.raises(ConfigError, match=message):
        run_script(TOOL, "detection", *photos, *options)


def test_pairs_need_their_lexicon(run_script: Callable, photos) -> None:
    options = ["--lexicon", "weak=a.txt", "--pairs", "weak=b.txt", "--pairs", "strong=c"]
    with pytest.raises(ConfigError, match="'strong'"):
        run_script(TOOL, "end_to_end", *photos, *options)


def test_errors_are_one_line(run_script: Callable, photos, capsys) -> None:
    predictions, truth = photos
    with predictions.open("a") as file:
        file.write('{"image": "img_7.jpg", "instances": []}\n')
    with pytest.raises(SystemExit) as ended:
        run_tool(lambda: run_script(TOOL, "detection", predictions, truth))
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error == "error: img_7.jpg: predicted, but there is no ground truth.\n"


def test_bad_lines_are_named(run_script: Callable, photos, tmp_path: Path) -> None:
    predictions, truth = photos
    with predictions.open("a") as file:
        file.write("no json\n")
    with pytest.raises(AnnotationError, match=r"p\.jsonl:2: "):
        run_script(TOOL, "detection", predictions, truth)


def test_the_report_counts_what_was_refused(tmp_path: Path, run_script: Callable, capsys) -> None:
    truth = tmp_path / "gt.zip"
    with zipfile.ZipFile(truth, "w") as archive:
        archive.writestr("gt_img_1.txt", "0,0,10,0,10,10,0,10,Hotel\n")
        archive.writestr("gt_img_2.txt", "")
    word = {"polygon": [[0, 0], [10, 0], [10, 10], [0, 10]]}
    predictions = tmp_path / "p.jsonl"
    record = {"image": "img_1", "instances": [word, {**word, "ignore": "no"}]}
    predictions.write_text(json.dumps(record) + '\n{"image": "img_2", "instances": null}\n')
    arguments = ["detection", predictions, truth, "--json", tmp_path / "r.json"]
    with pytest.raises(AnnotationError, match=r"expected true or false"):
        run_script(TOOL, *arguments)
    run_script(TOOL, *arguments, "--lenient")
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["refused"] == 2
    assert report["results"][0]["scores"]["recall"] == 1.0
    assert "2 lines or words of the predictions were refused" in capsys.readouterr().out
