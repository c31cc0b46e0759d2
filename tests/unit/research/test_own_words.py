"""Few crops of a language, and others to judge by."""

from __future__ import annotations

from pathlib import Path

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
