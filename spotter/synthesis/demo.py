"""Three photos that nobody took: a shop front, a wall of posters, a motorway; free to ship."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from spotter.geometry import transform_points
from spotter.synthesis import painted
from spotter.synthesis.blocks import set_line
from spotter.synthesis.degradations import jpeg
from spotter.synthesis.effects import blend, grow, shift
from spotter.synthesis.fonts import FontBank, bundled_fonts
from spotter.synthesis.layout import see_mask
from spotter.synthesis.sheets import encode_below

_HEIGHT, _WIDTH = 720, 1280
_LIMIT = 190_000
Color = tuple[float, float, float]
WHITE, BLACK = (245.0, 245.0, 245.0), (25.0, 25.0, 25.0)
RED, YELLOW, CREAM = (40.0, 35.0, 185.0), (40.0, 200.0, 245.0), (200.0, 228.0, 240.0)
_TURNS = np.linspace(0, 2 * np.pi, 40, endpoint=False)
_CIRCLE = np.stack([np.cos(_TURNS), np.sin(_TURNS)], -1)


class Stage:
    """A picture to paint on in coordinates of a wall, seen through a camera.

    Args:
        view: 3x3 homography from the wall to the picture; default: seen head-on.
    """

    def __init__(self, view: np.ndarray | None = None) -> None:
        self.image: np.ndarray = np.zeros((_HEIGHT, _WIDTH, 3), np.float32)
        self.view = np.eye(3) if view is None else view
        self._fonts = FontBank(bundled_fonts() or None)

    def area(self, points: np.ndarray) -> np.ndarray:
        """(H, W) float32 in [0, 1]: the inside of a convex polygon of the wall."""
        fine = np.round(transform_points(points, self.view) * 16).astype(np.int32)
        mask: np.ndarray = np.zeros((_HEIGHT, _WIDTH), np.uint8)
        cv2.fillConvexPoly(mask, fine, 255, cv2.LINE_AA, 4)
        return mask.astype(np.float32) / 255

    def box(self, x: float, y: float, width: float, height: float) -> np.ndarray:
        """(H, W) float32: an upright rectangle of the wall."""
        return self.area(
            np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])
        )

    def fill(self, mask: np.ndarray, color: Color, shadow: float = 0.0) -> None:
        """Lay paint on a mask; ``shadow`` is the distance in pixels at which it casts one."""
        if shadow:
            dark = cv2.GaussianBlur(shift(mask, shadow, shadow), (0, 0), shadow)
            self._lay(dark * np.float32(0.55), np.float32([15, 15, 15]))
        self._lay(mask, np.float32(color))

    def _lay(self, alpha: np.ndarray, color: np.ndarray) -> None:
        """Blend within the frame of a mask, which is often a small part of the picture."""
        x, y, width, height = cv2.boundingRect((alpha > 0).astype(np.uint8))
        rows, columns = slice(y, y + height), slice(x, x + width)
        part = color[rows, columns] if color.ndim == 3 else color
        blend(self.image[rows, columns], alpha[rows, columns], part)

    def cover(self, mask: np.ndarray, surface: np.ndarray) -> None:
        """Lay a (h, w, 3) surface, stretched to the picture and bent by the view, on a mask."""
        stretch = np.diag([_WIDTH / surface.shape[1], _HEIGHT / surface.shape[0], 1.0])
        seen = cv2.warpPerspective(
            surface,
            self.view @ stretch,
            (_WIDTH, _HEIGHT),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )
        self._lay(mask, seen)

    def write(
        self,
        text: str,
        middle: tuple[float, float],
        height: float,
        color: Color,
        face: str = "DejaVuSans-Bold",
        rim: Color | None = None,
    ) -> None:
        """Write a line of words around a point of the wall; ``height`` is that of a capital."""
        names = [Path(path).stem for path in self._fonts.paths]
        font = names.index(face) if face in names else 0
        size = 96 if height > 30 else 48
        line = set_line(self._fonts, font, text.split(), size, 0.01, 0.34 * size)
        tall = self._fonts.glyph(font, "H", size).alpha.shape[0]
        scale = height / tall
        left = middle[0] - line.ink.shape[1] * scale / 2
        top = middle[1] - (line.baseline - tall / 2) * scale
        place = np.array([[scale, 0, left], [0, scale, top], [0, 0, 1]])
        ink = see_mask(line.ink, self.view @ place, (_HEIGHT, _WIDTH), scale)
        alpha = ink.astype(np.float32) / 255
        if rim is not None:
            self._lay(grow(alpha, height * 0.07), np.float32(rim))
        self._lay(alpha, np.float32(color))

    def photo(self, rng: np.random.Generator) -> np.ndarray:
        """(720, 1280, 3) uint8: vignette, soft lens, sensor noise and JPEG."""
        x = np.linspace(-1, 1, _WIDTH, dtype=np.float32)[None, :]
        y = np.linspace(-1, 1, _HEIGHT, dtype=np.float32)[:, None]
        image = self.image * (1.06 - 0.14 * (x**2 + y**2))[..., None]
        image *= (1 + 0.05 * painted.cloud(rng, (_HEIGHT, _WIDTH)))[..., None]
        image = cv2.GaussianBlur(image, (0, 0), 0.8)
        image += rng.standard_normal((_HEIGHT, _WIDTH, 1), np.float32) * 3
        return jpeg(np.clip(image, 0, 255).astype(np.uint8), 85)


def _sky(stage: Stage, rng: np.random.Generator) -> None:
    share = np.linspace(0, 1, _HEIGHT, dtype=np.float32)[:, None, None] ** 0.7
    stage.image[:] = np.float32([225, 165, 110]) * (1 - share) + np.float32([240, 228, 215]) * share
    clouds = np.clip(painted.cloud(rng, (_HEIGHT, _WIDTH)) * 0.35, 0, 0.8)
    blend(stage.image, clouds.astype(np.float32), np.float32([250, 250, 250]))


def _bricks(rng: np.random.Generator) -> np.ndarray:
    rows: np.ndarray = np.arange(_HEIGHT)[:, None] // 22
    columns = np.arange(_WIDTH)[None, :] + (rows % 2) * 28
    tone = rng.normal(0, 13, (40, 30)).astype(np.float32)[rows, columns // 56]
    wall = np.float32([72, 88, 148]) + tone[..., None]
    joint = (np.arange(_HEIGHT)[:, None] % 22 < 3) | (columns % 56 < 3)
    wall[joint] = (150, 160, 165)
    return wall + (painted.cloud(rng, (_HEIGHT, _WIDTH)) * 6)[..., None]


def shop_front(rng: np.random.Generator) -> np.ndarray:
    """(720, 1280, 3) uint8: a bakery in a brick house."""
    stage = Stage(np.array([[1.02, 0.02, -20], [-0.025, 1.0, 12], [-0.00006, 0, 1.0]]))
    _sky(stage, rng)
    stage.cover(stage.box(-100, 60, 1500, 800), _bricks(rng))
    stage.fill(stage.box(-100, 610, 1500, 300), (120, 124, 128))
    for x in range(-60, 1400, 130):
        stage.fill(stage.box(x, 610, 3, 200), (95, 98, 102))
    stage.fill(stage.box(150, 150, 980, 100), (52, 72, 34), shadow=6)
    stage.fill(stage.box(158, 158, 964, 4), (120, 190, 215))
    stage.fill(stage.box(158, 238, 964, 4), (120, 190, 215))
    stage.write("HARBOUR BAKERY", (640, 200), 50, (150, 222, 240), "DejaVuSerif-Bold", (20, 35, 15))
    stage.fill(stage.box(170, 300, 620, 290), (40, 52, 66))
    glass = np.linspace(70, 150, _HEIGHT, dtype=np.float32)[:, None, None] * np.float32(
        [1, 0.9, 0.8]
    )
    stage.cover(stage.box(186, 316, 588, 258), np.repeat(glass, 64, axis=1))
    for x in range(200, 760, 70):
        loaf = painted.boards(rng, (60, 60))
        stage.cover(stage.box(x, 520, 52, 34), loaf)
    for number, x in enumerate(range(160, 800, 40)):
        color = (60, 50, 190) if number % 2 else (235, 238, 240)
        stage.fill(
            stage.area(np.array([[x, 250], [x + 40, 250], [x + 36, 318], [x - 6, 318]])), color
        )
    stage.write("Fresh bread daily", (480, 380), 30, WHITE, "DejaVuSerif-Italic")
    stage.write("cakes - coffee - sandwiches", (480, 440), 17, (225, 235, 240), "DejaVuSans")
    stage.write("since 1987", (480, 490), 16, (190, 215, 235), "DejaVuSerif-Italic")
    stage.fill(stage.box(850, 280, 200, 330), (60, 60, 120))
    stage.fill(stage.box(870, 300, 160, 190), (120, 108, 92))
    stage.fill(stage.box(905, 330, 90, 44), RED, shadow=2)
    stage.write("OPEN", (950, 352), 22, WHITE)
    stage.write("Mon-Sat 7am-6pm", (950, 410), 9, WHITE, "DejaVuSans")
    stage.write("24", (950, 540), 26, YELLOW, "DejaVuSerif-Bold")
    stage.fill(stage.box(1064, 300, 118, 62), (120, 60, 25), shadow=3)
    stage.write("MARKET", (1123, 317), 16, WHITE)
    stage.write("STREET", (1123, 344), 16, WHITE)
    board = np.array([[70, 480], [175, 486], [190, 690], [40, 690]], np.float64)
    stage.fill(stage.area(board), (38, 42, 40), shadow=6)
    stage.write("Coffee", (115, 530), 18, CREAM, "DejaVuSerif-Italic")
    stage.write("$2.50", (115, 575), 22, YELLOW)
    stage.write("to go", (115, 620), 15, CREAM, "DejaVuSerif-Italic")
    return stage.photo(rng)


def _cat(stage: Stage) -> None:
    """The portrait on the third poster."""
    stage.fill(stage.box(950, 265, 160, 130), (170, 185, 190))
    for left in (992, 1040):
        ear = np.array([[left, 325], [left + 14, 282], [left + 30, 318]], np.float64)
        stage.fill(stage.area(ear), (95, 98, 100))
    stage.fill(stage.area(_CIRCLE * (42, 36) + (1030, 345)), (110, 113, 116))
    for eye in (1014, 1046):
        stage.fill(stage.area(_CIRCLE * (7, 6) + (eye, 338)), (90, 200, 190))
        stage.fill(stage.area(_CIRCLE * (2, 5) + (eye, 338)), BLACK)
    stage.fill(stage.area(np.array([[1025, 354], [1035, 354], [1030, 360]], np.float64)), BLACK)


def posters(rng: np.random.Generator) -> np.ndarray:
    """(720, 1280, 3) uint8: a concrete wall with posters, seen from the left."""
    corners = np.float32([[0, 0], [_WIDTH, 0], [_WIDTH, _HEIGHT], [0, _HEIGHT]])
    seen = np.float32([[-80, -60], [1230, 70], [1235, 640], [-70, 790]])
    stage = Stage(cv2.getPerspectiveTransform(corners, seen))
    _sky(stage, rng)
    concrete = np.float32([128, 134, 138]) + (painted.cloud(rng, (_HEIGHT, _WIDTH)) * 11)[..., None]
    stage.cover(stage.box(-200, -200, 1700, 1200), concrete)
    for x in (420, 850):
        stage.fill(stage.box(x, -200, 4, 1200), (95, 98, 100))
    stage.fill(stage.box(60, 90, 330, 500), (95, 45, 30), shadow=5)
    fade = np.linspace(0, 1, _HEIGHT, dtype=np.float32)[:, None, None]
    dusk = np.float32([120, 40, 60]) * (1 - fade) + np.float32([60, 130, 235]) * fade
    stage.cover(stage.box(70, 100, 310, 480), np.repeat(dusk, 32, axis=1))
    stage.write("SUMMER", (225, 160), 40, YELLOW)
    stage.write("JAZZ", (225, 240), 70, WHITE, "DejaVuSerif-Bold", (70, 20, 40))
    stage.write("FESTIVAL", (225, 325), 36, YELLOW)
    stage.write("12-14 July", (225, 420), 25, WHITE, "DejaVuSans")
    stage.write("City Park", (225, 465), 24, WHITE, "DejaVuSans")
    stage.write("www.summerjazz.org", (225, 545), 14, WHITE, "DejaVuSans")
    stage.fill(stage.box(480, 130, 300, 400), (215, 235, 242), shadow=5)
    stage.write("BOOK FAIR", (630, 190), 30, (130, 60, 30), "DejaVuSerif-Bold")
    stage.fill(stage.box(510, 225, 240, 3), (130, 60, 30))
    for number, text in enumerate(("Saturday 9 May", "10am - 6pm", "Town Hall")):
        stage.write(text, (630, 280 + 45 * number), 20, BLACK, "DejaVuSerif")
    stage.fill(stage.box(520, 430, 220, 60), RED)
    stage.write("FREE ENTRY", (630, 460), 22, WHITE)
    stage.fill(stage.box(900, 180, 260, 330), (235, 238, 240), shadow=4)
    stage.write("LOST CAT", (1030, 225), 30, BLACK)
    _cat(stage)
    for number, text in enumerate(("grey, answers to", "Mister Whiskers", "call 555-0142")):
        stage.write(text, (1030, 420 + 30 * number), 14, BLACK, "DejaVuSans")
    stage.write("NO PARKING", (640, 640), 34, (60, 60, 150))
    return stage.photo(rng)


def motorway(rng: np.random.Generator) -> np.ndarray:
    """(720, 1280, 3) uint8: a road to the hills under a gantry of signs."""
    stage = Stage()
    _sky(stage, rng)
    x = np.arange(_WIDTH)
    for base, color, waves in ((420, (120, 130, 95), 3.0), (455, (70, 110, 70), 5.0)):
        ridge = base + 22 * np.sin(x / _WIDTH * waves * 2 + waves) + 9 * np.sin(x / 47 + base)
        hill = (np.arange(_HEIGHT)[:, None] > ridge[None, :]).astype(np.float32)
        stage.fill(hill, color)
    grass = np.float32([60, 120, 85]) + (painted.cloud(rng, (_HEIGHT, _WIDTH), 40) * 8)[..., None]
    blend(stage.image, stage.box(0, 500, _WIDTH, 300), grass)
    road = stage.area(np.array([[600, 495], [680, 495], [1240, 720], [40, 720]]))
    stage.fill(road, (92, 92, 90))
    for near, far in ((720, 640), (610, 572), (556, 537), (526, 515)):
        half = [(y - 490) * 0.022 for y in (far, near)]
        dash = [[640 - half[0], far], [640 + half[0], far], [640 + half[1], near]]
        stage.fill(stage.area(np.array([*dash, [640 - half[1], near]])), WHITE)
    for post in (120, 1150):
        stage.fill(stage.box(post, 60, 16, 480), (135, 138, 140))
    stage.fill(stage.box(120, 90, 1046, 18), (145, 148, 150))
    signs = (
        (180, (125, 70, 20), ("City Centre", "Harbour 3 km", "Stadium")),
        (680, (80, 105, 20), ("EXIT 12", "Airport", "North Beach 8 km")),
    )
    for left, color, lines in signs:
        stage.fill(stage.box(left, 60, 410, 220), WHITE, shadow=5)
        stage.fill(stage.box(left + 6, 66, 398, 208), color)
        for number, text in enumerate(lines):
            stage.write(text, (left + 205, 108 + 62 * number), 28, WHITE)
    stage.fill(stage.box(1042, 440, 8, 190), (120, 122, 124))
    for radius, paint in ((52, RED), (40, WHITE)):
        stage.fill(stage.area(_CIRCLE * radius + (1046, 410)), paint)
    stage.write("80", (1046, 410), 34, BLACK)
    stage.fill(stage.box(136, 520, 7, 130), (120, 122, 124))
    diamond = np.array([[140, 400], [215, 475], [140, 550], [65, 475]], np.float64)
    stage.fill(stage.area(diamond), (30, 190, 240), shadow=3)
    stage.write("SLOW", (140, 475), 22, BLACK)
    for post in (840, 944):
        stage.fill(stage.box(post, 460, 6, 110), (120, 122, 124))
    stage.fill(stage.box(820, 380, 150, 84), CREAM, shadow=2)
    stage.write("Drive safely", (895, 410), 12, RED, "DejaVuSans-Bold")
    stage.write("next rest area 500 m", (895, 440), 8, BLACK, "DejaVuSans")
    return stage.photo(rng)


_PHOTOS = {"shop_front": shop_front, "posters": posters, "motorway": motorway}


def write_demo_photos(folder: str | Path) -> list[Path]:
    """Write the three photos as JPEG, 1280x720, below 200 kB each.

    Args:
        folder: Made when missing; photos of the same names are replaced.

    Returns:
        The files.
    """
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    files = []
    for number, (name, make) in enumerate(_PHOTOS.items()):
        path = root / f"{name}.jpg"
        path.write_bytes(encode_below(make(np.random.default_rng([11, number])), _LIMIT))
        files.append(path)
    return files
