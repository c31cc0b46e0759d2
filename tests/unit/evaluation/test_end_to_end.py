from __future__ import annotations

import time

import numpy as np
import pytest

from spotter.decoding.lexicon import VISUAL_COSTS, Lexicon
from spotter.errors import ConfigError
from spotter.evaluation import evaluate_end_to_end
from spotter.evaluation.lexicons import open_lexicons
from spotter.evaluation.protocols.end_to_end import apply_lexicon, spotting_word, texts_match
from spotter.evaluation.protocols.names import end_to_end_protocol
from spotter.structures import TextInstance


def word(x: float, text: str | None, **fields) -> TextInstance:
    corners = np.array([[x, 0], [x + 10, 0], [x + 10, 10], [x, 10]], dtype=np.float32)
    return TextInstance(corners, text=text, **fields)


@pytest.mark.parametrize(
    ("true", "read", "expected"),
    [
        ("Hotel", "hOTEL", True),
        ("(Hotel)", "Hotel", True),
        ("(Hotel)", "(Hotel", True),
        ("(Hotel)", "Hotel)", True),
        ("((Hotel", "(Hotel", True),
        # Only one symbol at each end, only at the ends, and only the reading may leave it out.
        ("((Hotel", "Hotel", False),
        ("Hot-el", "Hotel", False),
        ("-Hotel", "Hotel", False),
        ("Hotel", "Hotel.", False),
        ("!", "", True),
        ("Hotel", "", False),
    ],
)
def test_one_symbol_at_each_end_may_be_left_out(true, read, expected):
    assert texts_match(true, read) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hotel", "Hotel"),
        ("Joe's", "Joe"),
        ("JOE'S", "JOE"),
        ("-Hotel-", "Hotel"),
        ("(Hotel)!", "Hotel"),
        ("well-known", "well-known"),
        ("Café", "Café"),
        ("ab", None),
        ("A's", None),
        ("B2B", None),
        ("Hot.el", None),
        ("a×b", None),
        ("5,99€", None),
        ("東京都", None),
    ],
)
def test_words_that_word_spotting_looks_for(text, expected):
    assert spotting_word(text) == expected


def test_found_and_read():
    truth = [word(0, "Hotel"), word(20, "Bar"), word(40, "###"), word(60, "Exit")]
    found = [word(0, "HOTEL"), word(20, "Car"), word(40, "xx"), word(80, "Exit")]
    scores = evaluate_end_to_end([found], [truth])
    assert (scores.correct, scores.matched) == (1, 2)
    assert (scores.detections, scores.ground_truths) == (3, 3)
    assert scores.precision == scores.recall == pytest.approx(1 / 3)
    assert scores.hmean == pytest.approx(1 / 3)


def test_a_wrong_reading_takes_its_word_out_of_play():
    found = [word(0, "Hote1"), word(0, "Hotel")]
    assert evaluate_end_to_end([found], [[word(0, "Hotel")]]).correct == 0
    assert evaluate_end_to_end([found[::-1]], [[word(0, "Hotel")]]).correct == 1


def test_word_spotting_does_not_care_for_short_words_and_numbers():
    truth = [word(0, "Joe's"), word(20, "12"), word(40, "of")]
    found = [word(0, "JOE"), word(20, "12"), word(40, "on")]
    scores = evaluate_end_to_end([found], [truth], mode="word_spotting")
    assert (scores.correct, scores.detections, scores.ground_truths) == (1, 1, 1)
    assert evaluate_end_to_end([found], [truth]).correct == 1


def test_min_score_is_that_of_the_whole_word():
    found = [word(0, "Hotel", detection_score=0.81, recognition_score=0.5)]
    truth = [word(0, "Hotel")]
    assert evaluate_end_to_end([found], [truth], min_score=0.45).precision == 1.0
    assert evaluate_end_to_end([found], [truth], min_score=0.46).detections == 0


def test_unlabelled_truth_is_not_judged():
    scores = evaluate_end_to_end([[word(0, "Hotel")]], [[word(0, None)]])
    assert (scores.detections, scores.ground_truths) == (0, 0)


def test_lexicon_replaces_or_removes():
    lexicon = Lexicon(["HOTEL", "BAR"], forms={"HOTEL": "Hotel!"})
    readings = [word(0, "h0tel"), word(20, "Bxx"), word(40, None), word(60, "Bat")]
    assert [w.text for w in apply_lexicon(readings, lexicon)] == ["Hotel!", "BAR"]

    truth = [word(0, "Hotel"), word(20, "Bar")]
    scores = evaluate_end_to_end([readings[:2]], [truth], lexicons=Lexicon(["HOTEL", "BAR"]))
    # "Bxx" is two edits from anything: the detection itself is gone.
    assert (scores.correct, scores.detections, scores.recall) == (1, 1, 0.5)
    assert evaluate_end_to_end([readings[:2]], [truth]).detections == 2


def test_strong_lexicons_are_one_per_image():
    found, truth = [[word(0, "bat")]] * 2, [[word(0, "Bar")], [word(0, "Cat")]]
    lexicons = [Lexicon(["BAR"]), Lexicon(["CAT"])]
    assert evaluate_end_to_end(found, truth, lexicons).correct == 2
    assert evaluate_end_to_end(found, truth, lexicons[::-1]).correct == 0
    by_name = {"a": lexicons[0], "b": lexicons[1]}
    named = [dict(zip("ab", side, strict=True)) for side in (found, truth)]
    assert evaluate_end_to_end(*named, by_name).correct == 2
    with pytest.raises(ConfigError, match="'b'"):
        evaluate_end_to_end(*named, {"a": lexicons[0]})


def test_weighted_distance_is_an_option():
    lexicon = Lexicon(["OILS"])
    # Three lookalikes: three edits, or one and a half.
    assert apply_lexicon([word(0, "01L5")], lexicon) == []
    assert apply_lexicon([word(0, "01L5")], lexicon, costs=VISUAL_COSTS) == []
    assert apply_lexicon([word(0, "01LS")], lexicon, costs=VISUAL_COSTS)[0].text == "OILS"
    truth = [[word(0, "oils")]]
    assert evaluate_end_to_end([[word(0, "01LS")]], truth, lexicon).correct == 0
    assert evaluate_end_to_end([[word(0, "01LS")]], truth, lexicon, costs=VISUAL_COSTS).correct == 1


def test_similarity_of_matched_pairs():
    truth = [word(0, "Hotel"), word(20, "Bar"), word(40, "Exit")]
    found = [word(0, "hotel"), word(20, "Bxrs"), word(80, "Exit")]
    scores = evaluate_end_to_end([found], [truth])
    # Two pairs: 1 and 1 - 2 / 4; a miss and a false alarm count nothing.
    assert scores.matched_one_minus_ned == pytest.approx(0.75)
    assert scores.one_minus_ned == pytest.approx(1.5 / 4)


def test_many_images_are_kept_apart():
    truth = [[word(0, "a"), word(20, "b")], [], [word(0, "c")]]
    found = [[word(20, "b")], [word(0, "a")], [word(0, "c"), word(0, "c")]]
    scores = evaluate_end_to_end(found, truth)
    assert (scores.correct, scores.detections, scores.ground_truths, scores.images) == (2, 4, 3, 3)


def test_protocols_by_name():
    truth = [[word(0, "Joe's"), word(20, "12")]]
    found = [[word(0, "Joe"), word(20, "12")]]
    correct = {
        name: end_to_end_protocol(name)(found, truth).correct
        for name in ("icdar2015", "icdar2013_word_spotting", "totaltext", "ctw1500")
    }
    # Word spotting looks for "Joe", and not for numbers.
    assert correct == {"icdar2015": 1, "icdar2013_word_spotting": 1, "totaltext": 1, "ctw1500": 1}
    counts = [end_to_end_protocol(n)(found, truth).ground_truths for n in ("ctw1500", "totaltext")]
    assert counts == [2, 1]
    with pytest.raises(ConfigError, match="'icdar2011'; known are icdar2015"):
        end_to_end_protocol("icdar2011")


def test_hundreds_of_images_are_fast():
    generator = np.random.default_rng(0)
    letters = "".join(generator.choice(list("ETAOINSHRD"), 7 * 20_000))
    words = [letters[7 * i : 7 * i + 7] for i in range(20_000)]
    truth, found = [], []
    for _ in range(100):
        texts = [words[i] for i in generator.integers(0, len(words), 20)]
        truth.append([word(20 * i, text) for i, text in enumerate(texts)])
        found.append([word(20 * i + 1, text[:-1]) for i, text in enumerate(texts)])
    lexicon = Lexicon(words)
    lexicon.nearest("warm up")
    begin = time.process_time()
    scores = evaluate_end_to_end(found, truth, lexicon)
    assert scores.matched == 2000
    # 500 images take 2 s at most on an idle core; a loaded machine gets ten times that.
    assert time.process_time() - begin < 4


def test_exact_mode_wants_case_and_marks():
    truth = [word(0, "Hotel"), word(20, "1.80"), word(40, "(Bar)"), word(60, "Caf\u00e9")]
    found = [word(0, "HOTEL"), word(20, "1.80"), word(40, "Bar"), word(60, "Cafe\u0301")]
    assert evaluate_end_to_end([found], [truth], mode="exact").correct == 2
    assert evaluate_end_to_end([found], [truth]).correct == 3
    assert end_to_end_protocol("exact")([found], [truth]).recall == 0.5


def test_unknown_mode():
    with pytest.raises(ConfigError, match="mode"):
        evaluate_end_to_end([], [], mode="spotting")


def test_lexicon_files(tmp_path):
    (tmp_path / "voc_img_1.txt").write_text("HOTEL\nBAR\n")
    (tmp_path / "voc_img_2.txt").write_text("MOTEL\n")
    (tmp_path / "all.txt").write_text("HOTEL Hotel\nMOTEL Motel\n")
    images = ["img_1.jpg", "img_2.jpg"]
    found = {image: [word(0, "hotfl")] for image in images}
    truths = {image: [word(0, "Hotel")] for image in images}

    def recall(lexicons=None):
        return evaluate_end_to_end(found, truths, lexicons).recall

    assert recall() == 0.0
    assert recall(open_lexicons(tmp_path / "all.txt", True)) == 1.0
    assert recall(open_lexicons(tmp_path / "voc_{stem}.txt")) == 0.5
