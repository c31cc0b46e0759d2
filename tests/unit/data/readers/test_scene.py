"""One polygon convention for all layouts; photos found by their stem."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.data.readers.scene import PhotoFolder, canonical_polygon, own_copy
from spotter.errors import AnnotationError
from spotter.geometry import is_clockwise, polygon_area
from tests.unit.data.readers.label_folders import write_photos

TL, TR, BR, BL = (0, 0), (30, 0), (30, 10), (0, 10)
# A word on an arch, read from the left: its top side, then its bottom side backwards.
ARCH = [(0, 20), (10, 12), (20, 8), (30, 12), (40, 20), (36, 28), (28, 22), (20, 18), (12, 22)]
ARCH += [(4, 28)]


def canonical(points: list) -> list:
    return [tuple(point) for point in canonical_polygon(points, "gt.txt:7").tolist()]


def test_clockwise_outlines_stay() -> None:
    for points in ([TL, TR, BR, BL], [BR, BL, TL, TR], [TR, BR, BL, TL], ARCH, ARCH[5:] + ARCH[:5]):
        assert canonical(points) == points
    assert canonical_polygon(np.array(ARCH).ravel(), "x").dtype == np.float32


def test_down_the_left_side_first() -> None:
    assert canonical([TL, BL, BR, TR]) == [TL, TR, BR, BL]
    # Upside down, the word starts at the bottom right of the photo.
    assert canonical([BR, TR, TL, BL]) == [BR, BL, TL, TR]
    assert canonical(ARCH[:1] + ARCH[:0:-1]) == ARCH


def test_along_the_bottom_first() -> None:
    assert canonical([BL, BR, TR, TL]) == [TL, TR, BR, BL]
    assert canonical([TR, TL, BL, BR]) == [BR, BL, TL, TR]
    assert canonical(ARCH[::-1]) == ARCH


def test_a_start_amid_a_side_is_mended() -> None:
    turned = ARCH[::-1]
    assert canonical(turned[2:] + turned[:2]) == ARCH


def test_darts_keep_their_outline() -> None:
    dart = [(0, 0), (50, 9), (40, 10), (50, 40)]
    for shift in range(4):
        points = dart[::-1][shift:] + dart[::-1][:shift]
        found = canonical(points)
        at = found.index((0, 0))
        assert found[at:] + found[:at] == dart


def test_repeated_vertices() -> None:
    repeated = [ARCH[0], *ARCH, ARCH[-1], ARCH[-1], ARCH[0]]
    assert canonical(repeated) == ARCH
    assert canonical([TL, TL, TR, BR, BL, TL]) == [TL, TR, BR, BL]
    # A triangle given as a quadrilateral has its area, and is somebody's ground truth.
    assert canonical([TL, TR, BR, BR]) == [TL, TR, BR, BR]


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        ([TL, TR, BR], "at least 4 points, got 3"),
        ([TL, TR, TR, BR, BR, BR], "at least 4 points, got 3"),
        ([TL, TR, TL, TR], "no area"),
        ([TL, TL, TL, TL], "no area"),
        ([TL, TR, BR, (0, float("nan"))], "not finite"),
        ([1, 2, 3, 4, 5, 6, 7], "shape"),
    ],
)
def test_refused_outlines(points: list, reason: str) -> None:
    with pytest.raises(AnnotationError, match=rf"^gt\.txt:7: .*{reason}"):
        canonical_polygon(points, "gt.txt:7")


def test_crossing_outlines_keep_their_vertices() -> None:
    for points in ([TL, TR, BL, (30, 11)], [TR, TL, (30, 11), BL]):
        assert canonical(points) == points


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 359), min_size=4, max_size=12, unique=True),
    st.integers(0, 11),
    st.booleans(),
)
def test_orientation_is_all_that_changes(angles: list[int], shift: int, mirrored: bool) -> None:
    radians = np.radians(sorted(angles))
    ring = np.stack([200 * np.cos(radians), 60 * np.sin(radians)], axis=1).astype(np.float32)
    ring = np.roll(ring[::-1] if mirrored else ring, shift, axis=0)
    found = canonical_polygon(ring, "x")
    assert is_clockwise(found)
    assert polygon_area(found) == pytest.approx(polygon_area(ring), rel=1e-5)
    assert sorted(found.tolist()) == sorted(ring.tolist())
    np.testing.assert_array_equal(canonical_polygon(found, "x"), found)


def test_photos_are_found_by_stem_or_number(tmp_path: Path) -> None:
    write_photos(tmp_path, "img_1.png", "1001.jpg", "b.v2.JPG")
    photos = PhotoFolder(tmp_path)
    assert photos.find("img_1", "x") == tmp_path / "img_1.png"
    assert photos.find("0001001", "x") == tmp_path / "1001.jpg"
    assert photos.find("b.v2", "x") == tmp_path / "b.v2.JPG"
    for stem in ("img_01", "1002", "b"):
        with pytest.raises(AnnotationError, match=rf"^gt\.txt: no photo {stem}\.\*"):
            photos.find(stem, "gt.txt")


def test_own_copies_share_nothing() -> None:
    stored = {"instances": [{"polygon": np.zeros((4, 2)), "text": "a"}], "lexicon": ["A"], "n": 1}
    copy = own_copy(stored)
    copy["instances"][0]["polygon"] += 1
    copy["instances"][0]["text"] = "b"
    copy["lexicon"].append("B")
    copy["instances"].append({})
    assert stored["lexicon"] == ["A"]
    (word,) = stored["instances"]
    assert word["text"] == "a"
    assert not word["polygon"].any()
