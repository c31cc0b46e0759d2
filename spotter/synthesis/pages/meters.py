"""Displays: digits of seven segments, and letters of lamps, drawn lamp by lamp."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from spotter.synthesis import formats
from spotter.synthesis.effects import blend
from spotter.synthesis.layout import box_quads
from spotter.synthesis.pages.page import Page
from spotter.synthesis.pages.runs import Run, boxed_word

# Lit segments: a top, b upper right, c lower right, d bottom, e lower left, f upper left, g middle.
SEGMENTS = {
    **{"0": "abcdef", "1": "bc", "2": "abdeg", "3": "abcdg", "4": "bcfg", "5": "acdfg"},
    **{"6": "acdefg", "7": "abc", "8": "abcdefg", "9": "abcdfg", "-": "g", "A": "abcefg"},
    **{"b": "cdefg", "C": "adef", "d": "bcdeg", "E": "adefg", "F": "aefg", "H": "bcefg"},
    **{"L": "def", "P": "abefg", "U": "bcdef", "n": "ceg", "o": "cdeg", "r": "eg", "t": "defg"},
}
_WIDTH = 0.52  # of a digit, in digit heights
_STEP = 0.72  # from digit to digit
_POINT = 0.24  # step of a point or colon

# Rows of lamps, top to bottom, five lamps in the low bits of each hexadecimal pair.
_LAMPS = {
    **{"A": "0E11111F111111", "B": "1E11111E11111E", "C": "0E11101010110E", "D": "1E11111111111E"},
    **{"E": "1F10101E10101F", "F": "1F10101E101010", "G": "0E11101713110F", "H": "1111111F111111"},
    **{"I": "0E04040404040E", "J": "0702020202120C", "K": "11121418141211", "L": "1010101010101F"},
    **{"M": "111B1515111111", "N": "11111915131111", "O": "0E11111111110E", "P": "1E11111E101010"},
    **{"Q": "0E11111115120D", "R": "1E11111E141211", "S": "0F10100E01011E", "T": "1F040404040404"},
    **{"U": "1111111111110E", "V": "11111111110A04", "W": "1111111515150A", "X": "11110A040A1111"},
    **{"Y": "1111110A040404", "Z": "1F01020408101F", "0": "0E11131519110E", "1": "040C040404040E"},
    **{"2": "0E11010204081F", "3": "1F02040201110E", "4": "02060A121F0202", "5": "1F101E0101110E"},
    **{"6": "0608101E11110E", "7": "1F010204080808", "8": "0E11110E11110E", "9": "0E11110F01020C"},
    **{"-": "0000001F000000", "+": "0004041F040400", "/": "00010204081000", ".": "00000000000C0C"},
    **{",": "000000000C0408", ":": "000C0C000C0C00", "!": "04040404000004", "?": "0E110102040004"},
    **{"%": "18190204081303", "&": "0C12140815120D", "(": "02040808080402", ")": "08040202020408"},
    **{"*": "0004150E150400", "#": "0A0A1F0A1F0A0A", "=": "00001F001F0000", "'": "0C040800000000"},
    **{"°": "0C12120C000000", "<": "02040810080402", ">": "08040201020408"},
}


def _segment(name: str, thick: float) -> np.ndarray:
    """(6, 2) corners of a segment in a digit 1 high and ``_WIDTH`` wide, y downwards."""
    half = thick / 2
    left, right, top, middle, bottom = half, _WIDTH - half, half, 0.5, 1 - half
    ends = {
        "a": ((left, top), (right, top)),
        "b": ((right, top), (right, middle)),
        "c": ((right, middle), (right, bottom)),
        "d": ((left, bottom), (right, bottom)),
        "e": ((left, middle), (left, bottom)),
        "f": ((left, top), (left, middle)),
        "g": ((left, middle), (right, middle)),
    }[name]
    start, stop = np.array(ends[0]), np.array(ends[1])
    along = (stop - start) / np.linalg.norm(stop - start)
    side = np.array([-along[1], along[0]]) * half
    gap = thick * 0.12
    start, stop = start + along * gap, stop - along * gap
    inner = along * half * 0.9
    return np.stack(
        [
            start,
            start + inner + side,
            stop - inner + side,
            stop,
            stop - inner - side,
            start + inner - side,
        ]
    )


def segment_run(
    text: str, height: int, thick: float = 0.14, slant: float = 0.0, ghost: float = 0.0
) -> Run:
    """A number on a display of seven segments, its points between the digits.

    Args:
        text: Characters of ``SEGMENTS``, ``.``, ``:`` and spaces.
        height: Of a digit in pixels.
        thick: Of a segment, in digit heights.
        slant: Shift of the top to the right, in digit heights.
        ghost: Opacity at which segments that are off show, 0 to 1.
    """
    pen = 0.0
    off: list[np.ndarray] = []
    shapes: list[list[np.ndarray]] = []
    skew = np.array([[1.0, -slant], [0.0, 1.0]])
    for char in text:
        shapes.append([])
        if char in ".:":
            # A point stands in the gap behind its digit.
            x = pen - (_STEP - _WIDTH) + 0.02 + thick / 2
            for y in (1 - thick / 2,) if char == "." else (0.3, 0.7):
                corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * thick / 2 + [x, y]
                shapes[-1].append(corners)
            pen += _POINT
            continue
        for name in "abcdefg" if char != " " else "":
            shape = _segment(name, thick) + np.array([pen, 0])
            (shapes[-1] if name in SEGMENTS[char] else off).append(shape)
        pen += _STEP
    lit = [shape for group in shapes for shape in group]
    placed = [shape @ skew.T + [slant, 0] for shape in [*lit, *off]]
    low, high = np.concatenate(placed).min(axis=0), np.concatenate(placed).max(axis=0)
    size = np.ceil((high - low) * height).astype(int)

    def pixels(shape: np.ndarray) -> np.ndarray:
        return (shape @ skew.T + [slant, 0] - low) * height

    ink, unlit = np.zeros(size[::-1], np.uint8), np.zeros(size[::-1], np.uint8)
    for shape in lit:
        cv2.fillPoly(ink, [_fine(pixels(shape))], 255, cv2.LINE_AA, 4)
    for shape in off if ghost else []:
        cv2.fillPoly(unlit, [_fine(pixels(shape))], int(255 * ghost), cv2.LINE_AA, 4)
    boxes = []
    for group in shapes:
        points = pixels(np.concatenate(group)) if group else np.zeros((1, 2))
        boxes.append([*points.min(axis=0), *points.max(axis=0)])
    return _run_of_boxes(
        text, ink, np.array(boxes, np.float32), float(height), unlit if ghost else None
    )


def _fine(points: np.ndarray) -> np.ndarray:
    return np.round((points - 0.5) * 16).astype(np.int32)


def _run_of_boxes(
    text: str, ink: np.ndarray, boxes: np.ndarray, capital: float, ghost: np.ndarray | None
) -> Run:
    """A run split into words at the spaces of the text; a box x0, y0, x1, y1 per character."""
    words, start = [], 0
    for word in text.split(" "):
        stop = start + len(word)
        if word:
            part = boxes[start:stop]
            words.append(boxed_word(word, part, box_quads(part), capital))
        start = stop + 1
    return Run(ink, words, 0, ink.shape[0], float(ink.shape[1]), capital, ghost)


@lru_cache(maxsize=128)
def lamps(char: str) -> np.ndarray:
    """(7, 5) bool: the lamps that show a character."""
    rows = bytes.fromhex(_LAMPS[char])
    return np.array([[row >> (4 - column) & 1 for column in range(5)] for row in rows], bool)


def lamp_run(
    text: str, pitch: int, share: float = 0.7, ghost: float = 0.0, square: bool = False
) -> Run:
    """A line of lamps, seven high.

    Args:
        text: Characters of the lamp table and spaces.
        pitch: Distance of lamps in pixels.
        share: Diameter of a lamp in pitches.
        ghost: Opacity at which lamps that are off show, 0 to 1.
        square: Whether lamps are square.
    """
    columns: list[np.ndarray] = []
    spans = []
    for char in text:
        grid = np.zeros((7, 3), bool) if char == " " else lamps(char)
        start = sum(part.shape[1] for part in columns)
        used = np.flatnonzero(grid.any(axis=0))
        rows = np.flatnonzero(grid.any(axis=1))
        spans.append(
            [start + used[0], rows[0], start + used[-1] + 1, rows[-1] + 1]
            if used.size
            else [start] * 2 + [start + 1] * 2
        )
        columns += [grid, np.zeros((7, 1), bool)]
    return dots_run(
        text, np.concatenate(columns[:-1], axis=1), np.array(spans), pitch, share, ghost, square
    )


def dots_run(
    text: str,
    grid: np.ndarray,
    spans: np.ndarray,
    pitch: int,
    share: float,
    ghost: float,
    square: bool,
) -> Run:
    """A run from a grid of lamps.

    Args:
        text: What it says.
        grid: (R, C) bool of lamps that are on.
        spans: (L, 4) first column, first row, end column and end row of each character.
        pitch: Distance of lamps in pixels.
        share: Diameter of a lamp in pitches.
        ghost: Opacity of lamps that are off.
        square: Whether lamps are square.
    """
    dot: np.ndarray = np.zeros((pitch, pitch), np.uint8)
    reach = share * pitch / 2
    if square:
        edge = round((pitch - 2 * reach) / 2)
        dot[edge : pitch - edge, edge : pitch - edge] = 255
    else:
        centre = round((pitch / 2 - 0.5) * 16)
        cv2.circle(
            dot, (centre, centre), max(8, round((reach - 0.25) * 16)), 255, -1, cv2.LINE_AA, 4
        )
    ink = np.kron(grid.astype(np.uint8), dot)
    unlit = np.kron((~grid).astype(np.uint8), (dot * ghost).astype(np.uint8)) if ghost else None
    inset = np.array([1, 1, -1, -1], np.float32) * max(0.0, pitch / 2 - reach)
    return _run_of_boxes(text, ink, spans * np.float32(pitch) + inset, 7.0 * pitch, unlit)


def display(page: Page, run: Run, x: float, y: float, lit: np.ndarray, ground: np.ndarray) -> None:
    """Put a run on a dark or pale field of its own, with a glow of light at times."""
    tall, wide = run.shape
    rim_x, rim_y = tall * page.between(0.15, 0.5), tall * page.between(0.12, 0.4)
    page.box(x - rim_x, y - rim_y, x + wide + rim_x, y + tall + rim_y, ground)
    if not page.put(run, x, y, lit):
        return
    if float(ground.mean()) < 80 and page.chance(0.5):
        top, left = max(0, int(y - rim_y)), max(0, int(x - rim_x))
        region = page.image[top : int(y + tall + rim_y), left : int(x + wide + rim_x)]
        glow = cv2.GaussianBlur(
            page.ink[top : top + region.shape[0], left : left + region.shape[1]],
            (0, 0),
            tall * 0.06,
        )
        blend(region, glow.astype(np.float32) / 255 * 0.5, lit)


def _number(page: Page) -> str:
    """What a meter shows."""
    rng = page.rng
    shape = rng.random()
    if shape < 0.3:
        text = formats.decimal(rng).replace(",", ".")[-7:].lstrip(".")
        text = text if text.count(".") <= 1 else text.replace(".", "", 1)
    elif shape < 0.5:
        text = formats.digits(rng, 1 + int(rng.random() * 6))
    elif shape < 0.7:
        text = f"{int(rng.random() * 24):02d}:{int(rng.random() * 60):02d}"
        text += f":{int(rng.random() * 60):02d}" if rng.random() < 0.3 else ""
    elif shape < 0.85:
        text = f"-{int(rng.random() * 40)}" + (
            "" if rng.random() < 0.4 else "." + formats.digits(rng, 1)
        )
    else:
        text = formats.pick(
            rng, ("Err", "HELP", "OFF", "Lo", "EE", "dEF", "A1", "C3", "F", "P02", "8.8.8.8")
        )
    return "".join(char for char in text if char in SEGMENTS or char in ".:") or "0"


def _caption(page: Page, x: float, y: float, size: float) -> float:
    """A caption under a display, in the colour that shows there; returns where it ends."""
    row, column = min(page.height - 1, max(0, int(y))), min(page.width - 1, max(0, int(x)))
    color = page.contrast(page.image[row, column], 90)
    text = formats.measure(page.rng) if page.chance(0.3) else page.source.phrase(page.rng, 1)[0]
    return page.write(text, x, y + size, page.font(0.6), size, color)


_LIT = ((40, 40, 255), (60, 230, 60), (40, 170, 255), (255, 240, 220), (250, 180, 60))


def segments(page: Page) -> None:
    """Meters, clocks, scales, pumps and thermometers with digits of seven segments."""
    page.look = "thing"
    rng = page.rng
    body = np.clip(np.full(3, page.between(20, 230)) + rng.normal(0, 12, 3), 0, 255)
    page.fill(body)
    y = page.height * page.between(0.04, 0.2)
    while y < page.height * 0.9:
        tall = min(page.height * page.between(0.06, 0.4), 360)
        x = page.width * page.between(0.04, 0.15)
        lcd = page.chance(0.45)
        ground = (
            np.float32(page.between(120, 200) + np.array([-10, 12, 0]))
            if lcd
            else np.float32(rng.random(3) * 30)
        )
        lit = (
            np.float32(rng.random(3) * 60)
            if lcd
            else np.array(formats.pick(rng, _LIT), np.float32) * np.float32(page.between(0.75, 1))
        )
        for _ in range(3):
            ghost = page.between(0.04, 0.14) if page.chance(0.4) else 0.0
            text, thick, slant = _number(page), page.between(0.09, 0.18), page.between(0, 0.18)
            run = segment_run(text, int(tall), thick, slant, ghost)
            room = page.width - x - tall * 0.3
            if run.shape[1] > room and x < page.width * 0.2:
                tall *= 0.9 * room / run.shape[1]
                run = segment_run(text, int(tall), thick, slant, ghost)
            if run.shape[1] > room or y + tall * 1.3 > page.height:
                break
            display(page, run, x, y, lit, ground)
            small = float(np.clip(tall * page.between(0.15, 0.4), 14, 60))
            if page.chance(0.7):
                _caption(page, x, y + tall * 1.45, small)
            x += run.shape[1] + tall * page.between(1.0, 1.8)
        y += tall * page.between(1.9, 2.6)


def lamp_text(page: Page) -> str:
    """Words for lamps: names, times, prices, in capitals."""
    rng = page.rng
    kinds = (
        formats.clock,
        formats.integer,
        formats.price,
        formats.single,
        formats.ordinal,
        formats.percent,
    )
    words = []
    for _ in range(1 + int(rng.random() * 4)):
        words.append(
            formats.pick(rng, kinds)(rng) if page.chance(0.45) else page.source.phrase(rng, 1)[0]
        )
    text = " ".join(words).upper()
    return " ".join("".join(c for c in word if c in _LAMPS) for word in text.split()).strip() or "0"


def dot_matrix(page: Page) -> None:
    """Boards of lamps: destinations, departures, tills, parking guidance."""
    page.look = "thing" if page.chance(0.8) else "screen"
    rng = page.rng
    page.fill(np.clip(np.full(3, page.between(0, 120)) + rng.normal(0, 10, 3), 0, 255))
    y = page.height * page.between(0.03, 0.15)
    lit = np.array(formats.pick(rng, _LIT), np.float32)
    ground = np.float32(rng.random(3) * 25)
    paper_like = page.chance(0.2)
    if paper_like:
        lit, ground = (
            np.float32(rng.random(3) * 60),
            np.float32(page.between(190, 255) * np.ones(3)),
        )
        page.fill(ground)
    pitch = 2 + int(rng.random() * 9)
    square, share = page.chance(0.3), page.between(0.55, 1.0)
    fixed = page.chance(0.6)
    while y < page.height - pitch * 9:
        if not fixed:
            pitch = 2 + int(rng.random() * 9)
        ghost = page.between(0.04, 0.16) if page.chance(0.5) and not paper_like else 0.0
        words = lamp_text(page).split()
        run = lamp_run(" ".join(words), pitch, share, ghost, square)
        while run.shape[1] > page.width * 0.94 and len(words) > 1:
            words = words[:-1]
            run = lamp_run(" ".join(words), pitch, share, ghost, square)
        if run.shape[1] <= page.width * 0.94:
            x = page.between(pitch * 2, page.width - run.shape[1] - pitch * 2)
            display(page, run, x, y, lit, ground)
        y += pitch * page.between(11, 18)
