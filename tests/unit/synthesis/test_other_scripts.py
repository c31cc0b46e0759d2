import unicodedata

import numpy as np
import pytest

from spotter.charset import Charset
from spotter.errors import ConfigError
from spotter.synthesis.other_scripts import OtherScripts, ScriptFontBank, joined, scripts
from spotter.synthesis.words import WordSynthesizer


@pytest.fixture(scope="module")
def bank(face_paths):
    return ScriptFontBank(face_paths)


def test_letters_are_those_of_their_script_and_none_of_ours():
    names = {"han": "CJK UNIFIED", "kana": ("HIRAGANA", "KATAKANA"), "hangul": "HANGUL SYLLABLE"}
    latin = set(Charset.load("latin").characters)
    for name, script in scripts().items():
        for letter in script.letters + script.lookalikes:
            assert unicodedata.name(letter).startswith(names.get(name, name.upper())), letter
        assert not latin & set(script.letters + script.lookalikes)
    assert len(scripts()["han"].letters) == 3755
    assert len(scripts()["hangul"].letters) == 2350


def test_a_word_has_a_letter_that_no_latin_one_resembles():
    rng = np.random.default_rng(0)
    script = scripts()["cyrillic"]
    words = [script.word(rng) for _ in range(300)]
    assert all(set(word.lower()) & set(script.letters) for word in words)
    assert {3, 10} <= set(map(len, words)) <= set(range(3, 11))
    assert any(word.isupper() for word in words)
    assert any(word.islower() for word in words)


def test_arabic_letters_take_the_forms_of_their_places():
    # Seen, lam, alef, meem: alef is not joined to meem, which stands alone then.
    assert joined("سلام") == "\ufeb3\ufee0\ufe8e\ufee1"
    assert joined("שלום") == "שלום"


def test_scripts_that_no_font_draws_are_left_out(bank, tmp_path):
    names = {name for name, script in scripts().items() if script in OtherScripts(bank).scripts}
    assert {"cyrillic", "greek", "hebrew", "arabic"} <= names
    assert not names & {"han", "hangul"}


def test_fonts_of_our_letters_alone_are_refused(face_paths, monkeypatch):
    monkeypatch.setattr(ScriptFontBank, "has", lambda self, font, char: char.isascii())
    with pytest.raises(ConfigError, match="none of the fonts draws han, kana"):
        OtherScripts(ScriptFontBank(face_paths))


def test_words_are_drawn_and_labelled_in_the_order_of_reading(bank):
    synthesizer = WordSynthesizer(bank, OtherScripts(bank), None, seed=1)
    samples = [synthesizer.sample(index) for index in range(40)]
    again = synthesizer.sample(3)
    assert np.array_equal(samples[3][0], again[0])
    assert samples[3][1] == again[1]
    assert all(image.ndim == 3 and image.std() > 3 for image, _ in samples)
    arabic = [text for _, text in samples if unicodedata.bidirectional(text[0]) == "AL"]
    assert arabic
    assert all("ARABIC LETTER" in unicodedata.name(char) for text in arabic for char in text)
    assert not any("FORM" in unicodedata.name(char) for text in arabic for char in text)
