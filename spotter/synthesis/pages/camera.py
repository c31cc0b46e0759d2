"""Views of a finished page: unchanged, scanned, or photographed at an angle or around a bottle."""

from __future__ import annotations

import cv2
import numpy as np

from spotter.geometry import transform_points
from spotter.synthesis.degradations import blur, jpeg, light, noise, sharpen
from spotter.synthesis.pages.page import Page, PageWord
from spotter.synthesis.painted import cloud

_HALF = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])


def move_words(words: list[PageWord], matrix: np.ndarray) -> None:
    """Take the words through a homography, in place."""
    if not words:
        return
    parts = [part for word in words for part in (word.polygon, word.characters.reshape(-1, 2))]
    ends = np.cumsum([len(part) for part in parts])
    moved: np.ndarray = transform_points(np.concatenate(parts), matrix).astype(np.float32)
    pieces = np.split(moved, ends[:-1])
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    for word, polygon, characters in zip(words, pieces[::2], pieces[1::2], strict=True):
        word.polygon = polygon
        word.characters = characters.reshape(-1, 4, 2)
        word.capital *= scale


def turn_quarters(page: Page, quarters: int) -> None:
    """Turn the page clockwise by quarters of a circle, its words with it."""
    height, width = page.height, page.width
    if quarters % 4 == 0:
        return
    matrix = {
        1: np.array([[0, -1, height], [1, 0, 0], [0, 0, 1.0]]),
        2: np.array([[-1, 0, width], [0, -1, height], [0, 0, 1.0]]),
        3: np.array([[0, 1, 0], [-1, 0, width], [0, 0, 1.0]]),
    }[quarters % 4]
    page.image = np.ascontiguousarray(np.rot90(page.image, -quarters))
    page.ink = np.ascontiguousarray(np.rot90(page.ink, -quarters))
    page.height, page.width = page.image.shape[:2]
    move_words(page.words, matrix)


def roll(page: Page, bend: float, sag: float) -> None:
    """Wrap the page around an upright cylinder, as labels lie on bottles and tins.

    Args:
        page: Changed in place; outlines of its words become polygons of at least eight points.
        bend: Half of the angle that the page spans, in radians, below pi / 2.
        sag: How far its middle hangs below its ends, in pixels; negative lifts it.
    """
    height, width = page.height, page.width
    half = width / 2
    reach = half / np.sin(bend)  # columns of the result keep the page's width

    def seen(points: np.ndarray) -> np.ndarray:
        theta = (points[..., 0] - half) / half * bend
        result = np.empty_like(points)
        result[..., 0] = half + reach * np.sin(theta)
        result[..., 1] = points[..., 1] + sag * (np.cos(theta) - np.cos(bend)) / (1 - np.cos(bend))
        return result

    x = np.arange(width, dtype=np.float32) + 0.5
    theta = np.arcsin(np.clip((x - half) / reach, -1, 1))
    columns = (theta / bend * half + half - 0.5).astype(np.float32)
    drop = (sag * (np.cos(theta) - np.cos(bend)) / (1 - np.cos(bend))).astype(np.float32)
    rows = np.arange(height, dtype=np.float32)[:, None] - drop[None, :]
    grid = np.broadcast_to(columns[None, :], rows.shape)
    page.image = cv2.remap(
        page.image, grid, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    page.ink = cv2.remap(page.ink, grid, rows, cv2.INTER_LINEAR)
    page.image *= (0.45 + 0.55 * np.cos(theta * 0.95))[None, :, None].astype(np.float32)
    for word in page.words:
        word.polygon = seen(dense_sides(word.polygon)).astype(np.float32)
        word.characters = seen(word.characters).astype(np.float32)


def dense_sides(polygon: np.ndarray, points: int = 5) -> np.ndarray:
    """A quadrilateral with ``points`` vertices on each long side; others stay as they are."""
    if len(polygon) != 4:
        return polygon
    shares = np.linspace(0, 1, points)[:, None]
    upper = polygon[0] + (polygon[1] - polygon[0]) * shares
    lower = polygon[2] + (polygon[3] - polygon[2]) * shares
    return np.concatenate([upper, lower])


def view(page: Page, turn: float, slope: float, fit: float) -> np.ndarray:
    """3x3 from the page to a photo of the same size.

    Args:
        page: What is seen.
        turn: Degrees by which it lies turned clockwise.
        slope: Strength of the perspective: shift of corners as a share of the page's sides.
        fit: 1 shows the whole turned page, less shows a larger part of the page larger, down to 0,
            which keeps its size.
    """
    height, width = page.height, page.width
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    middle = np.array([width / 2, height / 2])
    bent = corners + page.rng.normal(0, slope, (4, 2)).clip(-0.2, 0.2) * [width, height]
    cos, sin = np.cos(np.deg2rad(turn)), np.sin(np.deg2rad(turn))
    turned = (bent - middle) @ np.array([[cos, sin], [-sin, cos]])
    extent = np.abs(turned).max(axis=0)
    whole = float(min(width / 2 / extent[0], height / 2 / extent[1]))
    scale = 1 + (min(1.0, whole * 0.99) - 1) * fit
    placed = turned * scale + middle
    return cv2.getPerspectiveTransform(corners.astype(np.float32), placed.astype(np.float32))


def photograph(page: Page, matrix: np.ndarray) -> None:
    """See the page through a homography, on another surface, in place."""
    size = (page.width, page.height)
    shifted = np.linalg.inv(_HALF) @ matrix @ _HALF
    corners = np.array([[0, 0], [page.width, 0], [page.width, page.height], [0, page.height]])
    placed = transform_points(corners, matrix)
    inside = ((placed > 1) & (placed < np.array(size) - 1)).any()
    # Reducing without a blur first would tear thin strokes.
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    image = page.image
    if scale < 0.8:
        image = cv2.GaussianBlur(image, (0, 0), 0.35 / scale)
    if inside:
        ground: np.ndarray = page.backgrounds.patch(
            page.rng, page.height, page.width, closest=0.4
        ).astype(np.float32)
        cover: np.ndarray = np.zeros((page.height, page.width), np.uint8)
        cv2.fillConvexPoly(cover, np.round(placed * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
        seen = cv2.warpPerspective(image, shifted, size, borderMode=cv2.BORDER_REPLICATE)
        alpha = cover.astype(np.float32)[..., None] * np.float32(1 / 255)
        page.image = ground + (seen - ground) * alpha
    else:
        page.image = cv2.warpPerspective(image, shifted, size, borderMode=cv2.BORDER_REPLICATE)
    page.ink = cv2.warpPerspective(page.ink, shifted, size)
    move_words(page.words, matrix)


def shade(page: Page) -> None:
    """A shadow with a soft edge, a highlight, or folds of the paper, in place."""
    height, width = page.height, page.width
    small = (max(2, height // 8), max(2, width // 8))
    shape = page.rng.random()
    if shape < 0.5:
        angle = page.between(0, 2 * np.pi)
        x = np.linspace(-1, 1, small[1], dtype=np.float32)[None, :] * np.cos(angle)
        y = np.linspace(-1, 1, small[0], dtype=np.float32)[:, None] * np.sin(angle)
        edge = (x + y - page.between(-0.7, 0.7)) / page.between(0.02, 0.5)
        factor = 1 - page.between(0.15, 0.6) / (1 + np.exp(-np.clip(edge * 4, -30, 30)))
    else:
        factor = 1 + cloud(page.rng, small, 3) * page.between(0.03, 0.14)
    whole = cv2.resize(factor.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    page.image *= np.clip(whole, 0.25, 1.6)[..., None]


def develop(page: Page, least_capital: float) -> np.ndarray:
    """The page as uint8: clean, or with the faults of a scanner or a camera.

    Args:
        page: The seen page.
        least_capital: Height of the smallest letters that shall stay legible, in pixels.
    """
    rng = page.rng
    clean = {"screen": 0.75, "print": 0.35}.get(page.look, 0.05)
    image = page.image
    if not page.chance(clean):
        if page.chance(0.5):
            shade(page)
        image = page.image
        if page.chance(0.6):
            image = light(rng, image, 0.05)
        if page.chance(0.75):
            image = blur(rng, image, min(least_capital * 1.2, 24.0))
        if page.chance(0.4):
            image = noise(rng, image)
        if page.chance(0.2):
            image = sharpen(rng, image)
    result = np.clip(image, 0, 255).astype(np.uint8)
    if page.chance(0.5):
        result = jpeg(result, 35 + int(rng.random() * 60))
    return result
