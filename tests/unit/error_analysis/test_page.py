"""The page of errors: what it holds, and what it does in a browser."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spotter.error_analysis.analysis import scene_report, word_report
from spotter.error_analysis.breakdown import breakdowns
from spotter.error_analysis.cases import WordCase
from spotter.error_analysis.charts import chart
from spotter.error_analysis.page import errors_page, keep_most_telling
from spotter.error_analysis.pictures import Pictures
from spotter.evaluation.saved import ScoredWords
from spotter.structures import TextInstance
from tests.integration.browser import PROGRAM, Browser


def word(left: float, text: str | None, score: float = 1.0, width: float = 40) -> TextInstance:
    polygon = np.array([[left, 20], [left + width, 20], [left + width, 40], [left, 40]])
    return TextInstance(polygon.astype(np.float32), text, False, score)


@pytest.fixture
def pictures(tmp_path: Path) -> Pictures:
    """A photo of 300 x 60 and a crop of 50 x 20."""
    Image.new("RGB", (300, 60), (90, 120, 150)).save(tmp_path / "a.png")
    Image.new("RGB", (50, 20), (90, 120, 150)).save(tmp_path / "b.png")
    return Pictures({name: {"img_path": str(tmp_path / name)} for name in ("a.png", "b.png")})


@pytest.fixture
def page(pictures: Pictures, tmp_path: Path) -> Path:
    """Two missed, one misread, one false alarm, one correct."""
    true = [word(0, "EXIT"), word(60, "SALE"), word(120, "<b>"), word(180, "lost")]
    read = [word(0, "exit", 0.9), word(60, "5ALE", 0.6), word(250, "ghost", 0.8)]
    report = scene_report(
        {"a.png": read},
        {"a.png": true},
    )
    report = replace(report, about="mine & yours")
    path = tmp_path / "errors.html"
    path.write_text(errors_page(report, pictures), encoding="utf-8")
    return path


class _Outside(HTMLParser):
    """Collects whatever a page would load from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for key, value in attributes:
            if key in ("src", "href", "srcset", "action") and not (value or "").startswith("data:"):
                self.links.append(f"{tag} {key}={value}")


def test_the_page_is_self_contained(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    parser = _Outside()
    parser.feed(text)
    assert parser.links == []
    assert "http" not in re.sub(r"data:image/jpeg;base64,[\w+/=]+", "", text)
    assert text.count("data:image/jpeg;base64,") == 5
    assert "mine &amp; yours" in text
    assert "<b>" not in re.findall(r'class="text">(.*?)</span>', text)
    assert "&lt;b&gt;" in text
    assert "<mark>5</mark>ALE" in text


@pytest.mark.skipif(PROGRAM is None, reason="no Chromium is installed")
def test_filters_and_order_in_a_browser(page: Path, tmp_path: Path) -> None:
    visible = """return [...document.querySelectorAll('.case')]
        .filter((item) => item.checkVisibility()).map((item) => item.dataset.kind)"""
    with Browser(tmp_path / "profile") as browser:
        browser.open(page.resolve().as_uri())
        start = browser.run(visible)
        assert start == ["wrong", "missed", "missed", "false_alarm"]
        assert browser.run("return document.querySelector('#shown').textContent") == "4 shown"

        browser.click('button[data-kind="missed"]')
        assert browser.run(visible) == ["missed", "missed"]
        pressed = (
            "return [...document.querySelectorAll('[aria-pressed=true]')].map(b => b.dataset.kind)"
        )
        assert browser.run(pressed) == ["missed"]

        browser.click('button[data-kind="correct"]')
        assert browser.run(visible) == ["correct"]

        browser.click('button[data-kind="errors"]')
        browser.click('button[data-pair="S → 5"]')
        assert browser.run(visible) == ["wrong"]
        browser.click('button[data-pair="S → 5"]')
        assert browser.run(visible) == start

        browser.click('option[value="confidence down"]')
        # What has no confidence comes last; the false alarm is surer than the misreading.
        assert browser.run(visible) == ["false_alarm", "wrong", "missed", "missed"]
        browser.click('option[value="confidence up"]')
        assert browser.run(visible) == ["wrong", "false_alarm", "missed", "missed"]

        browser.click('button[data-kind="split"]')
        assert browser.run(visible) == []
        assert browser.run("return document.querySelector('.empty-list').checkVisibility()")

        decoded = """const items = [...document.querySelectorAll('.case image')];
        return Promise.all(items.map((item) => {
            const picture = new Image();
            picture.src = item.href.baseVal;
            return picture.decode().then(() => picture.naturalWidth);
        }))"""
        # The words of 40 pixels with 12 more on each side where the photo has them.
        assert sorted(browser.run(decoded)) == [52, 62, 64, 64, 64]


def test_word_crops(pictures: Pictures) -> None:
    words = ScoredWords(
        ["b.png", "c.png"], ["c0ke", None], ["Coke", "Bar"], [0.5, 0.0], ["", ""], 1
    )
    report = word_report(words, pictures=pictures)
    assert report.scores["word accuracy"]["words right"] == 0
    # One answer, half sure, and wrong.
    assert report.scores["word accuracy"]["calibration error"] == pytest.approx(0.5)
    assert [case.size for case in report.cases] == [(50, 20), None]
    text = errors_page(report, pictures)
    assert text.count("data:image/jpeg") == 1
    assert "c<mark>0</mark>ke" in text
    assert "o → 0" in text
    assert re.findall(r"<button[^>]*data-kind=\"(\w+)\"", text) == [
        "errors",
        "missed",
        "wrong",
        "correct",
    ]


def test_breakdowns() -> None:
    def case(kind, text, height, confidence):
        return WordCase("a", kind, text, text, confidence, size=(50, height))

    cases = [
        case("correct", "abc", 9, 0.95),
        case("correct", "abc", 12, 0.85),
        case("wrong", "abcd", 15, 0.85),
        case("missed", "abcdefghijklmn", 100, None),
        WordCase("a", "false_alarm", None, "x", 0.3, size=(4, 4)),
    ]
    height, length, confidence = breakdowns(cases)
    assert [(each.label, each.total) for each in height.bins] == [
        ("8–11", 1),
        ("12–15", 2),
        ("16–23", 0),
        ("24–31", 0),
        ("32–47", 0),
        ("48–63", 0),
        ("64+", 1),
    ]
    assert [each.accuracy for each in height.bins[:2]] == [1.0, 0.5]
    assert [each.label for each in length.bins] == ["3–4", "5–6", "7–8", "9–12", "13+"]
    assert length.bins[0].total == 3
    assert [(each.label, each.total) for each in confidence.bins][:2] == [
        (".3–.4", 1),
        (".4–.5", 0),
    ]
    assert confidence.bins[-2].confidence == pytest.approx(0.85)
    drawn = chart(height)
    assert drawn.count('<rect class="empty"') == 7
    # Half of the column's 130 pixels are right, and begin at the bottom.
    assert 'class="wrong" x="50" y="20.00" width="34" height="65.00"' in drawn
    assert 'class="correct" x="50" y="85.00" width="34" height="65.00"' in drawn


def test_the_most_telling_cases_are_kept() -> None:
    scores = [0.2, 0.9, 0.5]
    cases = [WordCase("a", "wrong", "a", "b", score) for score in scores]
    cases += [WordCase("a", "missed", "a", None, None, size=(9, size)) for size in (10, 30, 20)]
    kept = keep_most_telling(cases, 2)
    assert [case.confidence or case.size[1] for case in kept] == [0.9, 0.5, 30, 20]
    text = errors_page(scene_report([[]], [[word(0, "a"), word(60, "b")]]), max_per_kind=1)
    assert "Cards are shown for 1 of 2 missed." in text
