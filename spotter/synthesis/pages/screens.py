"""Screens, light and dark: settings, chats, source code, dashboards, tickers, terminals."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from spotter.synthesis import codes, formats
from spotter.synthesis.fonts import FontBank
from spotter.synthesis.pages.page import Page

_PLAIN = 0.7  # legibility of a face that a program would show


def monospaced(fonts: FontBank) -> tuple[int, ...]:
    """Plain fonts of a bank whose characters are all of one width."""
    return _monospaced(tuple(fonts.paths), fonts)


@lru_cache(maxsize=4)
def _monospaced(paths: tuple[str, ...], fonts: FontBank) -> tuple[int, ...]:
    found = []
    for font in range(len(paths)):
        face = fonts.face(font, 48)
        try:
            same = face is not None and face.getlength("i") == face.getlength("M")
        except OSError:
            continue
        plain = same and fonts.traits(font).legibility > _PLAIN
        if plain and fonts.draws(font, "AEaeg019{}[]=_"):
            found.append(font)
    return tuple(found)


def _scheme(page: Page) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Fill the page; its ground, text, faint text and accent colours, (3,) float32 each."""
    rng = page.rng
    page.look = "screen"
    dark = page.chance(0.5)
    base = page.between(0, 50) if dark else page.between(235, 255)
    ground = np.clip(base + rng.normal(0, 5, 3), 0, 255).astype(np.float32)
    page.fill(ground)
    strong = page.between(215, 255) if dark else page.between(0, 60)
    text: np.ndarray = np.full(3, strong, np.float32)
    faint = ground + (text - ground) * np.float32(page.between(0.25, 0.6))
    hue = np.float32(rng.random(3) * 255)
    accent = hue * 0.6 + (110 if dark else 0)
    return ground, text, faint, np.clip(accent, 0, 255).astype(np.float32)


def settings(page: Page) -> None:
    """A list of settings or messages: a line, a fainter line below, values and switches right."""
    rng = page.rng
    ground, text, faint, accent = _scheme(page)
    font = page.font(0.8)
    size = page.between(14, 34)
    left = size * page.between(0.6, 4)
    right = page.width - size
    y = size * 1.6
    if page.chance(0.6):
        bar = f"{formats.clock(rng)[:5]} {page.source.sample(rng)} {formats.percent(rng)}"
        page.write(bar, left, y, font, max(13, size * 0.75), text, room=right - left)
        y += size * 1.6
        page.write(
            " ".join(page.source.phrase(rng, 2)),
            left,
            y + size * 0.4,
            font,
            size * 1.5,
            text,
            room=right - left,
        )
        y += size * 2.4
    step = size * page.between(1.2, 1.5)
    while y < page.height - size * 0.4:
        value = ""
        if page.chance(0.45):
            value = page.source.sample(rng) if page.chance(0.7) else formats.single(rng)
            page.write(
                value, right, y, font, size, accent if page.chance(0.3) else faint, align=1.0
            )
        elif page.chance(0.3):
            page.box(right - size * 1.8, y - size * 0.8, right, y + size * 0.1, accent)
        room = right - left - (len(value) * 0.6 + 1) * size
        words = page.source.phrase(rng, 2 + int(rng.random() * 3))
        page.write(
            " ".join([words[0], *(word.lower() for word in words[1:])]),
            left,
            y,
            font,
            size,
            text,
            room=room,
        )
        y += step
        if page.chance(0.55):
            line = " ".join(page.source.sentence(rng, 6))
            page.write(
                line, left, y - step * 0.05, font, max(12, size * 0.78), faint, room=right - left
            )
            y += step * 0.9
        if page.chance(0.4):
            page.box(left, y - size * 0.75, right, y - size * 0.75, (ground + faint) / 2, 1)
        y += size * page.between(0.3, 1.1)


def chat(page: Page) -> None:
    """Messages in bubbles on both sides, with times."""
    rng = page.rng
    ground, text, faint, accent = _scheme(page)
    font = page.font(0.8)
    size = page.between(14, 30)
    y = size
    while y < page.height - size * 3:
        mine = page.chance(0.5)
        width = page.width * page.between(0.35, 0.8)
        x = page.width - width - size if mine else size
        words = page.source.sentence(rng, 2 + int(rng.random() * 14))
        if page.chance(0.25):
            words.append(page.source.sample(rng))
        lines: list[str] = []
        line = words[0]
        for word in words[1:]:
            if len(line) + len(word) > width / (size * 0.62):
                lines, line = [*lines, line], word
            else:
                line += " " + word
        lines.append(line)
        bubble = accent if mine else ground + (text - ground) * np.float32(0.12)
        page.box(x, y, x + width, y + size * (1.35 * len(lines) + 0.7), bubble)
        color = page.contrast(bubble, 110)
        for number, line in enumerate(lines):
            page.write(
                line,
                x + size * 0.6,
                y + size * (1.25 + 1.35 * number),
                font,
                size,
                color,
                room=width - size,
            )
        y += size * (1.35 * len(lines) + 1.9)
        page.write(formats.clock(rng), x + width, y, font, max(12, size * 0.7), faint, align=1.0)
        y += size * page.between(0.5, 1.2)


def code(page: Page) -> None:
    """Source code, logs or a terminal in colours, indented, with line numbers."""
    rng = page.rng
    _, text, faint, accent = _scheme(page)
    fonts = monospaced(page.fonts)
    font = page.font(0.6, fonts if fonts and page.chance(0.9) else None)
    size = page.between(13, 30)
    colors = [text, text, accent, np.clip(accent[::-1] + 20, 0, 255), faint]
    numbered = page.chance(0.4)
    log = page.chance(0.3)
    y, depth, number = size * 1.5, 0, int(rng.random() * 200) + 1
    while y < page.height - size * 0.3:
        x = size * 0.6
        if numbered:
            page.write(str(number), x + size * 1.8, y, font, size, faint, align=1.0)
            x += size * 2.6
        number += 1
        if log:
            x = page.write(f"[{formats.clock(rng)}]", x, y, font, size, faint) + size * 0.6
        x += depth * size * 1.2 * (not log)
        for _ in range(1 + int(rng.random() * 7)):
            if x > page.width - size * 3:
                break
            shape = rng.random()
            name = page.source.phrase(rng, 1)[0].lower()
            if shape < 0.5:
                token = codes.code_token(rng, name, page.source.phrase(rng, 1)[0])
            elif shape < 0.7:
                token = name
            elif shape < 0.85:
                token = codes.operator(rng)
            else:
                token = page.source.sample(rng)
            end = page.write(
                token, x, y, font, size, formats.pick(rng, colors), room=page.width - x
            )
            x = max(end, x) + size * 0.6
        depth = int(np.clip(depth + int(rng.random() * 3) - 1, 0, 5))
        y += size * page.between(1.2, 1.45)
        if page.chance(0.1):
            y += size


def dashboard(page: Page) -> None:
    """Tiles with a caption and a large number, as on phones, cars, scales and web shops."""
    rng = page.rng
    ground, text, faint, accent = _scheme(page)
    font, bold = page.font(0.7), page.font(0.4)
    across, down = 1 + int(rng.random() * 4), 1 + int(rng.random() * 5)
    wide, tall = page.width / across, page.height / down
    kinds = (
        formats.integer,
        formats.decimal,
        formats.percent,
        formats.price,
        formats.signed,
        formats.clock,
        formats.measure,
        formats.single,
        formats.date,
    )
    tile = ground + (text - ground) * np.float32(0.08)
    for row in range(down):
        for column in range(across):
            x, y = column * wide, row * tall
            page.box(x + 6, y + 6, x + wide - 6, y + tall - 6, tile)
            value = formats.pick(rng, kinds)(rng)
            large = min(tall * page.between(0.25, 0.5), 1.4 * wide / max(3, len(value)))
            small = float(np.clip(large * 0.35, 13, 40))
            color = accent if page.chance(0.3) and abs(float((accent - tile).mean())) > 60 else text
            page.write(
                value, x + wide / 2, y + tall * 0.55, bold, large, color, align=0.5, room=wide - 14
            )
            caption = " ".join(page.source.phrase(rng, 2))
            page.write(
                caption,
                x + wide / 2,
                y + tall * 0.55 + small * 1.8,
                font,
                small,
                faint,
                align=0.5,
                room=wide - 14,
            )


def ticker(page: Page) -> None:
    """A picture with captions over it, and the bars of a newscast below."""
    rng = page.rng
    page.look = "screen"
    page.image[:] = page.backgrounds.patch(rng, page.height, page.width, closest=0.4)
    font = page.font(0.5)
    y = float(page.height)
    for _ in range(1 + int(rng.random() * 3)):
        size = page.between(16, 54)
        bar = np.float32(rng.random(3) * 255)
        tall = size * page.between(1.4, 2)
        y -= tall
        page.box(0, y, page.width, y + tall, bar)
        color = page.contrast(bar, 110)
        text = " ".join(page.source.phrase(rng, 5))
        x = size * page.between(-1.5, 1)
        baseline = y + tall / 2 + size * 0.35
        while x < page.width:
            end = page.write(text, x, baseline, font, size, color)
            if page.chance(0.4):
                end = page.write(formats.price(rng), end + size * 0.5, baseline, font, size, color)
            x = max(end, x + size) + size
            text = " ".join(page.source.sentence(rng, 6))
        y -= size * 0.2
    for _ in range(int(rng.random() * 4)):
        size = page.between(16, 60)
        run = page.run(page.source.sample(rng), font, size)
        if run is not None:
            place = page.between(0, page.width - run.shape[1]), page.between(0, max(1, y - size))
            page.put(run, *place, text_color(page, place, run.shape))


def text_color(page: Page, corner: tuple[float, float], shape: tuple[int, int]) -> np.ndarray:
    """A colour that stands out from the part of the page below a run."""
    x, y = max(0, int(corner[0])), max(0, int(corner[1]))
    region = page.image[y : y + shape[0], x : x + shape[1]]
    mean = region.reshape(-1, 3).mean(axis=0) if region.size else np.full(3, 255.0)
    return page.contrast(mean, 110)
