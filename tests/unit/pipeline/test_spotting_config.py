"""Spotters from files."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import click
import pytest

from spotter.cli.commands import run
from spotter.cli.options import spotter_arguments, spotter_from, spotter_options
from spotter.decoding import LanguageModel, WordSource
from spotter.errors import ConfigError
from spotter.hub.settings import SETTING_RULES, read_settings
from spotter.pipeline import SceneTextSpotter


@pytest.fixture
def config(tmp_path: Path, preset: dict[str, Path]) -> Path:
    LanguageModel.build([WordSource({"a": 1.0})], 2).save(tmp_path / "tiny.npz")
    base = tmp_path / "base.toml"
    base.write_text(
        f"detector = {str(preset['detector'])!r}\nrecognizer = {str(preset['recognizer'])!r}\n"
        f"language = {{model = {str(tmp_path / 'tiny.npz')!r}, beam = 4}}\nthreads = 1\n"
    )
    file = tmp_path / "own.toml"
    file.write_text("base = 'base.toml'\nmin_score = 0.25\nlanguage = {threshold = 0.5}\n")
    return file


def test_a_config_is_the_arguments(config: Path, preset: dict[str, Path]) -> None:
    settings = read_settings(config)
    assert settings["detector"] == str(preset["detector"])
    assert settings["language"]["beam"] == 4
    spotter = SceneTextSpotter.from_config(config, min_score=0.75)
    assert spotter.min_score == 0.75
    decoder = spotter.recognizer.language
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
    assert changed.recognizer.language is not plain.recognizer.language
    assert changed.recognizer.language is None


def test_an_option_that_says_the_default_replaces_the_file(tmp_path: Path) -> None:
    found: list[dict[str, Any]] = []

    @click.command()
    @spotter_options
    def command(**options: Any) -> None:
        found.append(spotter_arguments(options))

    file = tmp_path / "own.toml"
    file.write_text("model = 'fast'\nruntime = 'torch'\ndevice = 'cuda'\n")
    run(command, ["--config", str(file)])
    given = ["--model", "default", "--runtime", "auto", "--device", "cpu"]
    run(command, ["--config", str(file), *given])
    names = ("model", "runtime", "device")
    assert [found[0][name] for name in names] == ["fast", "torch", "cuda"]
    assert [found[1][name] for name in names] == ["default", "auto", "cpu"]


def test_the_shipped_configs_are_settings_of_a_spotter() -> None:
    files = sorted((Path(__file__).parents[3] / "configs" / "spotting").glob("*.toml"))
    assert {file.stem for file in files} == {"default", "numbers", "small_words"}
    for file in files:
        assert set(read_settings(file)) <= set(SETTING_RULES)


def test_every_argument_of_a_spotter_can_be_set() -> None:
    arguments = set(inspect.signature(SceneTextSpotter).parameters)
    assert set(SETTING_RULES) == arguments - {"limits"}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("odd.toml", "colour = 'red'", "colour is unknown; there are model"),
        ("odd.toml", "min_score = ", "is not TOML"),
        ("odd.toml", "min_score = nan", "min_score must be a number in 0..1, not nan"),
        ("odd.toml", "threads = true", "threads must be a whole number"),
        ("odd.toml", "scale = 0", "scale must be a number in 0.01..100"),
        ("odd.toml", "language = [1]", "language must be a name"),
        ("odd.toml", "base = '../odd.toml'", "base must be the name of a file in the same"),
        ("odd.toml", "base = 'odd.toml'", "more than 8 times"),
        ("odd.json", '{"min_score": 1e999}', "beyond what a float holds"),
        ("odd.json", "[" * 100_000, "nested too deeply"),
        ("odd.json", f'{{"threads": {"9" * 5000}}}', "a number of 5000 digits"),
        ("odd.json", '{"custom_imports": {"imports": ["antigravity"]}}', "custom_imports is"),
        ("odd.json", "[]", "must hold an object"),
        ("odd.py", "model = 'fast'", "may be programs, and are not run"),
        ("odd.yaml", "model: !!python/object/apply:os.system ['x']", "are not run"),
    ],
)
def test_bad_configs(name: str, content: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(content)
    with pytest.raises(ConfigError) as caught:
        read_settings(file)
    assert says in str(caught.value)
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)


def test_missing_configs(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        read_settings(tmp_path / "none.toml")


def test_unknown_settings_of_a_language(tmp_path: Path, preset: dict[str, Path]) -> None:
    model = LanguageModel.build([WordSource({"a": 1.0})], 2)
    with pytest.raises(ConfigError, match="no setting beams"):
        SceneTextSpotter(**preset, language={"model": model, "beams": 3})
