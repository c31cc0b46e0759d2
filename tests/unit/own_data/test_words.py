"""The training of a recognizer on words of one's own, as it follows from the data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spotter.charset import Charset
from spotter.own_data.settings import TuningSettings
from spotter.own_data.words import WordSets, word_config

READER = {"type": "LMDBReader", "lmdb_path": "drawn"}
HEADER = {
    "charset": "ab",
    "config": {
        "type": "FourStageRecognizer",
        "feature_extraction": {"type": "CompactMixer"},
        "prediction": {"type": "CTCPrediction"},
        "rescorer": {"type": "TransformerPrediction"},
    },
    "preprocessing": {"mean": 1, "std": 1, "height": 32, "mode": "buckets", "widths": [64, 128]},
}


def config(
    held_back: int,
    *texts: str,
    count: int = 48,
    drawn: bool = True,
    alphabet: str = "abcdé",
    **settings: Any,
) -> dict[str, Any]:
    sets = WordSets(READER, READER if drawn else None, READER, count, held_back, texts)
    tuning = TuningSettings(Path("out"), "start", **settings)
    return word_config(tuning, Path("start"), HEADER, Charset(alphabet), sets, {"language": None})


def hooks(made: dict[str, Any]) -> set[str]:
    return {hook["type"] for hook in made["custom_hooks"]}


def test_few_words_held_back_neither_end_a_training_nor_choose_its_beginning() -> None:
    few, many = config(12, "ab"), config(200, "ab", count=800)
    assert "EarlyStopHook" not in hooks(few)
    assert "EarlyStopHook" in hooks(many)
    assert few["train_cfg"]["val_begin"] == few["train_cfg"]["max_iters"] // 2
    assert "val_begin" not in many["train_cfg"]
    # Within a limited time the second half may never come.
    assert "val_begin" not in config(12, "ab", minutes=2)["train_cfg"]
    assert few["default_hooks"]["checkpoint"]["save_best"] == "recognition/exact_one_minus_ned"


def test_few_words_are_outnumbered_by_drawn_ones() -> None:
    dataset = config(12, "ab")["train_dataloader"]["dataset"]
    assert dataset["ratios"] == [1.0, 2.0]
    assert config(12, "ab", count=800)["train_dataloader"]["dataset"]["ratios"] == [1.0, 1.0]
    alone = config(12, "ab", drawn=False)
    assert alone["train_dataloader"]["dataset"]["ratios"] == [1.0]
    assert alone["optim_wrapper"]["paramwise_cfg"]["custom_keys"]


@pytest.mark.parametrize(("text", "new"), [("abab", False), ("cdcd", True)])
def test_a_new_script_is_aligned_first_and_takes_longer(text: str, new: bool) -> None:
    made = config(12, text)
    assert ("FrameAlignmentHook" in hooks(made)) == new
    assert made["optim_wrapper"]["optimizer"]["lr"] == (1e-3 if new else 3e-4)
    assert made["train_cfg"]["max_iters"] == (1500 if new else 1000)
    # What only a language model would ask is not trained.
    assert "rescorer" not in made["model"]


def test_composed_characters_without_a_look_alike_learn_together() -> None:
    (hook,) = (
        hook
        for hook in config(500, count=0, alphabet="ab가각á")["custom_hooks"]
        if hook["type"] == "SharedPartsHook"
    )
    # á begins with the weights of a.
    assert hook["characters"] == "가각"
    assert "SharedPartsHook" not in hooks(config(500, count=0, alphabet="abcdefgá"))


def test_the_rate_ends_with_a_time_limit() -> None:
    timed = config(500, count=0, minutes=5)
    assert timed["param_scheduler"] is None
    for name in ("TimeLimitHook", "TimedScheduleHook"):
        assert {"type": name, "minutes": 5, "whole_run": True} in timed["custom_hooks"]
    assert "TimedScheduleHook" not in hooks(config(500, count=0))
    # Words of new characters are read late: nothing ends before they are.
    assert "EarlyStopHook" not in hooks(timed)
    assert "EarlyStopHook" in hooks(config(500, "ab", count=800))
