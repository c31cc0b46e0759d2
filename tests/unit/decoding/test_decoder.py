"""Which words are searched, how they are spelled, and what they score."""

from __future__ import annotations

import math
import string
from pathlib import Path

import numpy as np
import pytest

from spotter.decoding import (
    CaseFolding,
    CTCBeamSearch,
    LanguageDecoder,
    LanguageModel,
    WordSource,
    implausibility,
)
from spotter.decoding.ctc import Decoded, decode_ctc
from spotter.errors import ConfigError

CHARACTERS = "abcABC1"


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return LanguageModel.build([WordSource({"cab": 50.0, "bac": 1.0})], 2)


def logits_of(*frames: dict[str, float]) -> np.ndarray:
    """(1, T, 8) logits with the given probabilities; the blank gets what is left."""
    rows: np.ndarray = np.full((len(frames), 8), 1e-6)
    for row, frame in zip(rows, frames, strict=True):
        for character, value in frame.items():
            row[CHARACTERS.index(character) + 1] = value
        row[0] = 1.0 - sum(frame.values())
    return np.log(rows[None]).astype(np.float32)


UNSURE = logits_of({"C": 0.9}, {}, {"A": 0.2, "b": 0.25, "a": 0.15}, {"B": 0.6})


def test_folding_by_hand() -> None:
    folding = CaseFolding("aBbAé1É")
    assert folding.characters == "abé1"
    probabilities = np.array([[0.1, 0.2, 0.3, 0.05, 0.15, 0.1, 0.04, 0.06]])
    np.testing.assert_allclose(folding.fold(probabilities), [[0.1, 0.35, 0.35, 0.16, 0.04]])
    assert folding.unfold(2, probabilities[0]) == 2
    assert folding.unfold(1, probabilities[0]) == 1
    assert folding.unfold(0, probabilities[0]) == 0


def test_an_unsure_word_is_searched_and_keeps_its_case(model: LanguageModel) -> None:
    decoder = LanguageDecoder(CTCBeamSearch(model))
    [greedy] = decode_ctc(UNSURE, CHARACTERS)
    [reading] = decoder(UNSURE, CHARACTERS)
    assert (greedy.text, reading.text) == ("CB", "CAB")
    # The cases of a character count together.
    assert reading.character_scores == pytest.approx([0.9, 0.35, 0.6], abs=1e-4)
    assert reading.visual_score == greedy.score
    assert 0 < reading.score < 1


def test_sure_and_hopeless_words_are_left_alone(model: LanguageModel) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("searched")

    decoder = LanguageDecoder(CTCBeamSearch(model))
    decoder.search.__class__ = type("Failing", (CTCBeamSearch,), {"__call__": fail})
    sure = logits_of({"B": 0.99}, {}, {"a": 0.99})
    hopeless = np.random.default_rng(0).normal(0, 0.01, (1, 12, 8)).astype(np.float32)
    for logits in (sure, hopeless):
        [reading] = decoder(logits, CHARACTERS)
        assert reading == decode_ctc(logits, CHARACTERS)[0]
        assert reading.visual_score is None
    with pytest.raises(AssertionError, match="searched"):
        decoder(UNSURE, CHARACTERS)


def test_padding_is_not_searched(model: LanguageModel) -> None:
    decoder = LanguageDecoder(CTCBeamSearch(model))
    padded = np.concatenate([UNSURE, logits_of({"1": 0.9}, {"c": 0.9})], axis=1)
    mask = np.arange(padded.shape[1])[None] < UNSURE.shape[1]
    assert decoder(padded, CHARACTERS, mask) == decoder(UNSURE, CHARACTERS)


def test_open_takes_all_forms(tmp_path: Path, model: LanguageModel) -> None:
    file = tmp_path / "model.npz"
    model.save(file)
    decoder = LanguageDecoder.open(model)
    assert LanguageDecoder.open(decoder) is decoder
    assert LanguageDecoder.open(file)(UNSURE, CHARACTERS)[0].text == "CAB"
    with pytest.raises(ConfigError, match="min_greedy_score"):
        LanguageDecoder(decoder.search, threshold=0.5, min_greedy_score=0.6)


def test_a_rescorer_chooses_between_hypotheses(model: LanguageModel) -> None:
    [greedy] = decode_ctc(UNSURE, CHARACTERS)
    search = CTCBeamSearch(model)
    decoder = LanguageDecoder(search, rescoring=2.0, beam_delta=50.0)
    asked: list[list[str]] = []

    def rescorer(texts: list[str]) -> np.ndarray:
        asked.append(texts)
        return np.array([-1.0 if text == "CbB" else -8.0 for text in texts])

    reading = decoder.reread(UNSURE[0], CHARACTERS, greedy, rescorer)
    # Another case than that of the frames: the rescorer is asked for words as they would be given.
    assert asked[0][0] == "CAB"
    assert "CbB" not in asked[0]
    assert "CB" in asked[0]
    assert reading.text == "CAB"

    def other(texts: list[str]) -> np.ndarray:
        return np.array([-1.0 if text == "CB" else -8.0 for text in texts])

    assert decoder.reread(UNSURE[0], CHARACTERS, greedy, other).text == "CB"
    few = LanguageDecoder(search, rescoring=2.0, hypotheses=1)
    assert few.reread(UNSURE[0], CHARACTERS, greedy, other).text == "CAB"
    near = LanguageDecoder(search, rescoring=2.0, beam_delta=0.0)
    assert near.reread(UNSURE[0], CHARACTERS, greedy, other).text == "CAB"
    mute = LanguageDecoder(search, beam_delta=50.0)
    assert mute.reread(UNSURE[0], CHARACTERS, greedy, other).text == "CAB"
    plain = mute.reread(UNSURE[0], CHARACTERS, greedy)
    # The score is that before rescoring; the preference counts beside other views.
    assert reading.score == plain.score
    assert reading.preference is not None
    assert plain.preference is None
    # A rescorer to which all words are alike changes only the share of those not rescored.
    alike = decoder.reread(UNSURE[0], CHARACTERS, greedy, lambda texts: np.zeros(len(texts)))
    assert alike.text == plain.text
    assert alike.preference is not None
    for wrong in ({"rescoring": -1.0}, {"hypotheses": 0}, {"beam_delta": -1.0}):
        with pytest.raises(ConfigError, match="rescoring="):
            LanguageDecoder(search, **wrong)


ENGLISH = string.ascii_lowercase + string.ascii_uppercase + string.digits + ".,-'\u00f1\u00e9"


@pytest.fixture(scope="module")
def english() -> LanguageModel:
    words = ("george", "repo", "senior", "the", "taxi", "interchange", "garden", "deal", "cafe")
    return LanguageModel.build([WordSource(dict.fromkeys(words, 10.0))], 3)


def frames_of(*frames: dict[str, float]) -> np.ndarray:
    """(1, 2T, K) logits: characters with the given probabilities, and a clear gap behind each."""
    rows: np.ndarray = np.full((2 * len(frames), len(ENGLISH) + 1), 1e-7)
    rows[1::2, 0] = 1.0
    for row, frame in zip(rows[::2], frames, strict=True):
        for character, value in frame.items():
            row[ENGLISH.index(character) + 1] = value
        row[0] = max(1.0 - sum(frame.values()), 1e-7)
    return np.log(rows[None]).astype(np.float32)


def clear(text: str) -> list[dict[str, float]]:
    return [{character: 0.995} for character in text]


def read(model: LanguageModel, frames: list[dict[str, float]], **settings: float) -> Decoded:
    decoder = LanguageDecoder.open(model, weight=1.0, threshold=1.0, prune_margin=20.0, **settings)
    return decoder(frames_of(*frames), ENGLISH)[0]


def test_language_chooses_between_likely_letters(english: LanguageModel) -> None:
    unsure = [*clear("inte"), {"s": 0.6, "r": 0.3}, *clear("change")]
    reading = read(english, unsure)
    assert reading.text == "interchange"
    # Half as likely as the best one to the eye, so not as sure as a word that was seen.
    assert reading.score < read(english, clear("interchange")).score
    assert reading.score < 0.75
    assert read(english, unsure, max_visual_loss=0.5).text == "inteschange"


def test_a_clear_character_is_neither_changed_nor_dropped(english: LanguageModel) -> None:
    wrong = [*clear("GEORG"), {"R": 0.97, "E": 0.03}]
    assert read(english, wrong, lock_probability=0.95).text == "GEORGR"
    assert read(english, wrong, lock_probability=1.1).text == "GEORGE"
    extra = [{"A": 0.97}, *clear("REPO")]
    assert read(english, extra, lock_probability=0.95).text == "AREPO"
    assert read(english, extra, lock_probability=1.1).text == "REPO"


@pytest.mark.parametrize("lock_probability", [0.95, 1.1])
@pytest.mark.parametrize("mark", [".", ",", "-", "'"])
def test_a_mark_is_never_deleted_nor_put(
    english: LanguageModel, mark: str, lock_probability: float
) -> None:
    number = [*clear("1"), {mark: 0.7}, *clear("80")]
    assert read(english, number, lock_probability=lock_probability).text == f"1{mark}80"
    word = [*clear("gar"), {mark: 0.7, "d": 0.05}, *clear("en")]
    assert read(english, word, lock_probability=lock_probability).text == f"gar{mark}en"
    faint = [*clear("deal"), {mark: 0.3}]
    assert read(english, faint, lock_probability=lock_probability).text == "deal"


def test_a_word_with_a_digit_is_no_word(english: LanguageModel) -> None:
    assert read(english, [*clear("TAX"), {"1": 0.7, "I": 0.25}]).text == "TAX1"
    assert read(english, [*clear("GARD3"), {"M": 0.6, "N": 0.2}]).text == "GARD3M"
    # Between what looks alike, language may choose.
    assert read(english, [{"1": 0.5, "i": 0.45}, *clear("nterchange")]).text == "interchange"


def test_accents_stay(english: LanguageModel) -> None:
    assert read(english, [*clear("Se"), {"\u00f1": 0.8}, *clear("or")]).text == "Se\u00f1or"
    assert read(english, [*clear("caf"), {"\u00e9": 0.6, "e": 0.3}]).text == "caf\u00e9"
    assert read(english, [*clear("caf"), {"\u00e9": 0.3, "e": 0.6}]).text == "cafe"


def test_the_case_is_that_of_the_frames(english: LanguageModel) -> None:
    unsure = [*clear("iNTE"), {"S": 0.5, "R": 0.3, "r": 0.1}, *clear("cHANGE")]
    assert read(english, unsure).text == "iNTERcHANGE"


def test_a_word_seen_clearly_everywhere_is_not_searched(english: LanguageModel) -> None:
    decoder = LanguageDecoder.open(english, threshold=1.0)
    decoder.search = type("Failing", (), {"model": english})()  # type: ignore[assignment]
    logits = frames_of(*clear("GEORGR"))
    [reading] = decoder(logits, ENGLISH)
    [greedy] = decode_ctc(logits, ENGLISH)
    assert (reading.text, reading.visual_score) == ("GEORGR", greedy.score)
    # 0.995^6 for six characters that are seen together.
    assert reading.score == pytest.approx(0.995 ** math.sqrt(6), abs=1e-3)


def test_letters_of_another_script_are_told_by_language_and_case(english: LanguageModel) -> None:
    assert implausibility(english, "garden") == 0.0
    assert implausibility(english, "Garden") == 0.0
    assert implausibility(english, "xq") == 0.0
    assert implausibility(english, "xqzvk7") == 0.0
    strange = implausibility(english, "xqzvkw")
    assert strange > 0.3
    assert implausibility(english, "xqzvkW") == pytest.approx(strange + 1.0)
    assert implausibility(english, "xQzVkw") == pytest.approx(strange + 1.0)
    assert implausibility(english, "xqZvkw") == pytest.approx(strange)
    faint = [{c: 0.9} for c in "xqzvkw"]
    asked, not_asked = read(english, faint), read(english, faint, implausible_weight=0.0)
    assert asked.text == not_asked.text == "xqzvkw"
    logits = [math.log(r.score / (1 - r.score)) for r in (asked, not_asked)]
    assert logits[1] - logits[0] == pytest.approx(strange)


def test_frames_that_show_nothing_make_no_sure_word(english: LanguageModel) -> None:
    rng = np.random.default_rng(3)
    scores = []
    for _ in range(20):
        logits = rng.normal(0.0, 2.0, (1, 14, len(ENGLISH) + 1)).astype(np.float32)
        logits[..., 0] += 5.0
        scores.append(
            LanguageDecoder.open(english, weight=1.0, min_greedy_score=0.0)(logits, ENGLISH)[0]
        )
    assert max(reading.score for reading in scores) < 0.2


def test_settings_out_of_range(english: LanguageModel) -> None:
    for wrong in ({"max_visual_loss": -1.0}, {"max_visual_tie": -0.1}, {"lock_probability": 0.4}):
        with pytest.raises(ConfigError, match=next(iter(wrong))):
            LanguageDecoder.open(english, **wrong)


def test_syllables_are_chosen_by_a_model_of_their_letters() -> None:
    korean = LanguageModel.build([WordSource({"출구": 5.0, "입구": 5.0, "화장실": 1.0})], 3)
    characters = "출줄구화7"
    rows: np.ndarray = np.full((4, 6), 1e-6)
    rows[1::2, 0] = 1.0
    rows[0, 1:3] = 0.35, 0.6
    rows[2, 3] = 0.9
    decoder = LanguageDecoder.open(korean, weight=0.7, threshold=1.0)
    assert decoder(np.log(rows[None]).astype(np.float32), characters)[0].text == "출구"
    # A digit is not taken for a letter.
    rows[0, 1:3], rows[0, 5] = 0.2, 0.65
    assert decoder(np.log(rows[None]).astype(np.float32), characters)[0].text == "7구"
    assert implausibility(korean, "exit") == 0.0
    # One syllable has letters enough to be judged.
    assert implausibility(korean, "힐") > implausibility(korean, "출구")
    assert implausibility(korean, "출구") == 0.0
