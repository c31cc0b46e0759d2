"""What the sub-commands have in common."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import pytest

from spotter.cli import checkout
from spotter.cli.commands import command, repeat_options, run, several
from spotter.cli.errors import run_tool
from spotter.cli.main import SECTIONS, cli
from spotter.cli.options import parse_overrides
from spotter.errors import ConfigError

NAMES = [name for commands in SECTIONS.values() for name in commands]


def test_options_with_several_values() -> None:
    given = [
        "a",
        "--fonts",
        "b",
        "c",
        "-0.5",
        "--seed",
        "3",
        "d",
        "--fonts=e",
        "f",
        "--",
        "--fonts",
        "g",
    ]
    assert repeat_options(given, {"--fonts"}) == [
        "a", "--fonts", "b", "--fonts", "c", "--fonts", "-0.5", "--seed", "3", "d",
        "--fonts=e", "--fonts", "f", "--", "--fonts", "g",
    ]  # fmt: skip


def test_a_command_gets_all_values() -> None:
    seen: dict[str, Any] = {}

    @command(examples=("spotter own x --scale 1 2",))
    @click.argument("name")
    @several("--scale", type=float)
    def own(**options: Any) -> None:
        """Do nothing."""
        seen.update(options)

    run(own, ["x", "--scale", "1", "-2.5"])
    assert seen == {"name": "x", "scale": (1.0, -2.5)}


@pytest.mark.parametrize("name", NAMES)
def test_every_command_shows_its_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    assert found.name == name
    if isinstance(found, checkout.CheckoutCommand):
        with suppress(SystemExit):
            run(found, ["--help"])
        assert "--help" in capsys.readouterr().out
        return
    run(found, ["--help"])
    printed = capsys.readouterr().out
    parts = found.commands.values() if isinstance(found, click.Group) else [found]
    assert all(part.get_short_help_str() for part in parts)
    if not isinstance(found, click.Group):
        assert f"Examples:\n  spotter {name} " in printed


def test_the_help_names_all_commands_without_importing_them() -> None:
    code = (
        "import sys\nfrom spotter.cli.main import main\n"
        "sys.argv = ['spotter', '--help']\n"
        "try:\n    main()\nfinally:\n"
        "    print({'torch', 'cv2', 'numpy', 'mmengine'} & set(sys.modules))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert printed.endswith("set()\n")
    assert all(f"\n  {name} " in printed for name in NAMES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["spot"], "error: Missing argument 'PHOTO...'."),
        (["nothing"], "error: No such command 'nothing'."),
        (["spot", "a.jpg", "--nothing"], "error: No such option '--nothing'."),
        (["spot", "a.jpg", "--runtime", "abacus"], "error: Invalid value for '--runtime'"),
        (["spot", "a.jpg", "--out", "a.jsonl", "--json"], "error: --json prints lines"),
        (["convert", "icdar2015"], "error: LAYOUT, SRC and DST are needed"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_status_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run_tool(lambda: run(cli, arguments))
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith(message)
    assert error.count("\n") == 1


def test_a_missing_extra_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def needs(module: str) -> None:
        raise ModuleNotFoundError(f"No module named {module!r}", name=module)

    with pytest.raises(SystemExit) as ended:
        run_tool(lambda: needs("torch.nn"))
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        'error: this needs the extra "train": pip install "scene-text-spotter[train]"'
        " (torch is not installed)\n"
    )
    # A module that no extra brings is a mistake of ours, and keeps its traceback.
    with pytest.raises(ModuleNotFoundError):
        run_tool(lambda: needs("spotter.nothing"))


def test_an_interrupt_is_status_130(capsys: pytest.CaptureFixture[str]) -> None:
    @command()
    def stopped() -> None:
        """Stop."""
        signal.raise_signal(signal.SIGINT)

    # A shell that starts a job in the background has it ignore interrupts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(SystemExit) as ended:
            run_tool(lambda: run(stopped, []))
    finally:
        signal.signal(signal.SIGINT, before)
    assert ended.value.code == 130
    assert capsys.readouterr().err.endswith("interrupted\n")


def test_checkout_commands_outside_of_a_checkout(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("spotter.__file__", str(tmp_path / "spotter" / "__init__.py"))
    with pytest.raises(ConfigError, match="works in a checkout of the project only"):
        run(checkout.benchmark, ["default", "--suite", "validation"])


def test_overrides() -> None:
    given = ["a.b=1", "c=[1,2.5,x]", "d=path/to=it", "e=True"]
    assert parse_overrides(given) == {"a.b": 1, "c": [1, 2.5, "x"], "d": "path/to=it", "e": True}
    assert parse_overrides([]) == {}
    with pytest.raises(ConfigError, match="KEY=VALUE, not 'a'"):
        parse_overrides(["a"])
