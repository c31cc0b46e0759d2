import numpy as np
import pytest

from spotter.errors import ConfigError
from spotter.registry import DATASETS


@pytest.fixture(scope="module")
def words(face_paths):
    return DATASETS.build(
        {
            "type": "SyntheticWordDataset",
            "length": 10,
            "fonts": face_paths,
            "pipeline": [{"type": "PackRecInputs"}],
            "name": "synthetic",
        }
    )


def test_words_are_packed(words):
    assert len(words) == 10
    packed = words[4]
    image, text = words.synthesizer.sample(4)
    np.testing.assert_array_equal(packed["inputs"].numpy().transpose(1, 2, 0), image)
    assert packed["data_samples"].text == text
    assert packed["data_samples"].source == "synthetic"


def test_scenes_are_packed(face_paths):
    scenes = DATASETS.build(
        {
            "type": "SyntheticSceneDataset",
            "length": 3,
            "size": (160, 200),
            "fonts": face_paths[0],
            "pipeline": [{"type": "PackDetInputs"}],
        }
    )
    packed = scenes[1]
    assert tuple(packed["inputs"].shape) == (3, 160, 200)
    expected = scenes.synthesizer.sample(1)["instances"]
    assert [item.text for item in packed["data_samples"].instances] == [
        item["text"] for item in expected
    ]


def test_pages_are_packed(face_paths):
    pages = DATASETS.build(
        {
            "type": "SyntheticPageDataset",
            "length": 3,
            "size": (160, 200),
            "fonts": face_paths[0],
            "pipeline": [{"type": "PackDetInputs"}],
        }
    )
    packed = pages[1]
    expected = pages.synthesizer.sample(1)
    assert tuple(packed["inputs"].shape) == (3, *expected["img"].shape[:2])
    assert [item.text for item in packed["data_samples"].instances] == [
        item["text"] for item in expected["instances"]
    ]


def test_a_refused_sample_is_drawn_anew_and_reproducibly(face_paths):
    seen = []

    def refuse_twice(results):
        seen.append(results["text"])
        return None if len(seen) < 3 else results

    dataset = DATASETS.get("SyntheticWordDataset")(
        length=5, fonts=face_paths, pipeline=[refuse_twice]
    )
    result = dataset[2]
    assert seen == [dataset.synthesizer.sample(index)[1] for index in (2, 7, 12)]
    assert result["text"] == seen[2]
    dataset.pipeline = lambda results: None
    with pytest.raises(ConfigError, match="refused"):
        dataset[0]


def test_indices_end(words):
    with pytest.raises(IndexError):
        words[10]
    with pytest.raises(ConfigError, match="length 0"):
        DATASETS.build({"type": "SyntheticWordDataset", "length": 0})
