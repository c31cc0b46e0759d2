"""The switch that all readers share: raise at the first refused entry, or note and leave out."""

from __future__ import annotations

from pathlib import Path

import pytest

from spotter.data.readers import (
    ICDARDetectionReader,
    ICDARWordListReader,
    SelectedReader,
    WordListReader,
)
from spotter.errors import AnnotationError, ConfigError
from tests.unit.data.readers.label_folders import write_labels, write_photos

GOOD = "0,0,8,0,8,4,0,4,word\n"


@pytest.fixture
def scenes(tmp_path: Path) -> dict[str, Path]:
    """Four photos' labels: whole, with two bad lines, of a missing photo, empty."""
    photos = write_photos(tmp_path / "images", "1.png", "2.png", "4.png")
    labels = {
        "gt_1.txt": GOOD,
        "gt_2.txt": b"0,0,8\n" + GOOD.encode() + b"0,0,8,0,8,4,0,4,caf\xe9\n",
        "gt_3.txt": GOOD,
        "gt_4.txt": "",
    }
    return {
        "annotation_root": write_labels(tmp_path / "gt", labels),
        "image_root": photos,
    }


def test_refusals_name_file_and_line(scenes: dict[str, Path]) -> None:
    reader = ICDARDetectionReader(**scenes, strict=False)
    assert [Path(sample["img_path"]).stem for sample in reader] == ["1", "2", "4"]
    assert [len(sample["instances"]) for sample in reader] == [1, 1, 0]
    second, third, fourth = reader.refusals
    gt = scenes["annotation_root"]
    assert second.startswith(f"{gt / 'gt_2.txt'}:1: expected x1,y1")
    assert third.startswith(f"{gt / 'gt_2.txt'}:3: not UTF-8")
    assert "Latin-1" in third
    assert fourth == f"{gt / 'gt_3.txt'}: no photo 3.* in {scenes['image_root']}"
    assert all("\n" not in line for line in reader.refusals)


def test_the_first_refusal_ends_a_strict_reading(scenes: dict[str, Path]) -> None:
    with pytest.raises(AnnotationError, match=r"gt_2\.txt:1: .*; strict=False leaves") as caught:
        ICDARDetectionReader(**scenes)
    assert str(caught.value).count("strict=False") == 1


def test_refused_photos_are_not_counted_in_a_selection(scenes: dict[str, Path]) -> None:
    reader = ICDARDetectionReader(**scenes, strict=False)
    part = SelectedReader(reader, indices=[2, 0])
    assert [Path(sample["img_path"]).stem for sample in part] == ["4", "1"]
    assert part.refusals == reader.refusals
    with pytest.raises(ConfigError, match="index 3 is outside of 3 samples"):
        SelectedReader(reader, indices=[3])


def test_a_missing_folder_is_no_refusal(scenes: dict[str, Path]) -> None:
    scenes["annotation_root"] = scenes["annotation_root"] / "absent"
    with pytest.raises(AnnotationError, match="no such folder"):
        ICDARDetectionReader(**scenes, strict=False)


def test_lists_of_words(tmp_path: Path) -> None:
    file = tmp_path / "gt.txt"
    file.write_bytes(b'1.png, "one"\n2.png two\n3.png, "drei \xfc"\n4.png, "four"\n')
    words = ICDARWordListReader(file, strict=False)
    assert [sample["text"] for sample in words] == ["one", "four"]
    assert [line.split(": ")[0] for line in words.refusals] == [f"{file}:2", f"{file}:3"]

    file.write_bytes(b"1.png one\n2.png\n3.png \xc4\xe3\xba\xc3\n4.png four\n")
    lines = WordListReader(file, strict=False)
    assert [sample["text"] for sample in lines] == ["one", "four"]
    assert [line.split(": ")[0] for line in lines.refusals] == [f"{file}:2", f"{file}:3"]
