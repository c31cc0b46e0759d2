"""Label Studio's JSON export: percent, turned rectangles, texts joined by region."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.data.readers import LabelStudioReader
from spotter.errors import AnnotationError
from tests.unit.data.readers.json_photos import corners_of, words_of, write_json, write_photos

WIDTH, HEIGHT = 1000, 500
BOX = {"x": 20, "y": 20, "width": 30, "height": 20, "rotation": 0}
CORNERS = [[200, 100], [500, 100], [500, 200], [200, 200]]


def result(kind, name, region, value, **rest):
    size = {"original_width": WIDTH, "original_height": HEIGHT, "image_rotation": 0}
    return (
        {"id": region, "type": kind, "from_name": name, "to_name": "image", "value": value}
        | size
        | rest
    )


def rectangle(region, text=None, label="Text", **value):
    """The three results that the template for OCR exports for one region."""
    box = BOX | value
    results = [
        result("rectangle", "bbox", region, box),
        result("labels", "label", region, {**box, "labels": [label]}),
    ]
    if text is not None:
        texts = text if isinstance(text, list) else [text]
        results.append(result("textarea", "transcription", region, {**box, "text": texts}))
    return results


def task(*results, image="/data/upload/1/0123abcd-1.jpg", **annotation):
    annotations = [{"id": 1, "was_cancelled": False, "result": list(results), **annotation}]
    return {"id": 7, "data": {"note": "n", "ocr": image}, "annotations": annotations}


@pytest.fixture
def root(tmp_path):
    return write_photos(tmp_path, "1.jpg", "0123abcd-2.jpg", "a/b c.png", size=(WIDTH, HEIGHT))


def read(root, *tasks, **options):
    return LabelStudioReader(write_json(root / "export.json", list(tasks)), **options)


def test_regions_are_joined_with_their_texts_and_labels(root):
    lines = rectangle("r2", ["two", "lines"], x=50)
    dots = [[20, 20], [50, 20], [50, 40], [20, 40]]
    polygon = [result("polygonlabels", "poly", "r3", {"points": dots, "polygonlabels": ["Text"]})]
    marked = rectangle("r5", "guess", label="Illegible")
    whole = {"id": "c1", "type": "choices", "value": {"choices": ["street"]}}
    relation = {"type": "relation", "from_id": "r1", "to_id": "r2"}
    results = [
        *lines[1:], *rectangle("r1", " word "), lines[0], *polygon, *rectangle("r4", "###"),
        *marked, whole, relation,
    ]  # fmt: skip
    reader = read(root, task(*results), ignored_labels=("Illegible",))
    assert reader[0]["img_path"] == str(root / "1.jpg")
    assert words_of(reader[0]) == [
        ("two lines", False), ("word", False), (None, False), (None, True), (None, True),
    ]  # fmt: skip
    assert corners_of(reader[0], 1) == corners_of(reader[0], 2) == CORNERS
    assert words_of(read(root, task(*results), labels=("Illegible",))[0]) == [("guess", False)]
    assert words_of(read(root, task(*results), text_name="other")[0])[1] == (None, False)


def test_a_rectangle_turns_about_its_corner_in_pixels(root):
    # Label Studio's own example (issue 2293): 300 x 100 px at (200, 100), turned by 90 degrees,
    # covers what stands upright at (100, 100) with 100 x 300 px.
    turned = read(root, task(*rectangle("r", "a", rotation=90)))[0]
    expected = [[200, 100], [200, 400], [100, 400], [100, 100]]
    np.testing.assert_allclose(corners_of(turned), expected, atol=1e-4)
    tilted = np.array(corners_of(read(root, task(*rectangle("r", "a", rotation=30)))[0]))
    along, down = tilted[1] - tilted[0], tilted[3] - tilted[0]
    np.testing.assert_allclose(along, [300 * np.sqrt(0.75), 150], atol=1e-3)
    np.testing.assert_allclose(down, [-50, 100 * np.sqrt(0.75)], atol=1e-3)


def test_the_photos_size_when_the_export_has_none(root):
    results = rectangle("r", "a")
    for item in results:
        del item["original_width"]
    assert corners_of(read(root, task(*results))[0]) == CORNERS


def test_which_annotation_counts(root):
    first, second = rectangle("r", "first"), rectangle("r", "second")
    several = task(*first)
    several["annotations"] = [
        {"result": rectangle("r", "cancelled"), "was_cancelled": True},
        {"result": first},
        {"result": second, "ground_truth": True},
    ]
    assert words_of(read(root, several)[0]) == [("second", False)]
    del several["annotations"][2]["ground_truth"]
    assert words_of(read(root, several)[0]) == [("first", False)]
    several["annotations"] = several["annotations"][:1]
    old = {"id": 1, "data": {"image": "1.jpg"}, "completions": [{"result": second}]}
    reader = read(root, several, old, {"id": 2, "data": {"image": "1.jpg"}, "annotations": []})
    assert [words_of(sample) for sample in reader] == [[("second", False)]]


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/data/upload/3/0123abcd-1.jpg", "1.jpg"),
        ("/data/upload/3/0123abcd-2.jpg", "0123abcd-2.jpg"),
        ("/data/local-files/?d=a/b%20c.png", "a/b c.png"),
        ("s3://bucket/deep/1.jpg", "1.jpg"),
        ("https://host/x/1.jpg?token=2", "1.jpg"),
    ],
)
def test_addresses_of_photos(root, address, name):
    assert read(root, task(image=address))[0]["img_path"] == str(root / name)


def test_refusals(root):
    ellipse = [result("ellipselabels", "e", "r2", {"x": 1, "y": 1, "radiusX": 2, "radiusY": 3})]
    view = [{**rectangle("r3", "a")[0], "image_rotation": 90}]
    short = [result("rectangle", "bbox", "r4", {"x": 1, "y": 2})]
    tasks = [
        task(*rectangle("r1", "good"), *ellipse, *view, *short, *rectangle("r5", [5])),
        task(image="gone.jpg"),
        task(image="sound.wav"),
        {"ocr": "1.jpg", "bbox": [BOX], "transcription": ["a"]},
    ]
    reader = read(root, *tasks, strict=False)
    assert [words_of(sample) for sample in reader] == [[("good", False)]]
    told = "\n".join(refusal.split("export.json: ")[1] for refusal in reader.refusals)
    for expected in [
        "task 4: has no data; export as JSON, not as JSON-MIN",
        "task 1, word 2 (r2): a ellipselabels is not the outline of a word",
        "task 1, word 3 (r3): drawn on a turned view",
        "task 1, word 4 (r4): is an incomplete rectangle",
        "task 1, word 5 (r5): expected a string, found 5",
        "task 2: no photo",
        "task 3: its data name no image",
    ]:
        assert expected in told
    assert len(reader.refusals) == 7
    with pytest.raises(AnnotationError, match=r"export\.json: expected a list"):
        LabelStudioReader(write_json(root / "export.json", {}))
