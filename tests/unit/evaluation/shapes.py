"""Words for the tests of the detection protocols."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from spotter.structures import TextInstance


def box(x0, y0, x1, y1, **fields) -> TextInstance:
    """An upright box."""
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=np.float32)
    return TextInstance(corners, **fields)


def strip(columns, height=10.0, **fields) -> TextInstance:
    """A bent strip: points (x, y) of the top side, the bottom side ``height`` below it.

    With columns at equal distances its sections have equal areas.
    """
    top = np.asarray(columns, dtype=np.float32)
    return TextInstance(np.concatenate([top, top[::-1] + np.float32([0, height])]), **fields)


@st.composite
def random_words(draw, most: int = 6, true: bool = True):
    """Boxes and bent strips that may overlap each other, on a 100 x 100 image."""
    words = []
    for _ in range(draw(st.integers(0, most))):
        x, y = draw(st.integers(0, 80)), draw(st.integers(0, 80))
        width, height = draw(st.integers(4, 60)), draw(st.integers(4, 30))
        text = draw(st.text("abA1", min_size=1, max_size=6))
        score = 1.0 if true else draw(st.sampled_from([0.25, 0.5, 0.75]))
        ignore = true and draw(st.booleans())
        fields = {"text": text, "ignore": ignore, "detection_score": score}
        if draw(st.booleans()):
            words.append(box(x, y, x + width, y + height, **fields))
        else:
            bend = draw(st.integers(-10, 10))
            columns = [[x, y], [x + width / 2, y + bend], [x + width, y]]
            words.append(strip(columns, height, **fields))
    return words


@st.composite
def separate_words(draw, least: int = 0):
    """Boxes and bent strips in the cells of a grid: none meets another."""
    cells = draw(
        st.lists(
            st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=least, max_size=8, unique=True
        )
    )
    words = []
    for column, row in cells:
        x, y = 120 * column, 60 * row
        width, height = draw(st.integers(20, 100)), draw(st.integers(8, 30))
        bend = draw(st.sampled_from([0, 4, 8]))
        # The middle of a single character lies on the chord of a bent word, outside of it.
        text = draw(st.text("abA1", min_size=2 if bend else 1, max_size=8))
        columns = [[x, y], [x + width / 2, y + bend], [x + width, y]]
        bent, straight = strip(columns, height, text=text), box(x, y, x + width, y + height)
        straight.text = text
        words.append(bent if bend else straight)
    return words
