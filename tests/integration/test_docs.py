"""README and docs against the code: commands, options, links, configs, and the README's Python."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from spotter.cli.checkout import CheckoutCommand
from spotter.cli.main import cli
from spotter.errors import AnnotationError
from spotter.registry import READERS

ROOT = Path(__file__).resolve().parents[2]
# Logs of trainings are no documentation.
DOCS = sorted(path for path in (ROOT / "docs").rglob("*.md") if "releases" not in path.parts)
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS]
# Pages that a program writes; the commands they show are those of the version that wrote them.
WRITTEN = ("benchmarks.md", "models", "studies", "releases.md")
AUTHORED = [path for path in PAGES if not set(WRITTEN) & set(path.relative_to(ROOT).parts)]

FENCE = re.compile(r"^ *```(\w*)[^\n]*\n(.*?)^ *```", re.M | re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)")
TARGET = re.compile(r"^::: (\S+)", re.M)


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page in this language."""
    return [
        body for name, body in FENCE.findall(page.read_text(encoding="utf-8")) if name == language
    ]


def command_lines(text: str) -> Iterator[list[str]]:
    """The words of each ``spotter ...`` of a shell block, without comments and redirections."""
    for line in text.replace("\\\n", " ").splitlines():
        for part in re.split(r"&&|\||;", line):
            words = shlex.split(part, comments=True)
            if words and words[0] == "spotter":
                yield words[1:]


def objection(words: list[str]) -> str | None:
    """What the command line names that there is not; ``None`` if all is there."""
    command: click.Command = cli
    context = click.Context(cli, info_name="spotter")
    while isinstance(command, click.Group):
        if not words or words[0].startswith("-"):
            break
        found = command.get_command(context, words[0])
        if found is None:
            return f"no command {words[0]!r}"
        command, words = found, words[1:]
        context = click.Context(command, info_name=command.name, parent=context)
    if isinstance(command, CheckoutCommand):
        return None
    known = {name for parameter in command.get_params(context) for name in parameter.opts}
    for word in words:
        if len(word) > 1 and word.startswith("-") and word.partition("=")[0] not in known:
            return f"no option {word!r} of {context.command_path}"
    return None


def shown() -> list[tuple[str, list[str]]]:
    """Each command line of the pages that people write, with the page's name."""
    found = []
    for page in AUTHORED:
        name = page.relative_to(ROOT).as_posix()
        for body in blocks(page, "sh"):
            found += [(name, words) for words in command_lines(body)]
        for code in re.findall(r"`(spotter [^`]+)`", page.read_text(encoding="utf-8")):
            words = [word.strip("[]") for word in code.split()[1:]]
            # "spotter X ..." of running text: a placeholder is no command.
            if not words[0].isupper():
                found.append((name, [word for word in words if word.strip(".")]))
    return found


def test_commands_and_options_exist() -> None:
    lines = shown()
    wrong = [f"{page}: {why}" for page, words in lines if (why := objection(words))]
    assert not wrong, "\n".join(wrong)
    # The README alone shows two ways of reading and three steps of training.
    assert sum(page == "README.md" for page, _ in lines) >= 4
    assert len(lines) > 60


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("spot photo.jpg --model fast", None),
        ("spott photo.jpg", "no command 'spott'"),
        ("spot photo.jpg --modell fast", "no option '--modell' of spotter spot"),
        ("evaluate detection a.jsonl b.zip --protocol iou", None),
        ("evaluate tokens a.jsonl", "no command 'tokens'"),
        ("--help", None),
    ],
)
def test_objections(line: str, why: str | None) -> None:
    assert objection(line.split()) == why


def test_command_lines_of_a_block() -> None:
    text = (
        "cd x && spotter spot a.jpg  # a comment\npip install .\nspotter read b \\\n  --json > c\n"
    )
    assert list(command_lines(text)) == [["spot", "a.jpg"], ["read", "b", "--json", ">", "c"]]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_and_configs_exist(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    targets = [link.partition("#")[0] for link in LINK.findall(text) if "://" not in link]
    missing = [link for link in targets if link and not (page.parent / link).exists()]
    assert not missing
    if page in AUTHORED:
        named = re.findall(r"\bconfigs/[\w/]+\.(?:py|toml)\b", page.read_text(encoding="utf-8"))
        assert not [name for name in named if "NAME" not in name and not (ROOT / name).is_file()]


def test_pages_of_the_site_exist() -> None:
    listed = re.findall(r": ([\w/]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.M)
    assert "index.md" in listed
    assert not [name for name in listed if not (ROOT / "docs" / name).is_file()]


def test_python_reference_names_what_exists() -> None:
    targets = TARGET.findall((ROOT / "docs/reference/python.md").read_text())
    assert "spotter.pipeline.spotter.SceneTextSpotter" in targets
    for target in targets:
        module, _, name = target.rpartition(".")
        if not name[0].isupper() and (ROOT / target.replace(".", "/")).with_suffix(".py").is_file():
            continue
        assert hasattr(importlib.import_module(module), name), target


def test_python_of_the_readme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = blocks(ROOT / "README.md", "python")
    shutil.copy(ROOT / "demo/photos/motorway.jpg", tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    scope: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), scope)
    printed = capsys.readouterr().out
    assert "EXIT 0." in printed
    assert len(printed.splitlines()) >= 10
    (example,) = (json.loads(body) for body in blocks(ROOT / "README.md", "json"))
    real = scope["result"].to_dict()
    assert example.keys() == real.keys()
    assert example["instances"][0].keys() == real["instances"][0].keys()


def test_reader_of_the_page_on_extending(tmp_path: Path) -> None:
    (code,) = (
        body for body in blocks(ROOT / "docs/extending.md", "python") if "MyBoxesReader" in body
    )
    scope: dict[str, Any] = {}
    try:
        exec(compile(code, "extending.md", "exec"), scope)
    finally:
        READERS.module_dict.pop("MyBoxesReader", None)
    (tmp_path / "a.jpg").touch()
    (tmp_path / "a.txt").write_text("1 2 30 14 OPEN now\n")
    (sample,) = scope["MyBoxesReader"](tmp_path)
    assert sample["img_path"] == str(tmp_path / "a.jpg")
    (word,) = sample["instances"]
    assert (word["text"], word["ignore"]) == ("OPEN now", False)
    assert word["polygon"].tolist() == [[1, 2], [30, 2], [30, 14], [1, 14]]
    (tmp_path / "a.txt").write_text("1 2 30 OPEN\n")
    with pytest.raises(AnnotationError, match="left top right bottom text"):
        scope["MyBoxesReader"](tmp_path)


def test_readme_names_make_demo_and_make_test() -> None:
    text, rules = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    for target in ("demo", "test", "docs"):
        assert f"`make {target}`" in text
        assert re.search(rf"^{target}:", rules, re.M)
