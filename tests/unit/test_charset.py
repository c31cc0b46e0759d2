"""Character sets, token maps and the carrying over of rows, by hand."""

import itertools

import pytest
import torch

from spotter.charset import Charset
from spotter.errors import CharsetError
from spotter.look_alikes import look_alikes
from spotter.models.token_maps import (
    AttentionTokenMap,
    ClozeTokenMap,
    CTCTokenMap,
    remap_rows,
    remap_tensor,
)

ABC = Charset("abc")


@pytest.mark.parametrize(("name", "size"), [("36", 36), ("62", 62), ("94", 94)])
def test_builtin_sizes(name: str, size: int) -> None:
    assert len(Charset.load(name)) == size


def test_each_builtin_starts_with_the_smaller_one() -> None:
    sets = [Charset.load(name).characters for name in ("36", "62", "94", "latin")]
    for smaller, larger in itertools.pairwise(sets):
        assert larger.startswith(smaller)


def test_latin_spells_european_words() -> None:
    latin = Charset.load("latin")
    for word in ("Łódź", "Straße", "GROẞ", "Ångström", "Çığ", "Ștefan", "œuvre", "Þór", "«€»"):
        assert latin.normalize(word, unknown="refuse") == word


@pytest.mark.parametrize("characters", ["", "aba", "a\n"])
def test_bad_sets_are_refused(characters: str) -> None:
    with pytest.raises(CharsetError):
        Charset(characters)


def test_file_with_one_character_per_line(tmp_path) -> None:
    path = tmp_path / "set.txt"
    path.write_bytes("\ufeffa\r\n \r\né\r\n".encode())
    assert Charset.load(path).characters == "a é"


def test_file_with_all_characters_on_one_line(tmp_path) -> None:
    path = tmp_path / "set.txt"
    path.write_text("xyz\n", encoding="utf-8")
    assert Charset.load(str(path)).characters == "xyz"


@pytest.mark.parametrize("text", ["ae\u0301o\u0308", "a\ne\u0301\no\u0308\n"])
def test_accents_of_a_file_are_composed(tmp_path, text: str) -> None:
    path = tmp_path / "set.txt"
    path.write_text(text, encoding="utf-8")
    assert Charset.load(path).characters == "aéö"


def test_malformed_file_names_its_line(tmp_path) -> None:
    path = tmp_path / "set.txt"
    path.write_text("a\nbc\n", encoding="utf-8")
    with pytest.raises(CharsetError, match=r"set\.txt: line 2"):
        Charset.load(path)


def test_unknown_name() -> None:
    with pytest.raises(CharsetError, match="37"):
        Charset.load("37")


def test_normalize_folds_drops_and_spells_out() -> None:
    assert Charset.load("36").normalize("Cafe\u0301-１２ ﬁX") == "caf12fix"
    assert Charset.load("latin").normalize("Cafe\u0301") == "Café"
    assert Charset("AB").normalize("abz") == "AB"
    assert Charset("aB").normalize("bA") == ""


def test_normalize_refuses() -> None:
    with pytest.raises(CharsetError, match="'!'"):
        Charset.load("36").normalize("no!", unknown="refuse")
    with pytest.raises(CharsetError, match="unknown"):
        ABC.normalize("a", unknown="keep")


def test_ctc_tokens_by_hand() -> None:
    tokens = CTCTokenMap(ABC)
    targets, lengths = tokens.encode(["ab", "c", ""])
    assert targets.tolist() == [[1, 2], [3, 0], [0, 0]]
    assert lengths.tolist() == [2, 1, 0]
    assert tokens.num_classes == 4
    assert tokens.decode([[0, 1, 1, 0, 1, 2, 2], [0] * 7]) == ["aab", ""]


def test_ctc_round_trip_with_blanks_between() -> None:
    tokens = CTCTokenMap(ABC)
    for length in range(4):
        for text in map("".join, itertools.product("abc", repeat=length)):
            path = [t for index in tokens.indices(text) for t in (0, index, index)]
            assert tokens.decode([path]) == [text]


def test_attention_tokens_by_hand() -> None:
    tokens = AttentionTokenMap(ABC)
    assert (tokens.eos, tokens.bos, tokens.pad, tokens.num_tokens) == (0, 4, 5, 6)
    targets, lengths = tokens.encode(["ab", ""])
    assert targets.tolist() == [[4, 1, 2, 0], [4, 0, 5, 5]]
    assert lengths.tolist() == [3, 1]
    assert tokens.decode(targets) == ["ab", ""]
    assert tokens.decode([[3, 1, 0, 2]]) == ["ca"]


def test_cloze_tokens_by_hand() -> None:
    tokens = ClozeTokenMap(ABC)
    targets, lengths = tokens.encode(["ab", "c"], steps=4)
    assert targets.tolist() == [[1, 2, 0, 0], [3, 0, 0, 0]]
    assert lengths.tolist() == [3, 2]
    assert (tokens.mask, tokens.num_tokens, tokens.num_classes) == (4, 5, 4)
    assert tokens.decode(targets) == ["ab", "c"]
    with pytest.raises(CharsetError, match="3 steps"):
        tokens.encode(["abc"], steps=3)


def test_character_outside_the_set() -> None:
    with pytest.raises(CharsetError, match="'z'"):
        CTCTokenMap(ABC).encode(["az"])


def test_remap_rows() -> None:
    assert remap_rows(ABC, Charset("cbx")) == ([2, 1, -1], ["x"])


def test_new_characters_take_the_rows_of_those_they_look_like() -> None:
    # Of an accented letter, its letter; of Cyrillic letters, Latin ones, with the accent if known.
    old = Charset("aeë")
    assert remap_rows(old, Charset("aаéёж")) == ([0, 0, 1, 2, -1], ["а", "é", "ё", "ж"])
    assert look_alikes("Ё") == ("Ë", "Е", "E")
    assert look_alikes("x") == ()


def test_remap_tensor_moves_specials_and_shared_characters() -> None:
    source = torch.tensor([10.0, 1.0, 2.0, 3.0, 20.0, 30.0])  # EOS a b c BOS PAD
    fresh = torch.tensor([-1.0, -2.0, -3.0, -4.0, -5.0, -6.0, -7.0])  # EOS c b x y BOS PAD
    moved = remap_tensor(source, fresh, 0, ABC, Charset("cbxy"))
    assert moved.tolist() == [10.0, 3.0, 2.0, -4.0, -5.0, 20.0, 30.0]
    assert fresh.tolist()[0] == -1.0


def test_remap_tensor_along_the_second_dimension() -> None:
    source = torch.tensor([[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]])
    moved = remap_tensor(source, torch.zeros(2, 2), 1, ABC, Charset("b"))
    assert moved.tolist() == [[0.0, 2.0], [4.0, 6.0]]


def test_remap_tensor_refuses_a_foreign_shape() -> None:
    with pytest.raises(CharsetError, match="cannot be carried"):
        remap_tensor(torch.zeros(9, 2), torch.zeros(2, 2), 0, ABC, Charset("b"))
