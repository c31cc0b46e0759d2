import cv2
import pytest

from spotter.synthesis.command import main


@pytest.mark.parametrize("command", ["words", "scenes", "pages"])
def test_sets_and_sheets(command, face_paths, tmp_path, capsys):
    sheet = tmp_path / "images" / "sheet.jpg"
    arguments = [command, "--out", str(tmp_path / "set"), "--count", "2", "--sheet", str(sheet)]
    arguments += ["--fonts", *face_paths, "--seed", "4"]
    if command != "words":
        arguments += ["--size", "96", "128"]
    assert main(arguments) == 0
    assert f"2 {command} in" in capsys.readouterr().out
    assert sheet.stat().st_size < 300_000
    if command == "words":
        signs = ["words", "--out", str(tmp_path / "signs"), "--style", "signs", "--count", "1"]
        assert main([*signs, "--fonts", *face_paths]) == 0
        assert "1 words in" in capsys.readouterr().out
    height, width = cv2.imread(str(sheet)).shape[:2]
    assert width == (1280 if command == "words" else 1200)
    # Pages have heights of their own.
    assert height == {"words": 560, "scenes": 600}.get(command, height)


def test_words_of_pages_are_a_set_of_their_own(face_paths, tmp_path, capsys):
    arguments = ["page_words", "--out", str(tmp_path / "set"), "--count", "5", "--charset", "latin"]
    assert main([*arguments, "--fonts", *face_paths, "--size", "200", "200"]) == 0
    assert "page_words in" in capsys.readouterr().out


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
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
