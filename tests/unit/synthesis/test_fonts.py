import pickle
import string
from pathlib import Path

import numpy as np
import pytest
from fontTools.ttLib import TTFont

from spotter.errors import ConfigError
from spotter.synthesis.fonts import FontBank, bundled_fonts, find_fonts, system_fonts


def test_plain_faces_cover_ascii_and_are_always_accepted(fonts):
    for font in range(len(fonts)):
        traits = fonts.traits(font)
        assert traits.legibility == 1.0
        assert traits.case == "both"
        assert traits.covered == frozenset(map(chr, range(33, 127)))


def test_symbol_fonts_are_never_chosen(face_paths):
    folder = Path(face_paths[0]).parent
    bank = FontBank([str(folder / "cmsy10.ttf"), str(folder / "cmex10.ttf"), face_paths[0]])
    assert [bank.traits(font).legibility for font in range(2)] == [0.0, 0.0]
    rng = np.random.default_rng(0)
    assert {bank.choose(rng, "AB") for _ in range(20)} == {2}


def test_font_with_one_set_of_letters_is_spelled_in_capitals(face_paths, tmp_path):
    font = TTFont(face_paths[0])
    for table in font["cmap"].tables:
        for char in string.ascii_lowercase:
            if ord(char) in table.cmap:
                table.cmap[ord(char)] = table.cmap[ord(char.upper())]
    font.save(tmp_path / "capitals.ttf")
    bank = FontBank([str(tmp_path)])
    assert bank.traits(0).case == "upper"
    assert bank.spelled(0, "Cafe24") == "CAFE24"


def test_missing_characters_keep_a_font_from_being_chosen(face_paths, tmp_path):
    font = TTFont(face_paths[0])
    for table in font["cmap"].tables:
        for char in "xQ7":
            table.cmap.pop(ord(char), None)
    font.save(tmp_path / "aaa.ttf")
    bank = FontBank([str(tmp_path / "aaa.ttf"), face_paths[1]])
    assert bank.traits(0).covered.isdisjoint("xQ7")
    assert {bank.choose(np.random.default_rng(seed), "ox7") for seed in range(10)} == {1}
    assert {bank.choose(np.random.default_rng(seed), "ABC") for seed in range(20)} == {0, 1}


def test_characters_beyond_ascii_are_measured_when_asked_for(face_paths, tmp_path):
    font = TTFont(face_paths[0])
    for table in font["cmap"].tables:
        # One letter is missing, one loses its accent, one sign is drawn as another.
        table.cmap.pop(ord("ü"), None)
        for char, other in (("é", "e"), ("€", "|"), ("ñ", "ñ")):
            if ord(other) in table.cmap:
                table.cmap[ord(char)] = table.cmap[ord(other)]
    font.save(tmp_path / "aaa.ttf")
    bank = FontBank([str(tmp_path / "aaa.ttf"), face_paths[0]])
    assert bank.draws(0, "ñandú£")
    assert not any(bank.draws(0, text) for text in ("über", "né", "€5", "日"))
    assert bank.draws(1, "überné€5")
    assert {bank.choose(np.random.default_rng(seed), "né") for seed in range(10)} == {1}


def test_faces_with_one_set_of_letters_draw_no_accents(face_paths, tmp_path):
    font = TTFont(face_paths[0])
    for table in font["cmap"].tables:
        for char in string.ascii_lowercase:
            if ord(char) in table.cmap:
                table.cmap[ord(char)] = table.cmap[ord(char.upper())]
    font.save(tmp_path / "capitals.ttf")
    bank = FontBank([str(tmp_path)])
    assert bank.draws(0, "€5")
    assert not bank.draws(0, "É")


def test_faces_are_let_go_of(face_paths, monkeypatch):
    monkeypatch.setattr("spotter.synthesis.fonts._FACES_KEPT", 3)
    bank = FontBank(face_paths)
    first = bank.face(0, 20)
    for size in range(21, 26):
        bank.face(0, size)
    assert len(bank._faces) == 3
    assert bank.face(0, 20) is not first


def test_hard_faces_can_be_given_a_larger_share(face_paths):
    slanted = Path(face_paths[0]).parent / "cmti10.ttf"
    bank = FontBank([str(slanted), face_paths[0]])
    legibility = bank.traits(0).legibility
    assert 0 < legibility < 0.9

    def share(least):
        rng = np.random.default_rng(0)
        return np.mean([bank.choose(rng, "Cafe", least=least) == 0 for _ in range(2000)])

    assert share(0.0) == pytest.approx(legibility / (1 + legibility), abs=0.03)
    assert share(1.0) == pytest.approx(0.5, abs=0.03)


def test_damaged_file_is_passed_over(face_paths, tmp_path):
    junk = tmp_path / "junk.ttf"
    junk.write_bytes(b"no font at all")
    bank = FontBank([str(junk), face_paths[0]])
    assert {bank.choose(np.random.default_rng(seed), "abc") for seed in range(10)} == {1}
    with pytest.raises(ConfigError, match="draws all of 'abc'"):
        FontBank([str(junk)]).choose(np.random.default_rng(0), "abc")


def test_no_fonts_is_one_line_of_error(tmp_path):
    with pytest.raises(ConfigError, match="no font files") as caught:
        FontBank([str(tmp_path)])
    assert "\n" not in str(caught.value)


def test_kerning_closes_the_gap_of_a_v_and_scales_with_the_size(fonts):
    sans = [Path(path).name for path in fonts.paths].index("DejaVuSans.ttf")
    assert fonts.kerning(sans, "AV", 48) < 0
    assert fonts.kerning(sans, "HH", 48) == 0
    assert fonts.kerning(sans, "AV", 96) == 2 * fonts.kerning(sans, "AV", 48)


def test_a_tiny_cache_draws_the_same_glyphs(face_paths, fonts):
    small = FontBank(face_paths, cache_megabytes=0.002)
    for char in "AbgA":
        ours, theirs = small.glyph(0, char, 48), fonts.glyph(0, char, 48)
        np.testing.assert_array_equal(ours.alpha, theirs.alpha)
        assert (ours.left, ours.top, ours.advance) == (theirs.left, theirs.top, theirs.advance)


def test_letters_stand_on_the_baseline(fonts):
    flat = fonts.glyph(0, "H", 48)
    assert flat.top + flat.alpha.shape[0] == 0
    hanging = fonts.glyph(0, "g", 48)
    assert hanging.top + hanging.alpha.shape[0] > 0


def test_bank_travels_to_another_process(fonts):
    fonts.traits(0)
    copy = pickle.loads(pickle.dumps(fonts))
    assert copy.traits(0) == fonts.traits(0)
    np.testing.assert_array_equal(copy.glyph(0, "R", 48).alpha, fonts.glyph(0, "R", 48).alpha)


def test_the_system_has_fonts_and_folders_are_searched(tmp_path):
    assert {Path(path).name for path in bundled_fonts()} <= {
        Path(path).name for path in system_fonts()
    }
    (tmp_path / "deep").mkdir()
    for name in ("b.ttf", "deep/a.OTF", "readme.txt"):
        (tmp_path / name).touch()
    assert find_fonts(tmp_path) == [str(tmp_path / "b.ttf"), str(tmp_path / "deep/a.OTF")]
