"""docTR's detection labels, of one class and of several."""

from __future__ import annotations

import pytest

from spotter.data.readers import DocTRReader
from spotter.errors import AnnotationError
from tests.unit.data.readers.json_photos import corners_of, words_of, write_json, write_photos

CORNERS = [[10, 20], [50, 20], [50, 40], [10, 40]]


def photo(polygons):
    return {"img_dimensions": [100, 200], "img_hash": "ab12", "polygons": polygons}


@pytest.fixture
def root(tmp_path):
    write_photos(tmp_path / "images", "1.png", "2.png")
    return tmp_path


def test_points_have_no_order(root):
    # Row by row, as a comparison of corners would give them: the outline crosses itself.
    crossed = [CORNERS[0], CORNERS[1], CORNERS[3], CORNERS[2]]
    turned = [CORNERS[2], CORNERS[3], CORNERS[0], CORNERS[1]]
    document = {"1.png": photo([CORNERS, crossed, turned, CORNERS[::-1]]), "2.png": photo([])}
    reader = DocTRReader(write_json(root / "labels.json", document))
    assert words_of(reader[0]) == [(None, False)] * 4
    assert all(corners_of(reader[0], number) == CORNERS for number in range(4))
    assert reader[1]["instances"] == []


def test_classes(root):
    other = [[60, 20], [90, 20], [90, 40], [60, 40]]
    document = {"1.png": photo({"words": [CORNERS], "logo": [other]}), "2.png": photo({})}
    file = write_json(root / "labels.json", document)
    assert len(DocTRReader(file)[0]["instances"]) == 2
    reader = DocTRReader(file, classes=("logo",))
    assert corners_of(reader[0]) == other
    assert [len(sample["instances"]) for sample in reader] == [1, 0]
    write_json(file, {"1.png": photo([CORNERS])})
    with pytest.raises(AnnotationError, match=r"1\.png: its polygons have no classes"):
        DocTRReader(file, classes=("logo",))


def test_refusals(root):
    document = {"1.png": photo([CORNERS, CORNERS[:3], 7]), "gone.png": photo([]), "2.png": {}}
    file = write_json(root / "labels.json", document)
    reader = DocTRReader(file, strict=False)
    assert [len(sample["instances"]) for sample in reader] == [1]
    assert [refusal.split("labels.json: ")[1].split(":")[0] for refusal in reader.refusals] == [
        "1.png, word 2", "1.png, word 3", "gone.png", "2.png",
    ]  # fmt: skip
    with pytest.raises(AnnotationError, match=r"1\.png, word 2"):
        DocTRReader(file)
    write_photos(root / "elsewhere", "1.png")
    assert len(DocTRReader(file, root / "elsewhere", strict=False)) == 1
