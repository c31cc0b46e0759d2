"""Tables: receipts, price lists, menus, timetables, forms, columns of single characters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spotter.synthesis import codes, formats
from spotter.synthesis.pages.documents import paper, print_ink
from spotter.synthesis.pages.page import Page

_TOTALS = (
    "Total",
    "TOTAL",
    "Subtotal",
    "SUB-TOTAL",
    "Tax",
    "VAT",
    "MwSt.",
    "TVA",
    "Cash",
    "Change",
    "Summe",
)
_HEADS = (
    "Item",
    "Qty",
    "Price",
    "Grade",
    "No.",
    "Name",
    "Date",
    "Amount",
    "Code",
    "Total",
    "Unit",
    "Time",
    "Size",
)
_FIELDS = (
    "Name:",
    "Date:",
    "Address:",
    "Tel.:",
    "E-mail:",
    "Age:",
    "City",
    "ZIP",
    "Signature:",
    "No.",
    "Sex:",
    "Room",
)


def _name(page: Page, longest: int = 3) -> str:
    return " ".join(page.source.phrase(page.rng, 1 + int(page.rng.random() * longest)))


def receipt(page: Page) -> None:
    """A till slip: names, quantities, prices, totals, dates and numbers."""
    rng = page.rng
    ground = paper(page)
    color = print_ink(page, ground)
    font = page.font(0.55)
    size = page.between(14, 32)
    width = min(page.width * 0.96, size * page.between(18, 30))
    left = (page.width - width) * rng.random()
    right, middle = left + width, left + width / 2
    y, step = size * 1.6, size * page.between(1.15, 1.6)
    cents = page.chance(0.35)
    upper = page.chance(0.5)

    def money() -> str:
        number = formats.amount(rng)[-8:]
        return formats.pick(rng, "$€£¥") + number if cents else number

    for _ in range(2 + int(rng.random() * 4)):
        shape = rng.random()
        if shape < 0.45:
            text = _name(page, 4)
        elif shape < 0.65:
            text = "Tel. " + " ".join(formats.phone_line(rng))
        elif shape < 0.85:
            text = f"{formats.date(rng)} {formats.clock(rng)} #{formats.digits(rng, 4)}"
        else:
            text = codes.serial(rng)
        page.write(text, middle, y, font, size, color, align=0.5, room=width)
        y += step
    y += step * 0.5
    bottom = page.height - step * page.between(0.5, 6)
    while y < bottom:
        shape = rng.random()
        if shape < 0.08:
            dashes = formats.pick(rng, "-=*_.") * int(width / size)
            for x in range(0, int(width), max(4, round(size * 0.5))):
                page.box(left + x, y - size * 0.3, left + x + size * 0.25, y - size * 0.3, color, 1)
            y += step * (1 if dashes else 0)
            continue
        price = money() + formats.pick(rng, ("", "", "", "", " A", " B", "-", "*", " T"))
        label = formats.pick(rng, _TOTALS) if shape < 0.22 else _name(page)
        label = label.upper() if upper else label
        start = left
        if shape > 0.5:
            count = f"{1 + int(rng.random() * 9)}" + formats.pick(rng, ("", "", "x", " x", " @"))
            start = page.write(count, left, y, font, size, color) + size * 0.8
        page.write(price, right, y, font, size, color, align=1.0)
        page.write(
            label, start, y, font, size, color, room=right - start - len(price) * size * 0.62
        )
        y += step
        if shape > 0.9:
            detail = f"{formats.decimal(rng, 3)} kg x {formats.amount(rng)}"
            page.write(detail, left + size, y, font, size, color, room=width * 0.8)
            y += step


def _cell(page: Page) -> Callable[[], str]:
    """What a column holds: single digits or letters most often."""
    rng = page.rng
    makers: list[tuple[float, Callable[[], str]]] = [
        (0.22, lambda: formats.digits(rng, 1)),
        (0.36, lambda: formats.capitals(rng, 1)),
        (0.42, lambda: formats.single(rng)),
        (0.5, lambda: formats.digits(rng, 2)),
        (0.58, lambda: formats.amount(rng)),
        (0.64, lambda: formats.signed(rng)),
        (0.69, lambda: formats.decimal(rng)),
        (0.73, lambda: formats.percent(rng)),
        (0.78, lambda: formats.date(rng)),
        (0.83, lambda: formats.clock(rng)),
        (0.88, lambda: formats.measure(rng)),
        (0.92, lambda: codes.serial(rng)),
        (0.95, lambda: formats.price(rng)),
        (1.01, lambda: page.source.sample(rng)),
    ]
    chance = rng.random()
    return next(maker for bound, maker in makers if chance < bound)


def table(page: Page) -> None:
    """A table with or without rules: names, and columns of digits, letters and numbers."""
    rng = page.rng
    ground = paper(page)
    color = print_ink(page, ground)
    font = page.font(0.55)
    size = page.between(14, 34)
    count = 2 + int(rng.random() * min(8, page.width / (size * 4)))
    left, right = page.width * page.between(0.01, 0.1), page.width * page.between(0.9, 0.99)
    edges = np.sort(
        page.between(0.2, 0.4) + 0.6 * (np.arange(count - 1) + rng.random(count - 1) * 0.3) / count
    )
    edges = np.concatenate([[left], left + (right - left) * edges, [right]])
    step = size * page.between(1.25, 2.2)
    ruled = page.chance(0.45)
    banded = page.chance(0.25)
    aligns = [(0.0, 0.5, 1.0)[int(v * 3)] for v in rng.random(count)]
    cells = [_cell(page) for _ in range(count)]
    if page.chance(0.8):
        cells[0] = lambda: _name(page, 2)
    y = size * page.between(1.3, 3)
    top = y - size * 1.1
    head = page.chance(0.7)
    number = 0
    stop = page.height * page.between(0.6, 0.99)
    while y < stop:
        if banded and number % 2:
            page.box(left, y - step * 0.72, right, y + step * 0.28, ground * 0.93)
        if ruled:
            page.box(left, y - step * 0.72, right, y - step * 0.72, color, 1)
        for column in range(count):
            x0, x1 = edges[column] + size * 0.3, edges[column + 1] - size * 0.3
            text = formats.pick(rng, _HEADS) if head and not number else cells[column]()
            align = aligns[column]
            page.write(
                text, x0 + (x1 - x0) * align, y, font, size, color, align=align, room=x1 - x0
            )
        number += 1
        y += step
    if ruled and page.chance(0.6):
        for x in edges.tolist():
            page.box(x, top, x, y - step, color, 1)


def price_list(page: Page) -> None:
    """A menu or price board: large names left, prices right, dots between them at times."""
    rng = page.rng
    light = page.chance(0.6)
    ground = paper(page) if light else np.clip(page.rng.random(3) * 60, 0, 255).astype(np.float32)
    if not light:
        page.fill(ground)
    color = page.contrast(ground, 110)
    accent = page.contrast(ground, 80) if page.chance(0.4) else color
    font, title = page.font(0.25), page.font(0.1)
    size = page.between(18, 54)
    left, right = page.width * page.between(0.02, 0.12), page.width * page.between(0.86, 0.98)
    y, step = size * 1.6, size * page.between(1.25, 2.0)
    trailing, dots = page.chance(0.3), page.chance(0.2)
    while y < page.height - size * 0.3:
        if page.chance(0.12):
            y += size * 0.5
            page.write(
                _name(page),
                page.width / 2,
                y,
                title,
                size * 1.4,
                accent,
                align=0.5,
                room=right - left,
            )
            y += step * 1.2
            continue
        text = formats.price(rng) if page.chance(0.8) else formats.amount(rng)
        if trailing:
            text = formats.amount(rng) + formats.pick(rng, (" €", "€", " kr", " EUR", " $"))
        width = page.run(text, font, size)
        room = right - left - (width.advance if width else 0) - size
        page.write(text, right, y, font, size, accent, align=1.0)
        end = page.write(_name(page), left, y, font, size, color, room=room)
        if dots and width:
            stop = right - width.advance - size * 0.4
            for x in np.arange(end + size * 0.4, stop, size * 0.4).tolist():
                page.box(x, y - 1, x + max(1, size * 0.06), y, color)
        y += step
        if page.chance(0.15):
            note = "(" + " ".join(page.source.phrase(rng, 3)).lower() + ")"
            page.write(note, left, y - step * 0.3, font, size * 0.6, color, room=room)
            y += step * 0.4


def form(page: Page) -> None:
    """A form: field names, rules or boxes, entries in another hand, ticks in boxes."""
    rng = page.rng
    ground = paper(page)
    color = print_ink(page, ground)
    pen = np.array([120, 50, 20], np.float32) if page.chance(0.5) else page.contrast(ground, 90)
    font, hand = page.font(0.6), page.font(0.0)
    size = page.between(15, 30)
    left, y = page.width * page.between(0.02, 0.1), size * 2
    while y < page.height - size:
        x = left
        while x < page.width - size * 8:
            label = formats.pick(rng, _FIELDS) if page.chance(0.6) else _name(page, 2) + ":"
            x = page.write(label, x, y, font, size, color) + size * 0.5
            width = size * page.between(4, 14)
            width = min(width, page.width - x - size)
            if page.chance(0.3):
                # One box per character.
                for _ in range(int(width / (size * 1.5))):
                    page.box(x, y - size * 1.05, x + size * 1.4, y + size * 0.35, color, 1)
                    if page.chance(0.75):
                        page.write(
                            formats.single(rng), x + size * 0.7, y, hand, size, pen, align=0.5
                        )
                    x += size * 1.4
            else:
                page.box(x, y + size * 0.35, x + width, y + size * 0.35, color, 1)
                if page.chance(0.7):
                    page.write(
                        page.source.sample(rng), x + size * 0.2, y, hand, size, pen, room=width
                    )
                x += width
            x += size
            if page.chance(0.5):
                break
        y += size * page.between(1.9, 3)


def grid(page: Page) -> None:
    """Single characters set apart: keyboards, calendars, crosswords, seat plans, eye charts."""
    rng = page.rng
    ground = paper(page) if page.chance(0.6) else np.float32(rng.random(3) * 255)
    page.fill(ground)
    color = page.contrast(ground, 80)
    font = page.font(0.3)
    size = page.between(16, 70)
    step_x, step_y = size * page.between(1.3, 3), size * page.between(1.3, 2.6)
    boxes, calendar, letters = page.chance(0.4), page.chance(0.3), page.chance(0.5)
    number = 0
    for y in np.arange(step_y, page.height - size * 0.2, step_y).tolist():
        for x in np.arange(step_x * 0.6, page.width - step_x * 0.4, step_x).tolist():
            number += 1
            if boxes:
                page.box(
                    x - step_x * 0.44, y - size * 1.05, x + step_x * 0.44, y + size * 0.35, color, 1
                )
            if page.chance(0.12):
                continue
            single = formats.capitals(rng, 1) if letters else formats.single(rng)
            text = str(number % 31 + 1) if calendar else single
            page.write(text, x, y, font, size, color, align=0.5)
