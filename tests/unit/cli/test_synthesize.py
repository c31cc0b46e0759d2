"""Drawn sets from the command line."""

import cv2
import pytest

from spotter.cli.commands import run
from spotter.cli.errors import run_tool
from spotter.cli.synthesize import synthesize
from spotter.synthesis.fonts import bundled_fonts

FACES = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")


@pytest.mark.parametrize("command", ["words", "scenes"])
def test_sets_and_sheets(command, tmp_path, capsys):
    faces = [path for path in bundled_fonts() if path.endswith(FACES)]
    assert len(faces) == 2
    sheet = tmp_path / "images" / "sheet.jpg"
    arguments = [command, "--out", str(tmp_path / "set"), "--count", "2", "--sheet", str(sheet)]
    arguments += ["--fonts", *faces, "--seed", "4"]
    if command == "scenes":
        arguments += ["--size", "96", "128"]
    run(synthesize, arguments)
    assert f"2 {command} in" in capsys.readouterr().out
    assert sheet.stat().st_size < 300_000
    if command == "words":
        signs = ["words", "--out", str(tmp_path / "signs"), "--style", "signs", "--count", "1"]
        run(synthesize, [*signs, "--fonts", *faces])
        assert "1 words in" in capsys.readouterr().out
    assert cv2.imread(str(sheet)).shape == (
        (560, 1280, 3) if command == "words" else (600, 1200, 3)
    )


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
