"""Rules for plain data: types are strict, numbers finite and bounded, messages name the key."""

from __future__ import annotations

from typing import Any

import pytest

from spotter.errors import ConfigError
from spotter.schema import (
    any_of,
    check,
    flag,
    integer,
    list_of,
    number,
    one_of,
    optional,
    plain_data,
    record,
    text,
)

RULE = record(
    {
        "share": number(0, 1),
        "factor": number(0, 10, above=True),
        "count": integer(1, 5),
        "on": flag(),
        "name": text(5, 1),
        "kind": one_of("a", "b"),
        "sides": list_of(integer(0, 9), 1, 2),
        "maybe": optional(flag()),
        "either": any_of("a flag or a number", flag(), number(0, 1)),
        "more": plain_data(depth=3, values=10, longest=5, largest=100),
    },
    required=("share",),
)


def test_what_keeps_to_the_rules_is_given_back() -> None:
    given = {
        **{"share": 1, "factor": 0.5, "count": 5, "on": False, "name": "x", "kind": "b"},
        **{"sides": (1, 2), "maybe": None, "either": True, "more": {"a": [1, "b", None]}},
    }
    checked = check(given, RULE, "file", ConfigError)
    assert checked == {**given, "sides": [1, 2]}
    assert type(checked["share"]) is float


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"share": True}, "share must be a number in 0..1, not True"),
        ({"share": float("nan")}, "share must be a number in 0..1, not nan"),
        ({"share": float("inf")}, "share must be a number"),
        ({"share": 10**400}, "share must be a number in 0..1, not a huge whole number"),
        ({"share": "0.5"}, "not '0.5'"),
        ({"factor": 0}, "factor must be a number above 0 and at most 10, not 0"),
        ({"count": 2.0}, "count must be a whole number in 1..5, not 2.0"),
        ({"count": True}, "count must be a whole number"),
        ({"on": 1}, "on must be true or false"),
        ({"name": ""}, "name must be a text of 1..5"),
        ({"name": "a\0"}, "name must be a text"),
        ({"kind": ["a"]}, "kind must be one of a, b"),
        ({"sides": [1, 10]}, "sides[1] must be a whole number"),
        ({"sides": []}, "sides must be a list of 1..2 values"),
        ({"either": "x"}, "either must be a flag or a number"),
        ({"extra": 1}, "extra is unknown; there are share"),
        ({"more": [[[[1]]]]}, "more has more than 10 values or 3 levels"),
        ({"more": [0] * 11}, "more has more than"),
        ({"more": 101}, "more has the number 101"),
        ({"more": "longer"}, "more has a text of 6 characters"),
        ({"more": b"x"}, "which is no plain value"),
        ({3: 1}, "must be an object"),
    ],
)
def test_what_breaks_a_rule_is_named(changes: dict[Any, Any], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check({"share": 0, **changes}, RULE, "file", ConfigError)
    assert str(caught.value).startswith("file: ")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_keys() -> None:
    with pytest.raises(ConfigError, match="file: share is missing"):
        check({}, RULE, "file", ConfigError)


def test_nesting_deeper_than_pythons_is_no_crash() -> None:
    value: Any = []
    for _ in range(50_000):
        value = [value]
    with pytest.raises(ConfigError, match="levels"):
        check({"share": 0, "more": value}, RULE, "file", ConfigError)
