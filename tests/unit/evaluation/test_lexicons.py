from __future__ import annotations

from pathlib import Path

import pytest

from spotter.decoding.lexicon import Lexicon
from spotter.errors import ConfigError
from spotter.evaluation.lexicons import lexicon_of, open_lexicons


@pytest.fixture
def strong(tmp_path: Path) -> Path:
    """The official folder of strong lexicons, the second one in its cleaned form."""
    (tmp_path / "voc_img_1.txt").write_text("HOTEL\nBAR\n")
    (tmp_path / "new_voc_img_2.txt").write_text("MOTEL\n")
    (tmp_path / "pair_voc_img_1.txt").write_text("HOTEL Hotel!\n")
    (tmp_path / "pair_voc_img_2.txt").write_text("MOTEL Motel\n")
    return tmp_path


def test_one_per_image(strong: Path) -> None:
    lexicons = open_lexicons(strong)
    assert lexicon_of(lexicons, "img_1.jpg").words == ["HOTEL", "BAR"]
    assert lexicon_of(lexicons, "some/folder/img_2.png").words == ["MOTEL"]
    assert lexicon_of(lexicons, "img_1") is lexicon_of(lexicons, "img_1.jpg")
    with pytest.raises(ConfigError, match=r"no lexicon for image 'img_3', such as voc_img_3.txt"):
        lexicon_of(lexicons, "img_3")


def test_pairs_lead_back_to_the_form_in_the_ground_truth(strong: Path) -> None:
    lexicons = open_lexicons(strong, strong)
    assert lexicons["img_1"].nearest("hote1") == ("Hotel!", 1.0)
    # Words that the pairs leave out are their own form.
    assert lexicons["img_1"].nearest("bar") == ("BAR", 0.0)
    assert lexicons["img_2"].nearest("motel") == ("Motel", 0.0)


def test_one_for_all(tmp_path: Path) -> None:
    words, pairs = tmp_path / "GenericVocabulary_new.txt", tmp_path / "pair_list.txt"
    words.write_text("aarhus\nbar\n")
    pairs.write_text("AARHUS Aarhus\n")
    lexicon = open_lexicons(words, pairs)
    assert isinstance(lexicon, Lexicon)
    assert lexicon.words == ["aarhus", "bar"]
    assert lexicon.nearest("AARHUZ") == ("Aarhus", 1.0)
    assert lexicon_of(lexicon, "any") is lexicon
    assert open_lexicons(pairs, True).nearest("aarhus") == ("Aarhus", 0.0)
    assert lexicon_of(None, "any") is None


def test_paths_with_the_stem(strong: Path) -> None:
    pattern = str(strong / "voc_{stem}.txt")
    assert open_lexicons(pattern)["img_1.jpg"].words == ["HOTEL", "BAR"]
    pairs = str(strong / "pair_voc_{stem}.txt")
    assert open_lexicons(pairs, True)["img_2"].nearest("MOTEL") == ("Motel", 0.0)


def test_missing_folder_of_pairs(strong: Path) -> None:
    with pytest.raises(ConfigError, match="no such folder"):
        open_lexicons(strong, strong / "gone")
