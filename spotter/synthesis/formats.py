"""Written forms of numbers, prices, dates, addresses, codes and units, each as one word.

Every function takes the source of all randomness and gives one word without spaces. The shares
follow what stands on receipts, labels, screens and signs of countries with Latin letters.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

_T = TypeVar("_T")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LEADING = ("$", "$", "$", "€", "€", "£", "£", "¥", "S$", "US$", "Rs.", "RM", "R$", "CHF", "A$")
_TRAILING = ("€", "€", "€", "$", "EUR", "kr", "zł", "USD", "Kč", "£", "Ft", "CHF")
_UNITS = (
    *(
        "kg",
        "g",
        "mg",
        "ml",
        "cl",
        "L",
        "l",
        "cm",
        "mm",
        "m",
        "km",
        "km/h",
        "mph",
        "W",
        "kW",
        "kWh",
    ),
    *(
        "V",
        "A",
        "mA",
        "mAh",
        "Hz",
        "GHz",
        "GB",
        "MB",
        "TB",
        "°C",
        "°C",
        "°F",
        "°",
        "m²",
        "m³",
        "ft",
    ),
    *("lb", "lbs", "oz", "in", "bar", "psi", "dB", "x", "pcs", "€/kg", "kcal", "kJ", "nm", "h"),
    *("min", "s", "px", "%", "G", "K", "V~", "L/min", "Nm", "rpm", "ppm", "cm²", '"', "'", "°N"),
)
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIV", "XX")
_SINGLE_MARKS = "&&@#$%+=?!/*->€£<§°"


def pick(rng: np.random.Generator, values: Sequence[_T]) -> _T:
    """One of the values, each as likely as another."""
    return values[int(rng.random() * len(values))]


def digits(rng: np.random.Generator, count: int) -> str:
    """``count`` digits."""
    return "".join(str(int(value * 10)) for value in rng.random(count))


def capitals(rng: np.random.Generator, count: int) -> str:
    """``count`` capital letters."""
    return "".join(string.ascii_uppercase[int(value * 26)] for value in rng.random(count))


def integer(rng: np.random.Generator) -> str:
    """A whole number, small ones more often, at times with thousands set apart."""
    length = 1 + int(rng.random() ** 1.5 * 6)
    number = digits(rng, length)
    if length > 3 and rng.random() < 0.4:
        return number[:-3] + pick(rng, ",,.'") + number[-3:]
    return number


def decimal(rng: np.random.Generator, places: int | None = None) -> str:
    """A number with a decimal point or comma, thousands set apart by the other at times."""
    whole = str(int(10 ** (rng.random() * 4)) - 1)
    point = "." if rng.random() < 0.62 else ","
    if len(whole) > 3 and rng.random() < 0.6:
        whole = whole[:-3] + ("," if point == "." else ".") + whole[-3:]
    places = pick(rng, (1, 1, 2, 2, 2, 2, 3)) if places is None else places
    return f"{whole}{point}{digits(rng, places)}"


def signed(rng: np.random.Generator) -> str:
    """A number with a sign, a range, a fraction or a share."""
    shape = rng.random()
    if shape < 0.45:
        return pick(rng, "---+") + (decimal(rng) if rng.random() < 0.6 else integer(rng))
    if shape < 0.52:
        return pick(rng, "−±–~") + decimal(rng)
    if shape < 0.72:
        low = int(rng.random() * 60)
        return f"{low}{pick(rng, '---–/')}{low + 1 + int(rng.random() * 40)}"
    if shape < 0.8:
        return pick(rng, ("½", "¼", "¾", "1/2", "1/4", "3/4", "1½", "2½", "2/3", "x2", "2x", "×3"))
    if shape < 0.9:
        return f"({decimal(rng)})" if rng.random() < 0.5 else f"({integer(rng)})"
    return pick(rng, ("#", "#", "No.", "n°", "№", "Nr.", "*", "<", ">")) + digits(
        rng, pick(rng, (1, 2, 2, 3, 4))
    )


def percent(rng: np.random.Generator) -> str:
    """A share in percent."""
    number = decimal(rng, 1) if rng.random() < 0.3 else digits(rng, pick(rng, (1, 2, 2, 2)))
    return pick(rng, ("", "", "", "", "-", "+", "~")) + number + pick(rng, "%%%%%%%‰")


def amount(rng: np.random.Generator) -> str:
    """A sum of money without its currency: ``12.99``, ``1,284.05``, ``4,20``."""
    whole = str(int(10 ** (rng.random() * 3.4)) - (rng.random() < 0.1))
    point = "." if rng.random() < 0.66 else ","
    if len(whole) > 3 and rng.random() < 0.7:
        whole = whole[:-3] + ("," if point == "." else ".") + whole[-3:]
    cents = pick(
        rng, ("00", "99", "90", "50", "95", digits(rng, 2), digits(rng, 2), digits(rng, 2))
    )
    return f"{whole}{point}{cents}"


def price(rng: np.random.Generator) -> str:
    """A price in one of many formats and currencies."""
    shape = rng.random()
    number = amount(rng) if rng.random() < 0.8 else str(int(10 ** (rng.random() * 3.5)))
    if shape < 0.52:
        return pick(rng, _LEADING) + number
    if shape < 0.72:
        return number + pick(rng, _TRAILING)
    if shape < 0.86:
        return amount(rng)
    if shape < 0.92:
        return pick(rng, "-+") + pick(rng, ("$", "€", "£", "")) + number
    if shape < 0.96:
        return str(int(10 ** (rng.random() * 3))) + pick(
            rng, (",-", ".-", "/-", ",–", "€50", "¢", "p")
        )
    unit = pick(rng, ("kg", "lb", "pc", "mo", "100g", "m²"))
    return f"{pick(rng, ('$', '€', '£', ''))}{number}/{unit}"


def date(rng: np.random.Generator) -> str:
    """A date, or a part of one, as one word."""
    day, month = 1 + int(rng.random() * 31), 1 + int(rng.random() * 12)
    year = 1950 + int(rng.random() * 85)
    name = pick(rng, (_MONTHS[month - 1], _MONTHS[month - 1].upper()))
    shape = rng.random()
    if shape < 0.28:
        joint = pick(rng, "//..-")
        short = f"{year % 100:02d}" if rng.random() < 0.4 else str(year)
        first, second = (day, month) if rng.random() < 0.7 else (month, day)
        if rng.random() < 0.25:
            return f"{first}{joint}{second}{joint}{short}"
        return f"{first:02d}{joint}{second:02d}{joint}{short}"
    if shape < 0.42:
        joint = pick(rng, "---/.")
        return f"{year}{joint}{month:02d}{joint}{day:02d}"
    if shape < 0.6:
        return str(year) + pick(rng, ("", "", "", "", ",", ".", ")"))
    if shape < 0.7:
        return f"{month:02d}/{year}" if rng.random() < 0.6 else f"{month:02d}/{year % 100:02d}"
    if shape < 0.76:
        return f"{year}{pick(rng, '-–/')}{year % 100 + 1:02d}"
    if shape < 0.82:
        return f"{day:02d}.{month:02d}." if rng.random() < 0.6 else f"{day}/{month}"
    if shape < 0.9:
        return f"{day}{pick(rng, ('', '-', '.'))}{name}" if rng.random() < 0.6 else f"{name}.{day}"
    if shape < 0.95:
        return (
            pick(rng, _DAYS) + pick(rng, (",", ".", ":", "")) if rng.random() < 0.5 else f"{day},"
        )
    return f"{day:02d}{name}{year % 100:02d}"


def clock(rng: np.random.Generator) -> str:
    """A time of day or a span of hours, as one word."""
    hour, minute, second = int(rng.random() * 24), int(rng.random() * 60), int(rng.random() * 60)
    shape = rng.random()
    if shape < 0.34:
        return f"{hour:02d}:{minute:02d}" if rng.random() < 0.5 else f"{hour}:{minute:02d}"
    if shape < 0.5:
        return f"{hour:02d}:{minute:02d}:{second:02d}"
    if shape < 0.56:
        return f"{hour:02d}.{minute:02d}"
    tail = pick(rng, ("am", "pm", "AM", "PM", "a.m.", "p.m."))
    if shape < 0.68:
        return f"{hour % 12 + 1}{tail}"
    if shape < 0.78:
        return f"{hour % 12 + 1}{pick(rng, ':.')}{minute:02d}{tail}"
    if shape < 0.88:
        joint = pick(rng, "-–")
        return f"{hour:02d}:{minute // 15 * 15:02d}{joint}{(hour + 8) % 24:02d}:00"
    if shape < 0.94:
        return f"{hour}{pick(rng, 'hH')}{minute:02d}" if rng.random() < 0.6 else f"{hour}h"
    return (
        f"{minute}:{second:02d}" + pick(rng, ("", ".", ",")) + ("" if rng.random() < 0.7 else "5")
    )


def phone_line(rng: np.random.Generator) -> list[str]:
    """A telephone number as the words that it is written in."""
    shape = rng.random()
    if shape < 0.2:
        return [f"({digits(rng, 3)})", f"{digits(rng, 3)}-{digits(rng, 4)}"]
    if shape < 0.4:
        country = "+" + digits(rng, pick(rng, (1, 2, 2, 3)))
        return [
            country,
            *(digits(rng, n) for n in pick(rng, ((2, 4, 4), (3, 7), (3, 3, 4), (1, 2, 2, 2)))),
        ]
    if shape < 0.52:
        return ["-".join((digits(rng, 3), digits(rng, 3), digits(rng, 4)))]
    if shape < 0.6:
        return [f"+{digits(rng, 1)}-{digits(rng, 3)}-{digits(rng, 3)}-{digits(rng, 4)}"]
    if shape < 0.7:
        return [f"0{digits(rng, 3)}{pick(rng, '/-')}{digits(rng, 6)}"]
    if shape < 0.8:
        return [f"{digits(rng, 3)}{pick(rng, '-.')}{digits(rng, 4)}"]
    if shape < 0.9:
        return [digits(rng, 4), digits(rng, 4)]
    if shape < 0.95:
        return [f"0{digits(rng, 4)}", digits(rng, 6)]
    return [digits(rng, pick(rng, (8, 10, 11)))]


def phone(rng: np.random.Generator) -> str:
    """One word of a telephone number."""
    return pick(rng, phone_line(rng))


def measure(rng: np.random.Generator) -> str:
    """A number with its unit, or a unit alone."""
    unit = pick(rng, _UNITS)
    shape = rng.random()
    if shape < 0.1:
        return unit
    if shape < 0.22:
        sides = [digits(rng, pick(rng, (1, 2, 2, 3))) for _ in range(pick(rng, (2, 2, 3)))]
        return pick(rng, "xxX×").join(sides) + pick(rng, ("", "cm", "mm", "m"))
    number = decimal(rng, 1) if rng.random() < 0.3 else digits(rng, pick(rng, (1, 2, 2, 3)))
    if shape < 0.3:
        number = pick(rng, "-+±<>") + number
    return number + unit


def ordinal(rng: np.random.Generator) -> str:
    """A place in a row: ``3rd``, ``IV.``, ``2.``, ``a)``."""
    number = 1 + int(rng.random() * 31)
    shape = rng.random()
    if shape < 0.35:
        tail = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        return f"{number}{tail if number // 10 != 1 else 'th'}"
    if shape < 0.6:
        return f"{number}{pick(rng, '..):')}"
    if shape < 0.7:
        return f"{number}{pick(rng, 'ºª°')}"
    if shape < 0.85:
        return pick(rng, _ROMAN) + pick(rng, ("", "", "."))
    if shape < 0.93:
        return f"{string.ascii_lowercase[int(rng.random() * 8)]}{pick(rng, ')).')}"
    return f"[{number}]"


def single(rng: np.random.Generator) -> str:
    """One character: a capital, a digit, a small letter or a sign."""
    shape = rng.random()
    if shape < 0.42:
        return capitals(rng, 1)
    if shape < 0.78:
        return digits(rng, 1)
    if shape < 0.9:
        return string.ascii_lowercase[int(rng.random() * 26)]
    return pick(rng, _SINGLE_MARKS)
