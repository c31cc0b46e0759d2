"""Labels, tickets and plates: serial numbers, codes, dates, parcels, containers, cards."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spotter.synthesis import codes, formats
from spotter.synthesis.colors import paint
from spotter.synthesis.pages.page import Page


def _ground(page: Page) -> np.ndarray:
    """Paint a surface of metal, plastic, paper or paint; returns its mean colour."""
    shape = page.rng.random()
    color = (
        paint(page.rng)
        if shape < 0.4
        else np.float32(page.between(130, 250) + page.rng.normal(0, 6, 3))
    )
    page.fill(np.clip(color, 0, 255))
    if page.chance(0.3):
        wave = np.sin(np.arange(page.width) / page.between(4, 30)) * page.between(2, 14)
        page.image += wave[None, :, None].astype(np.float32)
    if page.chance(0.4):
        patch: np.ndarray = page.backgrounds.patch(page.rng, page.height, page.width).astype(
            np.float32
        )
        page.image += (patch - patch.mean(axis=(0, 1))) * np.float32(page.between(0.03, 0.2))
    np.clip(page.image, 0, 255, out=page.image)
    return page.image[::8, ::8].reshape(-1, 3).mean(axis=0)


def _label_line(page: Page) -> str:
    rng = page.rng
    name = page.source.phrase(rng, 1)[0]
    makers: tuple[Callable[[], str], ...] = (
        lambda: (
            formats.pick(rng, ("S/N:", "SN", "Serial", "S/N", "SER.NO.")) + " " + codes.serial(rng)
        ),
        lambda: formats.pick(rng, ("MAC", "MAC:", "WLAN MAC:", "LAN")) + " " + codes.mac(rng),
        lambda: (
            formats.pick(rng, ("IMEI", "IMEI:", "EAN", "P/N", "REF"))
            + " "
            + formats.digits(rng, 15)
        ),
        lambda: f"LOT {codes.serial(rng)} EXP {formats.date(rng)}",
        lambda: (
            f"{formats.pick(rng, ('EXP', 'MFG', 'BBE', 'Best before:', 'MHD'))} {formats.date(rng)}"
        ),
        lambda: f"Model: {codes.serial(rng)}",
        lambda: f"INPUT: {formats.measure(rng)} {formats.measure(rng)}",
        lambda: f"{name}: {formats.measure(rng)}",
        lambda: (
            f"{name} {formats.decimal(rng)} "
            + formats.pick(rng, ("KGS", "LBS", "kg", "m³", "V", "A"))
        ),
        lambda: codes.serial(rng),
        lambda: " ".join(codes.plate_line(rng)),
        lambda: f"MADE IN {name.upper()}",
        lambda: f"No. {formats.digits(rng, 1)} of {formats.digits(rng, 1)}",
        lambda: f"{name} {formats.price(rng)}",
        lambda: " ".join(formats.phone_line(rng)),
        lambda: codes.address(rng, name, page.source.phrase(rng, 1)[0]),
        lambda: " ".join(page.source.sentence(rng, 5)),
    )
    return formats.pick(rng, makers)()


def label(page: Page) -> None:
    """A type plate or sticker with lines of codes."""
    page.look = "thing" if page.chance(0.7) else "print"
    ground = _ground(page)
    color = page.contrast(ground, 80)
    font, other = page.font(0.6), page.font(0.3)
    size = page.between(15, 48)
    left = page.width * page.between(0.03, 0.2)
    y = size * page.between(1.3, 3)
    if page.chance(0.5):
        page.box(
            left * 0.4, y - size * 1.2, page.width - left * 0.4, page.height - size * 0.4, color, 2
        )
    spacing = page.between(0.05, 0.25) if page.chance(0.15) else 0.0
    while y < page.height - size * 0.8:
        chosen = other if page.chance(0.2) else font
        page.write(
            _label_line(page),
            left,
            y,
            chosen,
            size,
            color,
            room=page.width - 2 * left,
            spacing=spacing,
        )
        y += size * page.between(1.2, 2.0)
        if page.chance(0.08):
            bars(page, left, y, size, color)
            y += size * 3.4


def bars(page: Page, x: float, y: float, size: float, color: np.ndarray) -> None:
    """A bar code with its number below."""
    stop = x + size * page.between(5, 9)
    middle = (x + stop) / 2
    while x < stop:
        wide = max(1.0, size * 0.08 * (1 + int(page.rng.random() * 3)))
        page.box(x, y - size * 0.8, x + wide - 1, y + size * 1.2, color)
        x += wide + max(1.0, size * 0.08 * (1 + int(page.rng.random() * 3)))
    number = formats.digits(page.rng, 12)
    page.write(number, middle, y + size * 2.1, page.font(0.8), size * 0.8, color, align=0.5)


def plate(page: Page) -> None:
    """A number plate, a house number or the code on a container, large on its ground."""
    page.look = "thing"
    ground = _ground(page)
    plain = page.chance(0.5)
    words = codes.plate_line(page.rng)
    if page.chance(0.25):
        words = [
            formats.digits(page.rng, 1 + int(page.rng.random() * 3))
            + formats.pick(page.rng, ("", "", "A", "b"))
        ]
    font = page.font(0.5)
    unit = page.run(" ".join(words), font, 100)
    if unit is None:
        return
    size = (
        min(page.between(0.2, 0.9) * page.width / unit.shape[1], 0.5 * page.height / unit.shape[0])
        * 100
    )
    run = page.run(" ".join(words), font, size)
    if run is None:
        return
    tall, wide = run.shape
    x = (page.width - wide) * page.between(0.1, 0.9)
    y = (page.height - tall) * page.between(0.1, 0.9)
    color = page.contrast(ground, 80)
    if not plain:
        colors = ((245, 245, 245), (40, 205, 250), (20, 20, 20), (160, 60, 20))
        board = np.array(formats.pick(page.rng, colors), np.float32)
        rim = tall * 0.22
        page.box(x - rim, y - rim, x + wide + rim, y + tall + rim, board)
        color = page.contrast(board, 110)
        if page.chance(0.5):
            page.box(
                x - rim, y - rim, x + wide + rim, y + tall + rim, color, max(1, int(tall * 0.04))
            )
    page.put(run, x, y, color)
    below = y + tall + size * 0.7
    small = max(14.0, size * 0.25)
    while below < page.height - small * 0.3 and page.chance(0.8):
        page.write(
            _label_line(page), x, below, font, small, page.contrast(ground, 80), room=page.width - x
        )
        below += small * page.between(1.3, 1.8)


def ticket(page: Page) -> None:
    """A ticket, boarding pass or card: small captions over large values, in fields."""
    rng = page.rng
    ground = _ground(page)
    color, pale = page.contrast(ground, 100), page.contrast(ground, 60)
    font, bold = page.font(0.7), page.font(0.5)
    large = page.between(22, 60)
    small = max(13.0, large * page.between(0.35, 0.6))
    left, y = page.width * 0.05, large * 1.6
    page.write(
        " ".join(page.source.phrase(rng, 2)),
        left,
        y,
        bold,
        large * 1.2,
        color,
        room=page.width * 0.9,
    )
    y += large * 1.6
    kinds = (
        formats.date,
        formats.clock,
        codes.serial,
        formats.price,
        formats.single,
        codes.code,
        formats.measure,
        formats.integer,
    )
    while y < page.height - large:
        x = left
        while x < page.width * 0.9:
            caption = page.source.phrase(rng, 1)[0]
            value = formats.pick(rng, kinds)(rng)
            value = page.source.sample(rng) if page.chance(0.25) else value
            end = page.write(caption, x, y - large * 1.05, font, small, pale, room=page.width - x)
            stop = page.write(value, x, y, bold, large, color, room=page.width - x - small)
            x = max(end, stop, x + large * 2) + large * page.between(0.5, 2)
        y += (large + small) * page.between(1.4, 2)
