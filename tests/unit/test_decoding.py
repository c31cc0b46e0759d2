"""Numpy decoding: by hand, and against the recognizers' own."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.charset import Charset
from spotter.decoding.ctc import attention_tokens, decode_ctc, decode_until_end, step_maxima
from spotter.models.token_maps import AttentionTokenMap


def logits_of(rows: list[list[float]]) -> np.ndarray:
    """Logits whose softmax is the given rows."""
    return np.log(np.array([rows], np.float32))


def test_step_maxima_is_the_softmax() -> None:
    path, maxima = step_maxima(np.array([[[0.0, np.log(3.0)], [1000.0, 0.0]]], np.float32))
    assert path.tolist() == [[1, 0]]
    np.testing.assert_allclose(maxima, [[0.75, 1.0]], rtol=1e-6)


def test_ctc_by_hand() -> None:
    rows = [
        [0.1, 0.6, 0.3],  # a
        [0.1, 0.8, 0.1],  # a again: one character, the higher score
        [0.9, 0.05, 0.05],  # blank
        [0.3, 0.5, 0.2],  # a anew
        [0.2, 0.1, 0.7],  # b
    ]
    [reading] = decode_ctc(logits_of(rows), "ab")
    assert reading.text == "aab"
    assert reading.character_scores == pytest.approx([0.8, 0.5, 0.7], rel=1e-5)
    assert reading.score == pytest.approx(0.28, rel=1e-5)


def test_ctc_without_characters_scores_nothing() -> None:
    [reading] = decode_ctc(logits_of([[0.9, 0.1]]), "a")
    assert (reading.text, reading.character_scores, reading.score) == ("", [], 0.0)


def test_until_end_by_hand() -> None:
    rows = [[0.2, 0.8], [0.5, 0.5 - 1e-6], [0.1, 0.9]]
    [reading] = decode_until_end(logits_of(rows), "a")
    assert reading.text == "a"
    assert reading.score == pytest.approx(0.8 * 0.5, rel=1e-4)
    [endless] = decode_until_end(logits_of([[0.2, 0.8], [0.4, 0.6]]), "a")
    assert (endless.text, endless.score) == ("aa", pytest.approx(0.48, rel=1e-5))


def test_agrees_with_the_recognizers() -> None:
    torch = pytest.importorskip("torch")
    from spotter.charset import Charset
    from spotter.models.recognition import CTCPrediction, ParallelPrediction

    logits = np.random.default_rng(0).normal(0, 3, (6, 20, 4)).astype(np.float32)
    mask = np.arange(20)[None] < np.array([20, 5, 1, 13, 20, 8])[:, None]
    ctc = CTCPrediction(2, Charset("abc"))
    parallel = ParallelPrediction(2, Charset("abc"), key_network="linear")
    pairs = [
        (decode_ctc(logits, "abc"), ctc.decode(torch.from_numpy(logits))),
        (
            decode_ctc(logits, "abc", mask),
            ctc.decode(torch.from_numpy(logits), torch.from_numpy(mask)),
        ),
        (decode_until_end(logits, "abc"), parallel.decode(torch.from_numpy(logits))),
    ]
    for ours, theirs in pairs:
        assert [r.text for r in ours] == [r.text for r in theirs]
        np.testing.assert_allclose(
            [r.score for r in ours], [r.score for r in theirs], rtol=1e-5, atol=1e-12
        )


def test_attention_tokens_are_those_of_the_token_map() -> None:
    words = ["ab", "", "c"]
    tokens = attention_tokens(words, "abc")
    assert tokens.tolist() == [[4, 1, 2, 0], [4, 0, 5, 5], [4, 3, 0, 5]]
    assert tokens.tolist() == AttentionTokenMap(Charset("abc")).encode(words)[0].tolist()
