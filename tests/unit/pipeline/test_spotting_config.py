"""Spotters from files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from spotter.cli.commands import run
from spotter.cli.options import spotter_from, spotter_options
from spotter.decoding import LanguageModel, WordSource
from spotter.errors import ConfigError
from spotter.hub.spotting_config import load_spotting_config, setting_names
from spotter.pipeline import SceneTextSpotter


@pytest.fixture
def config(tmp_path: Path, pair: dict[str, Path]) -> Path:
    LanguageModel.build([WordSource({"a": 1.0})], 2).save(tmp_path / "tiny.npz")
    base = tmp_path / "base.py"
    base.write_text(
        f"detector = {str(pair['detector'])!r}\nrecognizer = {str(pair['recognizer'])!r}\n"
        f"language = dict(model={str(tmp_path / 'tiny.npz')!r}, beam=4)\nthreads = 1\n"
    )
    file = tmp_path / "own.py"
    file.write_text("_base_ = ['base.py']\nmin_score = 0.25\nlanguage = dict(threshold=0.5)\n")
    return file


def test_a_config_is_the_arguments(config: Path, pair: dict[str, Path]) -> None:
    settings = load_spotting_config(config)
    assert settings["detector"] == str(pair["detector"])
    assert settings["language"]["beam"] == 4
    spotter = SceneTextSpotter.from_config(config, min_score=0.75)
    assert spotter.min_score == 0.75
    decoder = spotter._reader._language
    assert (decoder.threshold, decoder.search.beam) == (0.5, 4)


def test_the_command_line_has_the_last_word(config: Path) -> None:
    spotters: list[SceneTextSpotter] = []

    @click.command()
    @spotter_options
    def command(**options: Any) -> None:
        spotters.append(spotter_from(options))

    run(command, ["--config", str(config)])
    run(command, ["--config", str(config), "--min-score", "0", "--language", "none"])
    plain, changed = spotters
    assert plain.min_score == 0.25
    assert changed.min_score == 0.0
    assert changed._reader._language is not plain._reader._language
    assert changed._reader._language is None


def test_the_shipped_configs_are_settings_of_a_spotter() -> None:
    files = sorted((Path(__file__).parents[3] / "configs" / "spotting").glob("*.py"))
    assert len(files) >= 4
    for file in files:
        assert set(load_spotting_config(file)) <= set(setting_names())


def test_bad_configs(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such config"):
        load_spotting_config(tmp_path / "none.py")
    file = tmp_path / "odd.py"
    file.write_text("colour = 'red'\n")
    with pytest.raises(ConfigError, match="colour is no setting of a spotter"):
        load_spotting_config(file)
    file.write_text("min_score = \n")
    with pytest.raises(ConfigError, match="SyntaxError"):
        load_spotting_config(file)


def test_unknown_settings_of_a_language(tmp_path: Path, pair: dict[str, Path]) -> None:
    model = LanguageModel.build([WordSource({"a": 1.0})], 2)
    with pytest.raises(ConfigError, match="no setting beams"):
        SceneTextSpotter(**pair, language={"model": model, "beams": 3})
