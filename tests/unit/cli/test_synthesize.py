"""Drawn sets from the command line."""

import cv2
import pytest

from spotter.cli.commands import run
from spotter.cli.errors import run_tool
from spotter.cli.synthesize import synthesize
from spotter.synthesis.fonts import bundled_fonts

FACES = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")


@pytest.fixture
def faces():
    found = [path for path in bundled_fonts() if path.endswith(FACES)]
    assert len(found) == 2
    return found


@pytest.mark.parametrize("command", ["words", "scenes", "pages"])
def test_sets_and_sheets(command, faces, tmp_path, capsys):
    sheet = tmp_path / "images" / "sheet.jpg"
    arguments = [command, "--out", str(tmp_path / "set"), "--count", "2", "--sheet", str(sheet)]
    arguments += ["--fonts", *faces, "--seed", "4"]
    if command != "words":
        arguments += ["--size", "96", "128"]
    run(synthesize, arguments)
    assert f"2 {command} in" in capsys.readouterr().out
    assert sheet.stat().st_size < 300_000
    if command == "words":
        signs = ["words", "--out", str(tmp_path / "signs"), "--style", "signs", "--count", "1"]
        run(synthesize, [*signs, "--fonts", *faces])
        assert "1 words in" in capsys.readouterr().out
    height, width = cv2.imread(str(sheet)).shape[:2]
    assert width == (1280 if command == "words" else 1200)
    # Pages have heights of their own.
    assert height == {"words": 560, "scenes": 600}.get(command, height)


def test_kinds_of_texts_have_weights(faces, tmp_path, capsys):
    arguments = ["words", "--out", str(tmp_path / "set"), "--count", "3", "--fonts", *faces]
    run(synthesize, [*arguments, "--text-kinds", "accented:2", "marked", "--charset", "latin"])
    assert "3 words in" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        run_tool(lambda: run(synthesize, [*arguments, "--text-kinds", "clock:often"]))
    assert '"clock:often" is not KIND:WEIGHT' in capsys.readouterr().err


def test_words_of_pages_are_a_set_of_their_own(faces, tmp_path, capsys):
    arguments = ["page_words", "--out", str(tmp_path / "set"), "--count", "5", "--charset", "latin"]
    run(synthesize, [*arguments, "--fonts", *faces, "--size", "200", "200"])
    assert " page_words in" in capsys.readouterr().out


def test_scenes_with_curved_words_have_polygons(faces, tmp_path, capsys):
    arguments = ["scenes", "--out", str(tmp_path), "--count", "1", "--size", "160", "160"]
    arguments += ["--curved", "1", "--polygons", "--label-margin", "0.1", "--fonts", *faces]
    run(synthesize, arguments)
    assert "1 scenes in" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["words"], "nothing to do"),
        (["words", "--out", "x"], "--count must be at least 1"),
        (["scenes", "--sheet", "x.jpg", "--fonts", "/nowhere"], "no font files"),
        (["words", "--sheet", "x.jpg", "--backgrounds", "/nowhere"], "no images"),
    ],
)
def test_errors_are_one_line(arguments, message, capsys):
    with pytest.raises(SystemExit) as ended:
        run_tool(lambda: run(synthesize, arguments))
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
