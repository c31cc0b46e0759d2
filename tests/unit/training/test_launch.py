"""Command lines: overrides, and errors of one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from spotter.cli.commands import run
from spotter.cli.errors import run_tool
from spotter.cli.train import test as score
from spotter.cli.train import train
from spotter.errors import ConfigError, SpotterError
from spotter.training import launch
from spotter.training.checkpoint import find_last_checkpoint
from spotter.training.weights import save_weights
from tests.unit.training.toy import ToyRegressor, toy_config


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "toy.py"
    text = toy_config(tmp_path / "ignored").pretty_text
    path.write_text(
        f'data_root = "{{{{$SPOTTER_DATA:data}}}}"\nfolder = f"{{data_root}}/a"\n{text}'
    )
    return path


def test_data_root_comes_from_option_or_environment(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SPOTTER_DATA", raising=False)
    assert launch.load_config(config).folder == "data/a"
    monkeypatch.setenv("SPOTTER_DATA", "/env")
    assert launch.load_config(config).folder == "/env/a"
    cfg = launch.load_config(config, {"data_root": "/option", "train_cfg.max_iters": 3})
    assert (cfg.folder, cfg.data_root, cfg.train_cfg.max_iters) == ("/option/a", "/option", 3)
    assert launch.load_config(config).folder == "/env/a"


def test_training_config_takes_the_options(config: Path) -> None:
    cfg = launch.training_config(config, "out", amp=True, resume="a.pth")
    assert cfg.work_dir == "out"
    assert cfg.optim_wrapper.type == "AutocastOptimWrapper"
    assert cfg.optim_wrapper.dtype == "auto"
    assert (cfg.resume, cfg.resume_from) == (True, "a.pth")
    assert launch.training_config(config, resume=True).resume_from is None


def test_commands_train_resume_and_score(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work_dir = str(tmp_path / "run")
    options = ["--work-dir", work_dir, "--cfg-options"]
    run(train, [str(config), *options, "train_cfg.max_iters=3"])
    run(train, [str(config), "--resume", "--amp", *options, "train_cfg.max_iters=4"])
    last = find_last_checkpoint(work_dir)
    assert last is not None
    assert last.name == "iter_4.pth"
    capsys.readouterr()
    for weights in (last, tmp_path / "toy.safetensors"):
        if weights.suffix == ".safetensors":
            header = {"format": 1, "task": "detection", "config": {"type": "ToyRegressor"}}
            save_weights(weights, ToyRegressor(), header)
        run(score, [str(config), str(weights), "--work-dir", str(tmp_path / "test")])
        assert "test at iteration 0: error" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.py"], "absent.py: no such config file"),
        (["{config}", "--cfg-options", "model.type=NoSuchModel"], "NoSuchModel is not in the"),
        (["{broken}"], "SyntaxError"),
        (["{empty}"], "cannot train, the config has no model"),
        (["{config}", "--cfg-options", "train_cfg.max_iters.x=1"], "config"),
        (
            ["{config}", "--work-dir", "{folder}", "--resume", "absent.pth"],
            "absent.pth: no such weights file",
        ),
    ],
)
def test_mistakes_are_one_line_and_exit_2(
    config: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    broken, empty = tmp_path / "broken.py", tmp_path / "empty.py"
    broken.write_text("model = dict(")
    empty.write_text("")
    names = {"config": config, "broken": broken, "empty": empty, "folder": tmp_path / "run"}
    filled = [a.format(**names) for a in arguments]
    if "--work-dir" not in filled:
        filled += ["--work-dir", str(tmp_path / "run")]
    with pytest.raises(SystemExit) as caught:
        run_tool(lambda: run(train, filled))
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1


def test_scoring_absent_weights_is_one_line(config: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent.safetensors: no such weights file"):
        run(score, [str(config), "absent.safetensors"])


def test_missing_data_are_named_with_what_makes_them(tmp_path: Path) -> None:
    recipes = Path(__file__).parents[3] / "configs" / "recipes"
    cases = {
        "supervised_ctc_compact.py": "tools/synthesize.py words --out",
        "seqclr_window_trba.py": "docs/datasets.md says how",
    }
    for name, command in cases.items():
        options = [f"data_root={tmp_path}", "train_dataloader.num_workers=0"]
        options += ["train_dataloader.persistent_workers=False"]
        arguments = [str(recipes / name), "--work-dir", str(tmp_path / "run")]
        with pytest.raises(SpotterError, match="SPOTTER_DATA") as caught:
            run(train, [*arguments, "--cfg-options", *options])
        assert command in str(caught.value)
        assert "\n" not in str(caught.value)
    # A file elsewhere is just missing.
    cfg = launch.load_config(recipes / "seqclr_window_trba.py", {"data_root": str(tmp_path)})
    assert launch._missing_data("/elsewhere/labels.txt", cfg) == ""
