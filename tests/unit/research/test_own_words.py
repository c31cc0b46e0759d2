"""Few crops of a language, and others to judge by."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import cv2
import numpy as np
from click.testing import CliRunner

from research.own_words import ListedWords, cli
from spotter.own_data.labels import open_labels
from spotter.synthesis.fonts import bundled_fonts


def test_half_of_the_words_hold_a_letter() -> None:
    source = ListedWords(["für", "und", "der", "die"], "äöü")
    rng = np.random.default_rng(0)
    drawn = [source.sample(rng) for _ in range(400)]
    assert 150 < sum("ü" in word.lower() for word in drawn) < 250
    assert {"für", "FÜR", "Für"} <= set(drawn)
    assert {ListedWords(["출구"]).sample(rng) for _ in range(5)} == {"출구"}


def test_both_sets_say_different_words(tmp_path: Path) -> None:
    words = tmp_path / "words.tsv"
    words.write_text("".join(f"wort{n}ä\t1\n" for n in range(10)), encoding="utf-8")
    font = next(path for path in bundled_fonts() if path.endswith("DejaVuSans.ttf"))
    counts = ["--few", "4", "--many", "6"]
    arguments = ["draw", str(tmp_path), "--words", str(words), "--fonts", font, *counts]
    assert CliRunner().invoke(cli, arguments).exit_code == 0
    sets = [open_labels(tmp_path / name / "labels.txt").samples for name in ("user", "test")]
    texts = [{sample["text"].casefold() for sample in samples} for samples in sets]
    assert [len(samples) for samples in sets] == [4, 6]
    assert not texts[0] & texts[1]


def test_painted_words_are_not_degraded(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("wort\nzwei\n", encoding="utf-8")
    font = next(path for path in bundled_fonts() if path.endswith("DejaVuSans.ttf"))
    arguments = ["--words", str(words), "--closed", "--fonts", font, "--few", "1", "--many", "4"]
    crops = {}
    for name, more in (("painted", ["--painted"]), ("photographed", [])):
        out = tmp_path / name
        assert CliRunner().invoke(cli, ["draw", str(out), *arguments, *more]).exit_code == 0
        crops[name] = [cv2.imread(str(out / f"test/images/{n:04d}.png")) for n in range(4)]
    pairs = list(zip(crops["painted"], crops["photographed"], strict=True))
    # The same words at the same places, otherwise looked at.
    assert all(one.shape == other.shape for one, other in pairs)
    assert not any(np.array_equal(one, other) for one, other in pairs)


def test_a_list_of_hunspell_is_parted(tmp_path: Path) -> None:
    words = tmp_path / "ko.dic"
    lines = ["30", "출구/12", "소절/10", "1루/25", "가", "hello", "출구", "화장실"]
    words.write_text(unicodedata.normalize("NFD", "\n".join(lines)), encoding="utf-8")
    arguments = ["split", str(words), str(tmp_path), "--alphabet", "korean", "--share", "0.34"]
    done = CliRunner().invoke(cli, arguments)
    assert done.output == "3 of 7 words, 1 of them to judge by\n"
    parts = [
        (tmp_path / name).read_text("utf-8").split() for name in ("words.txt", "other_words.txt")
    ]
    assert [len(part) for part in parts] == [2, 1]
    assert set(parts[0] + parts[1]) == {"출구", "소절", "화장실"}
