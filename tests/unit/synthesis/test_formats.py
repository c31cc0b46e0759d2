import re

import numpy as np
import pytest

from spotter.synthesis import codes, formats

FORMS = {
    "integer": r"\d{1,6}|\d{1,3}[,.']\d{3}",
    "decimal": r"\d{1,3}([.,]\d{3})?[.,]\d{1,3}|\d{4}[.,]\d{1,3}",
    "percent": r"[-+~]?\d+([.,]\d|[.,]\d{3}[.,]\d)?[%‰]",
    "amount": r"\d{1,4}[.,]\d\d|\d[.,]\d{3}[.,]\d\d",
    "mac": r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}",
    "single": r"\S",
}


def form_of(name):
    return getattr(formats, name, None) or getattr(codes, name)


def draws(function, count=300, seed=0):
    rng = np.random.default_rng(seed)
    return [function(rng) for _ in range(count)]


@pytest.mark.parametrize("name", FORMS)
def test_forms(name):
    for text in draws(form_of(name)):
        assert re.fullmatch(FORMS[name], text), text


@pytest.mark.parametrize(
    "name",
    [
        *("integer", "decimal", "signed", "percent", "price", "date", "clock", "phone", "code"),
        *("serial", "measure", "ordinal", "single"),
    ],
)
def test_every_form_is_one_word(name):
    function = form_of(name)
    texts = draws(function)
    assert all(text and not re.search(r"\s", text) for text in texts)
    assert len(set(texts)) > 20
    assert texts == draws(function)
    assert texts != draws(function, seed=1)


def test_prices_come_in_many_currencies_and_formats():
    texts = draws(formats.price, 1500)
    for sign in "$€£¥":
        assert sum(sign in text for text in texts) > 10, sign
    assert any(re.fullmatch(r"€\d+,\d\d", text) for text in texts)
    assert any(re.fullmatch(r"\d+,\d\d€", text) for text in texts)
    assert any(re.fullmatch(r"\$\d+\.\d\d", text) for text in texts)
    assert any(re.fullmatch(r"\d[.,]\d{3}[.,]\d\d", text) for text in texts)


def test_dates_and_times_come_in_many_formats():
    dates, times = draws(formats.date, 1500), draws(formats.clock, 1500)
    for form in (
        r"\d\d/\d\d/\d{4}",
        r"\d{4}-\d\d-\d\d",
        r"\d\d\.\d\d\.\d\d",
        r"\d{4}",
        r"\d\d/\d{4}",
    ):
        assert any(re.fullmatch(form, text) for text in dates), form
    for form in (r"\d\d:\d\d:\d\d", r"\d+:\d\d", r"\d\d\.\d\d", r"\d+(am|pm|AM|PM)", r"\d+h\d\d"):
        assert any(re.fullmatch(form, text) for text in times), form


def test_signs_and_brackets_of_numbers():
    signed, phones = draws(formats.signed, 1500), draws(formats.phone, 1500)
    for form in (r"-\d+\.\d+", r"\+\d+", r"\d+-\d+", r"½"):
        assert any(re.fullmatch(form, text) for text in signed), form
    for form in (r"\(\d{3}\)", r"\+\d{1,3}", r"\d{3}-\d{4}", r"\d{3}-\d{3}-\d{4}"):
        assert any(re.fullmatch(form, text) for text in phones), form


def test_addresses_hold_their_names():
    rng = np.random.default_rng(0)
    texts = [codes.address(rng, "Kim", "Shop") for _ in range(300)]
    assert all("kim" in text.lower() or "shop" in text.lower() for text in texts)
    assert any(re.fullmatch(r"kim@shop\.\w+(\.\w+)?", text) for text in texts)
    assert any(text.startswith("https://") for text in texts)
    assert {"@kim", "#Kim"} <= set(texts)


def test_single_characters_are_letters_digits_and_marks():
    texts = draws(formats.single, 3000)
    assert 0.33 < np.mean([text.isdigit() for text in texts]) < 0.39
    assert 0.39 < np.mean([text.isascii() and text.isupper() for text in texts]) < 0.45
    assert any(not text.isalnum() for text in texts)
