"""MJSynth: the word is in the file's name, the names are in a list or a folder."""

from __future__ import annotations

import pickle

import pytest

from spotter.data.readers import MJSynthReader
from spotter.errors import AnnotationError

NAMES = [
    "2425/1/115_Lube_45484.jpg",
    "2425/2/10_don't_7.jpg",
    "2425/10/1_A_1.jpg",
    "300/1/9_b_2.jpg",
]
WORDS = ["Lube", "don't", "A", "b"]


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "90kDICT32px"
    for name in NAMES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def read(root, text, **options):
    (root / "annotation_train.txt").write_text(text)
    return MJSynthReader(root / "annotation_train.txt", **options)


def test_lists(root):
    reader = read(root, "".join(f"./{name} {number}\r\n" for number, name in enumerate(NAMES)))
    assert [sample["text"] for sample in reader] == WORDS
    assert reader[1]["img_path"] == str(root / NAMES[1])
    elsewhere = read(root, "\n".join(NAMES), image_root="/crops")
    assert elsewhere[3] == {"img_path": "/crops/300/1/9_b_2.jpg", "text": "b"}


def test_a_folder_in_natural_order(root):
    (root / "lexicon.txt").write_text("lube\n")
    (root / "2425/1/notes.txt").touch()
    reader = MJSynthReader(image_root=root)
    assert [sample["text"] for sample in reader] == ["b", "Lube", "don't", "A"]
    assert pickle.loads(pickle.dumps(reader))[1]["img_path"] == str(root / NAMES[0])
    (root / "300/1/preview.png").touch()
    with pytest.raises(AnnotationError, match=r"90kDICT32px: expected a name like .*preview\.png"):
        MJSynthReader(image_root=root)
    lenient = MJSynthReader(image_root=root, strict=False)
    assert (len(lenient), len(lenient.refusals)) == (4, 1)


def test_names_without_a_word(root):
    text = f"./{NAMES[0]} 1\n./2425/1/115.jpg 2\n./2425/1/115__3.jpg 3\n./{NAMES[2]} 4\n"
    reader = read(root, text)
    assert (len(reader), reader[3]["text"]) == (4, "A")
    for index in (1, 2):
        with pytest.raises(
            AnnotationError, match=rf"annotation_train\.txt:{index + 1}: expected a"
        ):
            reader[index]
    with pytest.raises(AnnotationError, match=r"annotation_train\.txt:2: "):
        read(root, text, check=True)
    lenient = read(root, text, strict=False)
    assert [sample["text"] for sample in lenient] == ["Lube", "A"]
    assert [refusal.split(": ")[0][-1] for refusal in lenient.refusals] == ["2", "3"]


def test_nothing_to_read(root, tmp_path):
    assert len(read(root, "")) == 0
    (tmp_path / "empty").mkdir()
    with pytest.raises(AnnotationError, match="holds no crops"):
        MJSynthReader(image_root=tmp_path / "empty")
    with pytest.raises(AnnotationError, match="no such folder"):
        MJSynthReader(image_root=tmp_path / "absent")
    with pytest.raises(AnnotationError, match="needs an annotation_file, an image_root, or both"):
        MJSynthReader()
