"""Data preprocessors: order of channels, normalisation, padding, branches."""

import numpy as np
import torch

from spotter.data.preprocessor import DetDataPreprocessor, RecDataPreprocessor
from spotter.registry import MODELS
from spotter.structures import TextDetSample, TextRecSample


def image(height, width, bgr=(10, 20, 30)):
    return torch.tensor(bgr, dtype=torch.uint8).view(3, 1, 1).expand(3, height, width)


def test_bgr_becomes_normalised_rgb():
    # MODELS.build would import every model for it.
    preprocessor = MODELS.module_dict["DetDataPreprocessor"](mean=[10, 20, 40], std=[2, 4, 5])
    batch = preprocessor({"inputs": [image(32, 64)] * 2, "data_samples": [TextDetSample()] * 2})
    assert batch["inputs"].shape == (2, 3, 32, 64)
    assert batch["inputs"].dtype == torch.float32
    # RGB 30, 20, 10: (30 - 10) / 2, (20 - 20) / 4, (10 - 40) / 5.
    assert batch["inputs"][1, :, 5, 7].tolist() == [10.0, 0.0, -6.0]


def test_stacked_batches_and_missing_samples():
    batch = RecDataPreprocessor()({"inputs": torch.stack([image(32, 128, (0, 255, 0))] * 3)})
    assert batch["inputs"][2, :, 0, 0].tolist() == [-1.0, 1.0, -1.0]
    assert batch["data_samples"] is None


def test_detection_padding_is_neutral():
    maps = {"shrink_mask": np.ones((40, 50), np.uint8)}
    samples = [TextDetSample(targets=maps), TextDetSample(input_shape=(64, 32))]
    batch = DetDataPreprocessor()(
        {"inputs": [image(40, 50), image(64, 32)], "data_samples": samples}
    )
    assert batch["inputs"].shape == (2, 3, 64, 64)
    first, second = batch["inputs"]
    assert first[:, :40, :50].abs().min() > 0
    assert first[:, 40:].abs().max() == 0
    assert first[:, :, 50:].abs().max() == 0
    assert second[:, :, 32:].abs().max() == 0
    padded = batch["data_samples"][0].targets["shrink_mask"]
    assert padded.shape == (64, 64)
    assert padded.sum() == 40 * 50
    assert samples[0].targets["shrink_mask"].shape == (40, 50)


def test_padded_equals_unpadded_inside():
    preprocessor = DetDataPreprocessor()
    wide = torch.randint(0, 256, (3, 32, 64), dtype=torch.uint8)
    alone = preprocessor({"inputs": [wide]})["inputs"][0]
    together = preprocessor({"inputs": [wide, image(64, 96)]})["inputs"][0]
    assert torch.equal(together[:, :32, :64], alone)


def test_recognition_padding_lowers_the_valid_ratio():
    samples = [TextRecSample("a"), TextRecSample("b", valid_ratio=0.5), TextRecSample("c")]
    batch = RecDataPreprocessor()(
        {"inputs": [image(32, 30), image(32, 64), image(32, 99)], "data_samples": samples}
    )
    assert batch["inputs"].shape == (3, 3, 32, 100)
    ratios = [sample.valid_ratio for sample in batch["data_samples"]]
    np.testing.assert_allclose(ratios, [0.30, 0.32, 0.99])
    assert [sample.text for sample in batch["data_samples"]] == ["a", "b", "c"]
    assert samples[0].valid_ratio == 1.0
    assert batch["inputs"][0, :, :, 30:].abs().max() == 0


def test_channels_last():
    data = {"inputs": [image(32, 64)] * 2}
    for flag, layout in ((True, torch.channels_last), (False, torch.contiguous_format)):
        inputs = DetDataPreprocessor(channels_last=flag)(data)["inputs"]
        assert inputs.is_contiguous(memory_format=layout)


def test_branches_stay_branches():
    """As mmdet's MultiBranch packs them: an item without a branch leaves None."""
    data = {
        "inputs": {"sup": [image(32, 64), None], "weak": [None, image(32, 96)]},
        "data_samples": {"sup": [TextRecSample("a"), None], "weak": [None, TextRecSample()]},
    }
    batch = RecDataPreprocessor()(data)
    assert batch["inputs"]["sup"].shape == (1, 3, 32, 64)
    assert batch["inputs"]["weak"].shape == (1, 3, 32, 96)
    assert [sample.text for sample in batch["data_samples"]["sup"]] == ["a"]
    assert len(batch["data_samples"]["weak"]) == 1


def test_statistics_are_no_part_of_a_checkpoint():
    assert DetDataPreprocessor().state_dict() == {}
