"""Labels that a preset gives to photos without any."""

from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from spotter.bulk.run import Photos
from spotter.data.readers.ctw1500_text import CTW1500TextReader
from spotter.data.readers.icdar_detection import ICDARDetectionReader
from spotter.errors import ConfigError
from spotter.geometry import iou_matrix
from spotter.labeling.photo_labels import (
    LAYOUTS,
    LabelJob,
    LabelRules,
    PhotoLabeller,
    label_photos,
)
from spotter.structures import TextInstance
from spotter.synthesis.writers import SynthesisSettings, write_scenes


@pytest.mark.parametrize(
    ("text", "score", "same", "accepted"),
    [
        ("shop", 0.3, 6, True),  # most views agree: language need not be sure
        ("shop", 0.3, 5, False),
        ("shop", 0.95, 3, True),  # a quarter agrees, and language is sure
        ("shop", 0.95, 2, False),
        ("the", 0.99, 5, False),  # a short word is soon made up
        ("I", 1.0, 10, False),
    ],
)
def test_rules_by_hand(text: str, score: float, same: int, accepted: bool) -> None:
    seen = [text.upper()] * same + ["sh0p"] * (10 - same)
    assert LabelRules().accept(text, score, seen) is accepted


def test_rules_refuse_shares_that_contradict_each_other() -> None:
    with pytest.raises(ConfigError, match="doubtful <= agreement"):
        LabelRules(agreement=0.2)


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    write_scenes(folder, SynthesisSettings(), 6)
    (folder / "images" / "broken.jpg").write_bytes(b"no photo")
    return folder


def test_what_is_labelled_is_mostly_right_and_the_rest_ignored(labelled: Path) -> None:
    images = labelled / "images"
    photos = {path.name: path for path in sorted(images.iterdir())}
    job = LabelJob(partial(PhotoLabeller, threads=1))
    report = label_photos(Photos.named(photos), labelled / "own", job)
    assert report.photos == 6
    assert list(report.errors) == ["broken.jpg"]
    assert str(report).endswith("1 photos could not be read")
    truth = ICDARDetectionReader(labelled / "gt", images)
    own = ICDARDetectionReader(labelled / "own", images)
    right = wrong = 0
    for sample, expected in zip(own, truth, strict=True):
        assert sample["img_path"] == expected["img_path"]
        for word in sample["instances"]:
            assert word["ignore"] == (word["text"] is None)
            if word["ignore"]:
                continue
            others = [other for other in expected["instances"] if not other["ignore"]]
            overlaps = iou_matrix([word["polygon"]], [other["polygon"] for other in others])[0]
            overlap, text = overlaps.max(), others[int(overlaps.argmax())]["text"]
            if overlap > 0.6:
                same = _folded(text) == _folded(word["text"])
                right, wrong = right + same, wrong + (not same)
    assert report.labelled >= right + wrong >= 5
    assert right >= 0.8 * (right + wrong)
    # A second time there is only the photo that could not be read.
    again = label_photos(Photos.named(photos), labelled / "own", job)
    assert (again.photos, list(again.errors)) == (0, ["broken.jpg"])
    # Processes label the same, and what labels them is gone on with by any number of these.
    few = dict(list(photos.items())[:3])
    report = label_photos(Photos.named(few), labelled / "two", job, workers=2)
    assert (report.photos, list(report.errors)) == (2, ["broken.jpg"])
    for file in (labelled / "two").iterdir():
        assert file.read_bytes() == (labelled / "own" / file.name).read_bytes()
    assert label_photos(Photos.named(few), labelled / "two", job).photos == 0


def _folded(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def test_two_photos_of_one_name_are_refused(tmp_path: Path) -> None:
    for name in ("a/x.png", "b/x.png"):
        (tmp_path / name).parent.mkdir()
        cv2.imwrite(str(tmp_path / name), np.zeros((8, 8, 3), np.uint8))
    photos = {name: tmp_path / name for name in ("a/x.png", "b/x.png")}
    with pytest.raises(ConfigError, match="two photos are named x"):
        label_photos(Photos.named(photos), tmp_path / "out", LabelJob(PhotoLabeller))


class _CurvedWord:
    """Says that every photo holds one curved word, and one that cannot be read."""

    outline = np.array([[5, 9], [20, 5], [35, 9], [35, 19], [20, 15], [5, 19]], np.float32)

    def label(self, image: np.ndarray, stem: str) -> list[TextInstance]:
        below = np.array([[5, 25], [35, 25], [35, 35], [5, 35]], np.float32)
        return [TextInstance(self.outline, "CIRCLE"), TextInstance(below, None, ignore=True)]


def test_the_layout_of_ctw1500_keeps_the_outlines_of_curved_words(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    cv2.imwrite(str(tmp_path / "images" / "seal.png"), np.zeros((48, 48, 3), np.uint8))
    photos = Photos.named({"seal.png": tmp_path / "images" / "seal.png"})
    for layout in LAYOUTS:
        label_photos(photos, tmp_path / layout, LabelJob(_CurvedWord), layout=layout)
    [photo] = CTW1500TextReader(tmp_path / "ctw1500", tmp_path / "images")
    assert [word["text"] for word in photo["instances"]] == ["CIRCLE", None]
    np.testing.assert_array_equal(photo["instances"][0]["polygon"], _CurvedWord.outline)
    [photo] = ICDARDetectionReader(tmp_path / "icdar2015", tmp_path / "images")
    assert [len(word["polygon"]) for word in photo["instances"]] == [4, 4]
    with pytest.raises(ConfigError, match="no layout 'total'; there are icdar2015, ctw1500"):
        label_photos(photos, tmp_path / "out", LabelJob(_CurvedWord), layout="total")
