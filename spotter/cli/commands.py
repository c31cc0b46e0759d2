"""Shared behaviour of commands: options with several values, examples in the help, and one line for
a wrong command line.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

File = click.Path(path_type=Path)
"""A path of a file or folder; whether it is there is checked by what opens it."""


class SeveralValues(click.Option):
    """An option that takes all values up to the next option: ``--suite validation street``."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **{**settings, "multiple": True})


class Command(click.Command):
    """A command with :class:`SeveralValues` and examples.

    Args:
        examples: Command lines that the help shows, without the name of the program.
    """

    def __init__(self, *args: Any, examples: Sequence[str] = (), **settings: Any) -> None:
        settings.setdefault("context_settings", {"help_option_names": ["-h", "--help"]})
        super().__init__(*args, **settings)
        self.examples = tuple(examples)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as click does, after the name of an option was put before each of its further
        values.

        What was given is kept in ``ctx.meta["arguments"]``.
        """
        ctx.meta["arguments"] = list(args)
        names = {
            name
            for parameter in self.params
            if isinstance(parameter, SeveralValues)
            for name in parameter.opts
        }
        return super().parse_args(ctx, repeat_options(args, names))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The epilog, then the examples."""
        super().format_epilog(ctx, formatter)
        if self.examples:
            with formatter.section("Examples"):
                for example in self.examples:
                    formatter.write(f"{' ' * formatter.current_indent}{example}\n")


class LazyGroup(click.Group):
    """Sub-commands in sections, each imported when it is asked for.

    Args:
        sections: Title to the commands of a section; name to where a command is
            (``"module:attribute"``) and what it does.
    """

    def __init__(
        self, *args: Any, sections: Mapping[str, Mapping[str, tuple[str, str]]], **settings: Any
    ) -> None:
        super().__init__(*args, **settings)
        self.sections = sections
        self.places = {name: entry for part in sections.values() for name, entry in part.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the sections."""
        return list(self.places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self.places:
            return None
        module, _, attribute = self.places[cmd_name][0].partition(":")
        found: click.Command = getattr(importlib.import_module(module), attribute)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One list for each section; nothing is imported for it."""
        for title, commands in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(name, about) for name, (_, about) in commands.items()])


def command(
    name: str | None = None, examples: Sequence[str] = (), **settings: Any
) -> Callable[[Callable[..., Any]], Command]:
    """Decorator that makes a function a :class:`Command`."""
    return click.command(name, cls=Command, examples=examples, **settings)


def several(*names: str, **settings: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator that adds an option of :class:`SeveralValues`."""
    return click.option(*names, cls=SeveralValues, **settings)


def repeat_options(arguments: Sequence[str], names: set[str]) -> list[str]:
    """``--fonts a b`` becomes ``--fonts a --fonts b`` for the options of these names."""
    repeated: list[str] = []
    option, waiting = "", False
    for number, argument in enumerate(arguments):
        if argument == "--":
            return repeated + list(arguments[number:])
        if argument.startswith("-") and not _is_number(argument):
            name, equals, _ = argument.partition("=")
            option, waiting = (name, not equals) if name in names else ("", False)
        elif option and not waiting:
            repeated.append(option)
        else:
            waiting = False
        repeated.append(argument)
    return repeated


def run(
    called: click.Command, arguments: Sequence[str] | None = None, program: str | None = None
) -> None:
    """Parse a command line and run it; errors of the toolkit and interrupts pass through.

    Args:
        called: The command.
        arguments: Of the command line; default: those of this process.
        program: Name that the help shows; default: that of this process.

    Raises:
        SystemExit: After a wrong command line (status 2), or with the status of the command.
        SpotterError: What the command raises.
        KeyboardInterrupt: The command was interrupted.
    """
    given = None if arguments is None else list(arguments)
    try:
        status = called.main(given, program, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        raise SystemExit(error.exit_code) from None
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f" (see {context.command_path} --help)" if context else ""
        message = " ".join(error.format_message().split())
        print(f"error: {message}{hint}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except click.Abort:
        raise KeyboardInterrupt from None
    if isinstance(status, int) and status:
        raise SystemExit(status)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
