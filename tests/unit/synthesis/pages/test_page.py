import numpy as np
import pytest

from spotter.geometry import crop_polygon, signed_area
from spotter.synthesis.backgrounds import BackgroundBank
from spotter.synthesis.pages.camera import dense_sides, roll, turn_quarters, view
from spotter.synthesis.pages.page import Page
from spotter.synthesis.text import TextSource

BLACK = np.zeros(3, np.float32)


@pytest.fixture
def page(bank, latin):
    return Page(np.random.default_rng(0), bank, latin, BackgroundBank(None), (200, 400))


def ink_box(ink):
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]


def test_words_are_split_at_spaces_with_their_marks(page):
    page.write('videos, -264.27 (555) €4,20 "7°C" a@b.org', 10, 100, 0, 18, BLACK)
    texts = [word.text for word in page.words]
    assert texts == ["videos,", "-264.27", "(555)", "€4,20", '"7°C"', "a@b.org"]


def test_an_outline_is_the_box_of_the_ink_marks_included(page):
    page.write("hp,", 10, 100, 0, 40, BLACK)
    polygon = page.words[0].polygon
    box = ink_box(page.ink)
    np.testing.assert_array_equal(polygon[0], box[:2])
    np.testing.assert_array_equal(polygon[2], box[2:])
    # The comma reaches below the baseline, the p further.
    assert box[3] > 100
    assert page.image[page.ink > 250].max() < 10


def test_thin_and_flat_words_get_some_width_and_height(page):
    page.write("| - 8", 10, 100, 0, 40, BLACK)
    bar, dash, eight = page.words
    assert bar.polygon[1, 0] - bar.polygon[0, 0] == pytest.approx(0.3 * bar.capital, abs=0.01)
    assert dash.polygon[2, 1] - dash.polygon[1, 1] == pytest.approx(0.3 * dash.capital, abs=0.01)
    assert [bar.ignore, dash.ignore, eight.ignore] == [False, True, False]


def test_nothing_is_written_over_what_is_there(page):
    page.write("first", 10, 100, 0, 30, BLACK)
    before = page.ink.copy()
    assert page.write("second", 30, 105, 0, 30, BLACK) == 30
    np.testing.assert_array_equal(page.ink, before)
    assert len(page.words) == 1


def test_room_leaves_out_last_words(page):
    room = page.run("one two", 0, 30).advance + 5
    end = page.write("one two three four five", 10, 100, 0, 30, BLACK, room=room)
    assert [word.text for word in page.words] == ["one", "two"]
    assert end == pytest.approx(10 + room - 5)
    assert page.write("unbreakable", 10, 160, 0, 30, BLACK, room=60) == 10


def test_lines_are_ranged_right_and_centred(page):
    page.write("42.50", 300, 60, 0, 30, BLACK, align=1.0)
    page.write("42.50", 200, 120, 0, 30, BLACK, align=0.5)
    right, middle = (word.polygon for word in page.words)
    assert 290 < right[1, 0] <= 300
    assert middle[:, 0].mean() == pytest.approx(200, abs=3)


def test_what_a_font_or_the_charset_lacks_is_spelled_without(bank):
    plain = Page(np.random.default_rng(0), bank, TextSource(), BackgroundBank(None), (200, 400))
    assert plain.spelled(0, "Café €4,20 日本 Łódź") == "Cafe 4,20 Lodz"


def test_reading_direction_goes_with_quarter_turns(page):
    page.write("Hp", 50, 100, 0, 60, BLACK)
    upright = crop_polygon(page.ink, page.words[0].polygon)
    for quarters in (1, 2, 3):
        turn_quarters(page, quarters)
        polygon = page.words[0].polygon
        assert signed_area(polygon) > 0
        np.testing.assert_array_equal(crop_polygon(page.ink, polygon), upright)
        turn_quarters(page, 4 - quarters)
    # Turned by a half the word starts at its right end.
    turn_quarters(page, 2)
    start, end = page.words[0].polygon[:2]
    assert start[0] > end[0]


def test_views_keep_the_page_in_the_photo(page):
    corners = np.array([[0, 0, 1], [400, 0, 1], [400, 200, 1], [0, 200, 1]], np.float64)
    for angle in (-170, -90, -30, 0, 45, 120):
        seen = corners @ view(page, angle, 0.0, 1.0).T
        seen = seen[:, :2] / seen[:, 2:]
        assert (seen >= -0.5).all()
        assert (seen <= [400.5, 200.5]).all()
        direction = seen[1] - seen[0]
        assert np.rad2deg(np.arctan2(direction[1], direction[0])) == pytest.approx(angle, abs=0.5)


def test_a_roll_bends_outlines_with_the_ink(page):
    page.write("CIRCUMFERENCE", 20, 120, 0, 40, BLACK)
    roll(page, 1.1, 25.0)
    polygon = page.words[0].polygon
    assert len(polygon) == 10
    box = ink_box(page.ink > 100)
    np.testing.assert_allclose(polygon.min(axis=0), box[:2], atol=2.5)
    np.testing.assert_allclose(polygon.max(axis=0), box[2:], atol=2.5)


def test_sides_get_points():
    quad = np.float32([[0, 0], [8, 0], [8, 2], [0, 2]])
    expected = [[0, 0], [4, 0], [8, 0], [8, 2], [4, 2], [0, 2]]
    np.testing.assert_array_equal(dense_sides(quad, 3), expected)
