"""Which words are searched, how they are spelled, and what they score."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spotter.decoding import (
    CaseFolding,
    CTCBeamSearch,
    LanguageDecoder,
    LanguageModel,
    WordSource,
)
from spotter.decoding.ctc import decode_ctc
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
    alone = LanguageDecoder(CTCBeamSearch(model, beam=1))(UNSURE, CHARACTERS)
    assert alone[0].score == 1.0


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
    with pytest.raises(ConfigError, match="hopeless"):
        LanguageDecoder(decoder.search, threshold=0.5, hopeless=0.6)


def test_a_judge_has_a_say(model: LanguageModel) -> None:
    [greedy] = decode_ctc(UNSURE, CHARACTERS)
    search = CTCBeamSearch(model)
    decoder = LanguageDecoder(search, rescoring=2.0, spread=50.0)
    asked: list[list[str]] = []

    def judge(texts: list[str]) -> np.ndarray:
        asked.append(texts)
        return np.array([-1.0 if text == "CbB" else -8.0 for text in texts])

    reading = decoder.reread(UNSURE[0], CHARACTERS, greedy, judge)
    # Another case than that of the frames: the judge is asked for words as they would be given.
    assert asked[0][0] == "CAB"
    assert "CbB" not in asked[0]
    assert "CB" in asked[0]
    assert reading.text == "CAB"

    def other(texts: list[str]) -> np.ndarray:
        return np.array([-1.0 if text == "CB" else -8.0 for text in texts])

    assert decoder.reread(UNSURE[0], CHARACTERS, greedy, other).text == "CB"
    few = LanguageDecoder(search, rescoring=2.0, hypotheses=1)
    assert few.reread(UNSURE[0], CHARACTERS, greedy, other).text == "CAB"
    near = LanguageDecoder(search, rescoring=2.0, spread=0.0)
    assert near.reread(UNSURE[0], CHARACTERS, greedy, other).text == "CAB"
    mute = LanguageDecoder(search, spread=50.0)
    assert mute.reread(UNSURE[0], CHARACTERS, greedy, other).text == "CAB"
    plain = mute.reread(UNSURE[0], CHARACTERS, greedy)
    # The score is that before the judge spoke; what he said counts beside other looks.
    assert reading.score == plain.score
    assert reading.preference is not None
    assert reading.preference > 0.99
    assert plain.preference is None
    # A judge to whom all words are alike changes nothing but the share of those not judged.
    alike = decoder.reread(UNSURE[0], CHARACTERS, greedy, lambda texts: np.zeros(len(texts)))
    assert alike.text == plain.text
    assert alike.preference == pytest.approx(plain.score, abs=1e-3)
    for wrong in ({"rescoring": -1.0}, {"hypotheses": 0}, {"spread": -1.0}):
        with pytest.raises(ConfigError, match="rescoring="):
            LanguageDecoder(search, **wrong)
