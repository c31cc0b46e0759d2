"""The first and last steps of pipelines."""

import numpy as np
import pytest
import torch
from PIL import Image

from spotter.data.transforms import LoadCrop, LoadImage, PackDetInputs, PackRecInputs
from spotter.errors import ImageError


def test_load_image(tmp_path):
    path = str(tmp_path / "a.png")
    Image.new("RGB", (12, 8), (1, 2, 3)).save(path)
    results = LoadImage()({"img_path": path})
    assert results["img"][0, 0].tolist() == [3, 2, 1]
    assert results["img_shape"] == results["ori_shape"] == (8, 12)
    assert results["scale_factor"] == (1.0, 1.0)
    assert LoadImage()({"img_path": path, "resize_to": (6, 4)})["ori_shape"] == (4, 6)


def test_load_crop_takes_arrays():
    image = np.zeros((4, 6, 3), np.uint8)
    assert LoadCrop()({"img": image, "text": "a"})["img"] is image
    with pytest.raises(ImageError, match="neither"):
        LoadCrop()({"text": "a"})


def test_pack_detection():
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    polygon = np.array([[0, 0], [2, 0], [2, 1], [0, 1]])
    targets = {"shrink_map": np.zeros((2, 4), np.uint8)}
    packed = PackDetInputs()(
        {
            "img": image,
            "instances": [{"polygon": polygon, "text": "a", "ignore": np.True_}],
            "targets": targets,
            "img_path": "a.png",
            "img_shape": (2, 3),
            "ori_shape": (4, 6),
            "scale_factor": (0.5, 0.5),
        }
    )
    assert torch.equal(packed["inputs"], torch.from_numpy(image).permute(2, 0, 1))
    sample = packed["data_samples"]
    assert (sample.input_shape, sample.original_shape, sample.scale) == ((2, 3), (4, 6), (0.5, 0.5))
    assert sample.instances[0].ignore is True
    assert sample.instances[0].polygon.dtype == np.float32
    assert sample.targets is targets


def test_packed_tensors_are_writable_copies_of_read_only_images():
    image = np.zeros((2, 4, 3), np.uint8)
    image.flags.writeable = False
    packed = PackRecInputs()({"img": image, "text": "a", "valid_ratio": 0.5, "source": "s"})
    packed["inputs"].add_(1)
    assert image.max() == 0
    sample = packed["data_samples"]
    assert (sample.text, sample.valid_ratio, sample.source) == ("a", 0.5, "s")
    assert PackRecInputs()({"img": image})["data_samples"].text is None
