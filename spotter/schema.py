"""Rules for untrusted plain data, which is checked before anything is built from it.

A rule is called with a value and the place where it stands, gives the value back (numbers as the
type that is asked for) and raises :class:`ValueError` with a line that begins with the place.
:func:`check` makes one of the toolkit's errors of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from spotter.errors import SpotterError

Rule = Callable[[Any, str], Any]


def check(value: Any, rule: Rule, origin: str, error: type[SpotterError]) -> Any:
    """The value as ``rule`` gives it.

    Args:
        value: JSON-like data: dicts, lists, strings, numbers, booleans, ``None``.
        rule: Made by the functions below.
        origin: What messages begin with, such as the name of the file.
        error: What is raised.

    Raises:
        SpotterError: Of the kind ``error``, one line that names the first key that breaks a rule.
    """
    try:
        return rule(value, "")
    except ValueError as failed:
        raise error(f"{origin}: {failed}") from None


def number(low: float = -1e6, high: float = 1e6, above: bool = False) -> Rule:
    """A finite number in ``low..high`` (``above``: not ``low`` itself), as a float."""

    def rule(value: Any, where: str) -> float:
        real = isinstance(value, int | float) and not isinstance(value, bool)
        # Not a number is in no range.
        inside = real and low <= value <= high
        if not inside or (above and value == low):
            bounds = f"above {low:g} and at most {high:g}" if above else f"in {low:g}..{high:g}"
            raise ValueError(f"{where} must be a number {bounds}, not {shown(value)}")
        return float(value)

    return rule


def integer(low: int, high: int) -> Rule:
    """A whole number in ``low..high``."""

    def rule(value: Any, where: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"{where} must be a whole number in {low}..{high}, not {shown(value)}")
        return value

    return rule


def flag() -> Rule:
    """``True`` or ``False``."""

    def rule(value: Any, where: str) -> bool:
        if not isinstance(value, bool):
            raise ValueError(f"{where} must be true or false, not {shown(value)}")
        return value

    return rule


def text(longest: int = 1000, shortest: int = 0) -> Rule:
    """A string of ``shortest..longest`` characters without NUL."""

    def rule(value: Any, where: str) -> str:
        if not isinstance(value, str) or not shortest <= len(value) <= longest or "\0" in value:
            raise ValueError(
                f"{where} must be a text of {shortest}..{longest} characters, not {shown(value)}"
            )
        return value

    return rule


def one_of(*choices: str) -> Rule:
    """One of some strings."""

    def rule(value: Any, where: str) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError(f"{where} must be one of {', '.join(choices)}, not {shown(value)}")
        return value

    return rule


def optional(rule: Rule) -> Rule:
    """``None``, or what ``rule`` allows."""

    def either(value: Any, where: str) -> Any:
        return None if value is None else rule(value, where)

    return either


def list_of(rule: Rule, shortest: int = 0, longest: int = 1000) -> Rule:
    """A list whose members all keep to ``rule``."""

    def members(value: Any, where: str) -> list[Any]:
        if not isinstance(value, list | tuple) or not shortest <= len(value) <= longest:
            raise ValueError(
                f"{where} must be a list of {shortest}..{longest} values, not {shown(value)}"
            )
        return [rule(each, f"{where}[{index}]") for index, each in enumerate(value)]

    return members


def record(
    rules: Mapping[str, Rule], required: tuple[str, ...] = (), others: Rule | None = None
) -> Rule:
    """A mapping with the keys of ``rules``.

    Args:
        rules: By key.
        required: Keys that may not be missing.
        others: Of all further keys; ``None``: there may be none.
    """

    def fields(value: Any, where: str) -> dict[str, Any]:
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise ValueError(f"{where or 'the content'} must be an object, not {shown(value)}")
        prefix = f"{where}." if where else ""
        for key in required:
            if key not in value:
                raise ValueError(f"{prefix}{key} is missing")
        checked = {}
        for key, each in value.items():
            rule = rules.get(key, others)
            if rule is None:
                known = ", ".join(rules)
                raise ValueError(f"{prefix}{key[:40]} is unknown; there are {known}")
            checked[key] = rule(each, f"{prefix}{key[:40]}")
        return checked

    return fields


def any_of(description: str, *rules: Rule) -> Rule:
    """What any of some rules allows; the first that does gives the value."""

    def rule(value: Any, where: str) -> Any:
        for each in rules:
            try:
                return each(value, where)
            except ValueError:
                continue
        raise ValueError(f"{where} must be {description}, not {shown(value)}")

    return rule


def plain_data(
    depth: int = 24,
    values: int = 20_000,
    longest: int = 50_000,
    largest: float = 1e6,
) -> Rule:
    """JSON values of any form, but not without bounds.

    Args:
        depth: Of the nesting.
        values: All members of all lists and mappings together.
        longest: Characters of a string.
        largest: Absolute value of a number; NaN has none.
    """

    def rule(value: Any, where: str) -> Any:
        count = 0
        # A stack of our own: the nesting may be deeper than Python's.
        waiting: list[tuple[Any, int]] = [(value, 0)]
        while waiting:
            each, level = waiting.pop()
            count += 1
            if count > values or level > depth:
                raise ValueError(f"{where} has more than {values} values or {depth} levels")
            if isinstance(each, Mapping):
                waiting.extend((item, level + 1) for item in each.values())
                waiting.extend((key, level + 1) for key in each)
            elif isinstance(each, list | tuple):
                waiting.extend((item, level + 1) for item in each)
            elif isinstance(each, str):
                if len(each) > longest:
                    raise ValueError(f"{where} has a text of {len(each)} characters")
            elif isinstance(each, bool) or each is None:
                continue
            elif isinstance(each, int | float):
                if not abs(each) <= largest:
                    raise ValueError(f"{where} has the number {shown(each)}, beyond {largest:g}")
            else:
                raise ValueError(f"{where} has a {type(each).__name__}, which is no plain value")
        return value

    return rule


def shown(value: Any) -> str:
    """A value for a message: short, on one line, whatever it is."""
    if isinstance(value, Mapping | list | tuple | set):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**15:
        return "a huge whole number"
    line = " ".join(repr(value[:60] if isinstance(value, str | bytes) else value).split())
    return line if len(line) <= 80 else f"{line[:77]}..."
