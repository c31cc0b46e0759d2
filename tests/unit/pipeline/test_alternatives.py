"""Other outlines of the same words, from passes at other scales."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from spotter import SceneTextSpotter
from spotter.pipeline.alternative_choice import better_alternatives, raise_agreed_scores
from spotter.pipeline.alternatives import Alternative, propose_alternatives
from spotter.pipeline.choice import choose_words
from spotter.pipeline.crop_batching import WordReading
from spotter.pipeline.joining import JoinedWord
from spotter.pipeline.multi_scale import MAX_SCALE, WINDOW, largest_scale
from spotter.pipeline.tiling import SearchedWindow, whole_words
from spotter.pipeline.word_search import FoundWords
from spotter.structures import TextInstance
from tests.unit.pipeline.networks import photo


def word(x: float, y: float, width: float, height: float, score: float = 0.9) -> TextInstance:
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    return TextInstance(np.array(corners, np.float32), detection_score=score)


def reading(text: str, score: float) -> WordReading:
    outline = word(0, 0, 1, 1).polygon
    return WordReading(text, [score] * len(text), score, outline=outline)


BLOCK = word(0, 0, 100, 60)
LINES = [word(0, 2, 100, 26), word(0, 32, 100, 26)]
PIECES = [word(0, 0, 48, 60), word(52, 0, 48, 60)]


def test_what_a_pass_saw_otherwise_is_proposed_once() -> None:
    far = word(500, 0, 100, 60)
    [alternative] = propose_alternatives([far, BLOCK], [[BLOCK, far], [*LINES, far], LINES])
    assert alternative.members == [1]
    assert alternative.words == LINES
    assert alternative.covered == pytest.approx(52 / 60)
    assert propose_alternatives([BLOCK], [[word(1, 1, 100, 60)]]) == []
    # A box that reaches much farther is another one.
    assert len(propose_alternatives([BLOCK], [[word(0, 0, 140, 60)]])) == 1
    assert propose_alternatives([], [[BLOCK]]) == propose_alternatives([BLOCK], [[]]) == []


def test_two_words_that_a_pass_saw_as_one_are_members_of_one_alternative() -> None:
    [alternative] = propose_alternatives(PIECES, [[BLOCK]])
    assert (alternative.members, alternative.words) == ([0, 1], [BLOCK])
    many = [word(12 * i, 0, 10, 60) for i in range(8)]
    assert propose_alternatives(many, [[BLOCK]]) == []


def taken(
    words: list[TextInstance],
    readings: list[tuple[str, float]],
    alternative: list[TextInstance],
    read: list[tuple[str, float]],
    covered: float = 1.0,
) -> bool:
    proposed = Alternative(list(range(len(words))), alternative, covered)
    pairs = [(proposed, [reading(t, s) for t, s in read])]
    own = [reading(*each) for each in readings]
    return better_alternatives(words, own, [], pairs) == [0]


def test_lines_replace_a_block_that_reads_badly() -> None:
    assert taken([BLOCK], [("SORE", 0.2)], LINES, [("APPLE", 0.8), ("JUICE", 0.8)])
    assert not taken([BLOCK], [("Apple", 0.97)], LINES, [("API", 0.4), ("LE", 0.4)])
    # Longer, but less sure.
    assert not taken([BLOCK], [("on", 0.97)], [word(0, 0, 140, 60)], [("ont", 0.9)])
    assert taken([BLOCK], [("GOU", 0.3)], [word(0, 0, 140, 60)], [("GOURMET", 0.9)])


def test_a_large_word_does_not_fall_into_pieces() -> None:
    assert not taken([BLOCK], [("DUNES", 0.6)], PIECES, [("DUNE", 0.98), ("S", 0.99)])
    assert not taken([BLOCK], [("STORAGE", 0.3)], PIECES, [("STOR", 0.98), ("AGE", 0.99)])
    assert taken([BLOCK], [("atLevel", 0.02)], PIECES, [("at", 0.98), ("Level", 0.99)])


def test_a_part_does_not_replace_the_whole() -> None:
    inner = [word(50, 0, 50, 60)]
    assert not taken([BLOCK], [("the", 0.1)], inner, [("e", 0.9)], covered=0.5)
    assert not taken([BLOCK], [("ends", 0.3)], inner, [("nds", 0.9)], covered=0.5)
    assert taken([BLOCK], [("xx", 0.01)], inner, [("nds", 0.9)], covered=0.5)


def test_pieces_that_say_the_same_as_a_whole_become_the_whole() -> None:
    own = [("MOUNT", 1.0), ("AIN", 0.99)]
    assert taken(PIECES, own, [BLOCK], [("Mountain", 0.95)])
    assert not taken(PIECES, own, [BLOCK], [("MOUNTAIN", 0.85)])


def test_pieces_are_spelt_along_the_line_and_not_in_the_order_in_which_they_were_found() -> None:
    own = [("AIN", 0.99), ("MOUNT", 1.0)]
    assert taken(PIECES[::-1], own, [BLOCK], [("MOUNTAIN", 0.95)])


def test_no_two_alternatives_show_the_same_word() -> None:
    words = [BLOCK, word(110, 0, 80, 60)]
    own = [reading("ab", 0.1), reading("cd", 0.1)]
    pairs = [
        (Alternative([0], [word(40, 0, 100, 60)]), [reading("abcd", 0.9)]),
        (Alternative([1], [word(50, 0, 100, 60)]), [reading("abcd", 0.95)]),
    ]
    assert better_alternatives(words, own, [], pairs) == [1]


def test_pieces_that_may_be_joined_with_more_are_left_to_the_join() -> None:
    words = [*PIECES, word(104, 0, 80, 60)]
    own = [reading("example.", 0.9), reading("org", 0.9), reading("www.", 0.9)]
    join = JoinedWord([2, 0, 1], word(0, 0, 184, 60))
    joined = [(join, reading("www.example.org", 0.99))]
    pairs = [(Alternative([0, 1], [BLOCK]), [reading("example.org", 0.98)])]
    assert better_alternatives(words, own, joined, pairs) == []
    assert better_alternatives(words, own, [], pairs) == [0]


def test_an_alternative_for_a_piece_has_to_say_more_than_the_join() -> None:
    words = [*PIECES, word(300, 0, 40, 60)]
    own = [reading("FIL", 0.2), reading("LIPING", 0.5), reading("x", 0.1)]
    join = JoinedWord([0, 1], word(0, 0, 100, 60))
    piece, all_of_it, other = (
        Alternative([0], [word(0, 0, 60, 60)]),
        Alternative([0, 1], [BLOCK]),
        Alternative([2], [word(300, 0, 80, 60)]),
    )
    joins = [(join, reading("FILIPINO", 0.85))]

    def chosen(*pairs: tuple[Alternative, list[WordReading]], accepted: bool = True) -> list[int]:
        return better_alternatives(words, own, joins, pairs, joins if accepted else ())

    far = (other, [reading("xylem", 0.9)])
    assert chosen((piece, [reading("FILI", 0.45)]), far) == [1]
    assert chosen((piece, [reading("FILI", 0.45)]), far, accepted=False) == [1, 0]
    assert chosen((piece, [reading("FILIPINOPI", 0.99)])) == [0]
    assert chosen((all_of_it, [reading("FILIPINO", 0.99)])) == [0]
    # However much surer, the same piece is a piece.
    assert chosen((piece, [reading("Fil", 0.99)])) == []
    assert chosen((piece, [reading("Fil", 0.99)]), accepted=False) == [0]


def test_pieces_stay_where_the_whole_shows_a_space() -> None:
    whole = reading("togo", 0.99)
    whole.parts = [reading("to", 0.99), reading("go", 0.99)]
    own = [reading("to", 0.9), reading("go", 0.9)]
    pairs = [(Alternative([0, 1], [BLOCK]), [whole])]
    assert better_alternatives(PIECES, own, [], pairs) == []


def test_outlines_that_read_the_same_share_the_higher_score() -> None:
    one, other = word(0, 0, 100, 60, 0.4), word(0, 0, 140, 60, 0.8)
    pairs = [(Alternative([0], [other]), [reading("surf", 0.5)])]
    raise_agreed_scores([one], [reading("Surf", 0.9)], pairs)
    assert one.detection_score == other.detection_score == 0.8
    # Of the two, the one that reads better is the outline.
    assert better_alternatives([one], [reading("Surf", 0.9)], [], pairs) == []
    assert better_alternatives([one], [reading("Surf", 0.4)], [], pairs) == [0]


def test_what_says_the_same_and_more_is_found_as_surely_as_its_parts() -> None:
    parts = [word(20, 0, 40, 60, 0.5), word(55, 0, 45, 60, 0.95)]
    own = [reading("VERS", 0.96), reading("SIDE", 0.99)]
    for text, score, better in (
        ("RIVERSIDE", 0.97, True),
        ("RIVERSIDE", 0.7, False),
        ("RISIDEVERS", 0.97, False),
        ("VERY", 0.97, False),
    ):
        whole = word(0, 0, 100, 60, 0.6)
        pairs = [(Alternative([1, 0], [whole]), [reading(text, score)])]
        raise_agreed_scores(parts, own, pairs)
        assert whole.detection_score == (0.95 if better else 0.6)
        assert (better_alternatives(parts, own, [], pairs) == [0]) is better
    one, longer = word(0, 0, 80, 60, 0.8), word(0, 0, 100, 30, 0.5)
    # Of two lines high, but with a letter more.
    pairs = [(Alternative([0], [longer], covered=0.5), [reading("ALARM", 0.99)])]
    raise_agreed_scores([one], [reading("ALAR", 0.98)], pairs)
    assert (one.detection_score, longer.detection_score) == (0.8, 0.8)
    assert better_alternatives([one], [reading("ALAR", 0.98)], [], pairs) == [0]


def test_of_several_alternatives_the_best_is_taken() -> None:
    first, second = (
        Alternative([0], [word(0, 0, 140, 60)]),
        Alternative([0, 1], [word(0, 0, 190, 60)]),
    )
    own = [reading("ab", 0.1), reading("cd", 0.1)]
    pairs = [(first, [reading("abc", 0.5)]), (second, [reading("abcdef", 0.9)])]
    words = [BLOCK, word(110, 0, 80, 60)]
    assert better_alternatives(words, own, [], pairs) == [1]
    # Not if the pieces are read as well together.
    join = JoinedWord([0, 1], word(0, 0, 190, 60))
    assert better_alternatives(words, own, [(join, reading("abcdef", 0.9))], pairs[1:]) == []


def test_an_alternative_takes_the_place_of_its_members() -> None:
    other = word(300, 0, 50, 20)
    found = FoundWords(
        np.zeros((9, 9, 3), np.uint8), [other, BLOCK], alternatives=[Alternative([1], LINES)]
    )
    texts = [("else", 0.9), ("SORE", 0.2), ("APPLE", 0.8), ("JUICE", 0.8)]
    answers = iter([reading(*each) for each in texts])
    words, readings = choose_words(found, answers)
    assert next(answers, None) is None
    assert [each.text for each in readings] == ["else", "APPLE", "JUICE"]
    assert words == [other, *LINES]


def test_alternatives_that_hold_spaces_are_parted() -> None:
    found = FoundWords(
        np.zeros((9, 9, 3), np.uint8), [BLOCK], alternatives=[Alternative([0], [LINES[0]])]
    )
    parts = [reading("an", 0.9), reading("apple", 0.9)]
    whole = WordReading("anapple", [0.9] * 7, 0.9, outline=LINES[0].polygon, parts=parts)
    words, readings = choose_words(found, iter([reading("z", 0.1), whole]))
    assert [each.text for each in readings] == ["an", "apple"]
    assert len(words) == 2


def test_faint_alternatives_are_not_read() -> None:
    faint = [word(0, 2, 100, 26, 0.01)]
    found = FoundWords(
        np.zeros((9, 9, 3), np.uint8),
        [word(0, 0, 9, 9, 0.01), BLOCK],
        alternatives=[Alternative([1], faint), Alternative([1], LINES)],
    )
    found.drop_faint(0.4)
    assert found.words == [BLOCK]
    assert [(each.members, each.words) for each in found.alternatives] == [([0], LINES)]


def test_words_that_windows_cut_are_no_alternatives() -> None:
    windows = [SearchedWindow((0, 0, 100, 100), 2.0, [word(60, 10, 39, 20), word(10, 10, 20, 20)])]
    assert whole_words(windows, 200, 100) == windows[0].words[1:]
    assert whole_words(windows, 100, 100) == windows[0].words


def test_small_photos_are_enlarged_until_they_fill_a_window() -> None:
    assert largest_scale(1.0, 350) == WINDOW / 350
    assert largest_scale(1.0, 100) == MAX_SCALE
    assert largest_scale(1.0, 1280) == 2.0


def test_a_thorough_search_sees_a_photo_at_three_scales(
    tmp_path: Path, preset: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = photo(1024, 704, [(40, 40, 240, 60)])
    entry = {part: str(Path(file).resolve()) for part, file in preset.items()}
    file = tmp_path / "own.json"
    found = {}
    for thorough in (False, True):
        file.write_text(json.dumps({**entry, "scale": 1, "thorough": thorough}))
        spotter = SceneTextSpotter(file, threads=1)
        scales: list[float] = []
        run = spotter.detector._run

        def watched(jobs, *taken, run=run, scales=scales):  # type: ignore[no-untyped-def]
            scales.append(jobs[0][1][0] / jobs[0][0].shape[1])
            return run(jobs, *taken)

        monkeypatch.setattr(spotter.detector, "_run", watched)
        assert len(spotter.detect(image)) == 1
        found[thorough] = scales
    # The word is large, so that a coarse pass outlines it as well.
    usual, coarse = found[False]
    assert coarse == pytest.approx(usual / 2, rel=0.1)
    assert found[True] == pytest.approx([usual / 2, usual, 2 * usual], rel=0.1)
