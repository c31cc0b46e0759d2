"""The choice of an alphabet, fonts that draw it, and the page that shows it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spotter.charset import Charset
from spotter.data.readers import CanonicalReader
from spotter.errors import CharsetError, ConfigError
from spotter.own_data.alphabet_page import draw_page, write_page
from spotter.own_data.drawing import Drawing, draw_words, split_fonts
from spotter.own_data.words import choose_alphabet, spellable
from spotter.registry import READERS
from spotter.synthesis.fonts import bundled_fonts


def faces() -> list[str]:
    return [p for p in bundled_fonts() if p.endswith(("DejaVuSans.ttf", "DejaVuSerif.ttf"))]


def test_without_an_alphabet_labels_add_their_characters() -> None:
    charset, note = choose_alphabet(None, "abc", ["ab", "b서", "a 울\u200b"])
    assert charset.characters == "abc서울"
    assert note == ""


def test_an_alphabet_leaves_labels_out() -> None:
    charset, note = choose_alphabet("digits", "abc", ["12", "1a", "Ä"])
    assert charset.characters == "0123456789"
    assert note.startswith("2 of 3 labels are left out: the alphabet lacks ")
    with pytest.raises(CharsetError, match="spells none of the 1 labels"):
        choose_alphabet("digits", "abc", ["서"])
    assert spellable("12", charset, 2)
    assert not spellable("123", charset, 2)
    assert not spellable("1a", charset, 5)
    assert not spellable("", charset, 5)
    assert not spellable(None, charset, 5)


def test_page_of_an_alphabet(tmp_path: Path) -> None:
    page = draw_page(Charset("abcdefgäÖ가"), faces())
    assert page.missing == "가"
    assert [word["text"] for word in page.words] == ["abcde", "fgäÖ"]
    assert page.fonts == faces()[:1]
    (left, top), _, (right, bottom), _ = page.words[0]["polygon"]
    inside = page.image[int(top) : int(bottom), int(left) : int(right)]
    assert inside.min() < 100
    # All ink lies within the outlines.
    blank = page.image.copy()
    for word in page.words:
        (x0, y0), _, (x1, y1), _ = word["polygon"]
        blank[int(y0) : int(y1) + 1, int(x0) : int(x1) + 1] = 255
    assert blank.min() > 200
    labels = CanonicalReader(write_page(page, tmp_path / "page.png"))
    assert labels[0]["img_path"] == str(tmp_path / "page.png")
    with pytest.raises(ConfigError, match=r"page\.txt: is no name of a picture, such as page\.png"):
        write_page(page, tmp_path / "new" / "page.txt")
    assert not (tmp_path / "new").exists()
    with pytest.raises(ConfigError, match="none of 2 fonts draws"):
        draw_page(Charset("가각간"), faces())


def test_fonts_are_split_by_what_they_draw() -> None:
    train, judged = split_fonts(Drawing(10, fonts=faces()), Charset.load("german"))
    assert sorted(train + judged) == sorted(str(Path(path).resolve()) for path in faces())
    assert len(judged) == 1
    with pytest.raises(ConfigError, match=r"0 of 2 fonts .* draw the alphabet"):
        split_fonts(Drawing(10, fonts=faces()), Charset("ab가각"))


def draw(drawing: Drawing, alphabet: str, out: Path) -> dict[str, Any]:
    return draw_words(drawing, Charset.load(alphabet), out, 0, say=lambda line: None)[0]


def letters(reader: dict[str, Any]) -> set[str]:
    return set("".join(sample["text"] for sample in READERS.build(reader)).lower())


def test_words_are_drawn_anew_where_they_depend_on_something_else(tmp_path: Path) -> None:
    words, out = tmp_path / "words.txt", tmp_path / "out"
    drawing = Drawing(12, words=[str(words)], fonts=faces(), judged=0)
    words.write_text("Größe\nSchlüssel\nMäuse\n", encoding="utf-8")
    assert letters(draw(drawing, "german", out)) & set("öüä")
    # The same file with other words; then another alphabet, another font, another number.
    words.write_text("forêt\ngarçon\nélève\n", encoding="utf-8")
    french = letters(draw(drawing, "french", out))
    assert french & set("êçé")
    assert not french & set("öüä")
    latin = draw(drawing, "latin", out)
    draw(replace(drawing, fonts=faces()[:1]), "latin", out)
    draw(replace(drawing, count=6), "latin", out)
    assert len([*out.glob("drawn_*")]) == 5
    # What is the same goes on.
    assert draw(drawing, "latin", out) == latin
    with pytest.raises(ConfigError, match=r"cannot read the word list .*gone\.txt"):
        draw(replace(drawing, words=[str(tmp_path / "gone.txt")]), "latin", out)
