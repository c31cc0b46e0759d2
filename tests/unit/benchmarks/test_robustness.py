"""Drawn words that get harder to read by one factor at a time."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.drawn_words import FACTORS, Drawing, Level, WordDrawer
from benchmarks.robustness import evaluate_robustness, main, report, write_page
from spotter.errors import ConfigError
from spotter.pipeline.crop_batching import WordReading


@pytest.fixture(scope="module")
def drawer() -> WordDrawer:
    return WordDrawer()


def draw(drawer: WordDrawer, text: str = "Harbour", **changes: Any) -> np.ndarray:
    return drawer.draw(np.random.default_rng(1), text, Drawing(**changes))


def edges(image: np.ndarray) -> float:
    return float(np.abs(np.diff(image.astype(float), axis=1)).max())


def test_a_drawing_is_what_it_says(drawer: WordDrawer) -> None:
    plain = draw(drawer)
    assert plain.dtype == np.uint8
    assert plain.shape[0] == pytest.approx(32 * 1.4, abs=2)
    assert draw(drawer, height=8).shape[0] == pytest.approx(8 * 1.4, abs=2)
    assert int(plain.max()) - int(plain.min()) == 170
    faint = draw(drawer, contrast=0.1)
    assert int(faint.max()) - int(faint.min()) == pytest.approx(17, abs=1)
    assert edges(draw(drawer, blur=0.1)) < 0.5 * edges(plain)
    assert draw(drawer, noise=20).std() > plain.std()
    assert draw(drawer, spacing=0.5).shape[1] > 1.3 * plain.shape[1]
    condensed = draw(drawer, width=0.5)
    assert condensed.shape[0] == plain.shape[0]
    assert condensed.shape[1] == pytest.approx(0.5 * plain.shape[1], abs=1)
    assert draw(drawer, tilt=20).shape[0] > 1.5 * plain.shape[0]
    assert draw(drawer, arc=1.5).shape[0] > 1.2 * plain.shape[0]
    assert draw(drawer, shear=0.5).shape[1] > plain.shape[1]
    vertical = draw(drawer, vertical=True)
    assert vertical.shape[0] > 4 * vertical.shape[1]


def test_levels_draw_the_same_words_again(drawer: WordDrawer) -> None:
    texts = [
        [drawer.text(np.random.default_rng([0, i]), level) for i in range(20)]
        for level in FACTORS["height, px"][:2]
    ]
    assert texts[0] == texts[1]
    assert len(set(texts[0])) > 15
    assert all(text.isalpha() for text in texts[0])
    rng = np.random.default_rng(0)
    assert len(drawer.text(rng, Level("", Drawing(), "digits", 9))) == 9
    assert drawer.text(rng, Level("", Drawing(), "digits", 9)).isdigit()
    assert drawer.text(rng, Level("", Drawing(), "letters", 4)).isalpha()


class Shortsighted:
    """Reads what is high enough, with the wrong case, and nothing else."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts

    def read(self, images: list[np.ndarray]) -> tuple[list[WordReading | None], list[None]]:
        readings: list[WordReading | None] = [
            WordReading(text.swapcase(), [], 1.0, None) if image.shape[0] > 30 else None
            for image, text in zip(images, self.texts, strict=True)
        ]
        return readings, [None] * len(images)


def test_accuracy_by_level(drawer: WordDrawer, tmp_path: Path) -> None:
    levels = [Level("32", Drawing()), Level("8", Drawing(height=8))]
    texts = [drawer.text(np.random.default_rng([5, i]), levels[0]) for i in range(4)]
    reader: Any = Shortsighted(texts)
    found = evaluate_robustness(reader, count=4, seed=5, factors={"height": levels})
    assert [o.accuracy for o in found["height"]] == [1.0, 0.0]
    assert found["height"][0].example.caption == f"32: {texts[0].swapcase()}"
    assert found["height"][1].example.caption == "8: -"
    assert "| height | 32: **100** | 8: **0** |" in report(found)
    page = tmp_path / "docs" / "weak.md"
    write_page(page, "model", "the command", 4, found)
    assert "`the command`: 4 drawn words" in page.read_text()
    assert page.with_suffix(".png").stat().st_size > 1000
    with pytest.raises(ConfigError, match="at least one word"):
        evaluate_robustness(reader, count=0)


def test_the_shipped_preset_reads_easy_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.robustness.FACTORS", {"height": FACTORS["height, px"][:1]})
    main(["default", "--words", "10", "--threads", "1"])
    said = capsys.readouterr().out
    assert float(said.split("height: 32: ")[1].split(" %")[0]) >= 80
