from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from research.gpu.mixed_batches import (
    TARGETS,
    MixedSource,
    PhotoBatches,
    WordBatches,
    label_tokens,
    width_buckets,
)
from research.gpu.shared_batches import SharedBatches
from spotter.charset import Charset
from spotter.data.datasets import TextDataset, TextRecDataset
from spotter.data.randomness import rng
from spotter.data.readers.word_list import WordListReader
from spotter.data.transforms import DBTargets, LoadCrop, RandomAffineCrop, RecAugment
from spotter.data.transforms.warping import warp_affine, warp_instances
from spotter.errors import ConfigError
from spotter.runtime.input_size import RecInputSize

SIZE: dict[str, Any] = {"height": 32, "mode": "buckets", "widths": [32, 64]}
STILL: dict[str, Any] = dict.fromkeys(
    ("geometric", "color", "invert", "grey", "blur", "resample", "noise", "jpeg"), 0.0
)


def words(folder: Path, value: int, labels: dict[str, int], **options: Any) -> TextDataset:
    """Crops of one grey value, as wide as the labels say."""
    folder.mkdir()
    for text, width in labels.items():
        cv2.imwrite(str(folder / f"{text}.png"), np.full((16, width, 3), value, np.uint8))
    lines = "".join(f"{text}.png {text}\n" for text in labels)
    (folder / "labels.txt").write_text(lines, encoding="utf-8")
    augment = RecAugment(**SIZE, **STILL)
    kind = TextRecDataset if "nothing_to_read" in options else TextDataset
    return kind(WordListReader(folder / "labels.txt"), [LoadCrop(), augment], **options)


def test_words_of_a_batch_share_their_width_and_keep_their_labels(tmp_path: Path) -> None:
    # A crop of 16 x 20 is 40 wide at height 32, one of 16 x 31 is 62.
    first = words(tmp_path / "a", 50, {"aB1": 20, "longer": 31})
    second = words(tmp_path / "b", 200, {"Z": 20, "zz": 20, "€": 20, "no": 31, "overlong": 31})
    assert width_buckets(second, RecInputSize(**SIZE)).tolist() == [0, 0, 0, 1, 1]
    charset = Charset.load("94")
    sources = [MixedSource(first, 3.0), MixedSource(second, 1.0)]
    maker = WordBatches(sources, 40, RecInputSize(**SIZE), charset, max_length=6)
    # Of the second, a quarter of the samples, two words of three are narrow.
    assert np.allclose(maker.joint, [[0.375, 0.375], [0.25 * 2 / 3, 0.25 / 3]])
    batches = SharedBatches(maker, 0, seed=1)
    texts = {}
    for _ in range(6):
        batch = batches.next()
        images = batch.arrays["images"]
        for image, row, length in zip(
            images, batch.arrays["characters"], batch.arrays["lengths"], strict=True
        ):
            text = "".join(charset.characters[t - 1] for t in row[:length])
            assert not row[length:].any()
            texts[text] = (image.shape[1], int(image.mean()))
        batches.release(batch)
    # Not the euro, which the charset lacks, nor "overlong".
    assert texts == {
        "aB1": (32, 50),
        "longer": (64, 50),
        "Z": (32, 200),
        "zz": (32, 200),
        "no": (64, 200),
    }


def test_a_source_of_nothing_that_can_be_learnt_is_named(tmp_path: Path) -> None:
    source = MixedSource(words(tmp_path / "a", 50, {"overlong": 20}, name="long"), 1.0)
    size = RecInputSize(**SIZE)
    with pytest.raises(ConfigError, match="long: no word to learn from"):
        WordBatches([source], 2, size, Charset.load("94"), max_length=6)
    with pytest.raises(ConfigError, match="positive shares"):
        WordBatches([MixedSource(source.dataset, 0.0)], 2, size, Charset.load("94"))
    with pytest.raises(ConfigError, match="input size with widths"):
        WordBatches([source], 2, RecInputSize(), Charset.load("94"))


def test_crops_with_nothing_to_read_have_no_characters(tmp_path: Path) -> None:
    # Whatever their labels say: "слово" cannot be spelled, "overlong" is too long.
    read = words(tmp_path / "a", 50, {"aB": 20})
    unread = words(tmp_path / "b", 200, {"слово": 20, "overlong": 20}, nothing_to_read=True)
    sources = [MixedSource(read, 1.0), MixedSource(unread, 1.0)]
    maker = WordBatches(sources, 60, RecInputSize(**SIZE), Charset.load("94"), max_length=6)
    arrays = SharedBatches(maker, 0, seed=1).next().arrays
    dark = arrays["images"].mean((1, 2, 3)) < 100
    assert 15 < dark.sum() < 45
    assert (arrays["lengths"] == np.where(dark, 2, 0)).all()
    assert not arrays["characters"][~dark].any()


def test_buckets_leave_room_for_stretching(tmp_path: Path) -> None:
    # 16 x 12 is 24 wide at height 32: 28.8 with the stretch; 16 x 14: 28, 33.6.
    data = words(tmp_path / "a", 50, {"narrow": 12, "wide": 14})
    assert width_buckets(data, RecInputSize(**SIZE)).tolist() == [0, 0]
    assert width_buckets(data, RecInputSize(**SIZE, stretch=1.2)).tolist() == [0, 1]


def test_labels_become_tokens_or_are_refused() -> None:
    charset = Charset.load("36")
    assert label_tokens(charset, "A0", 25) == [11, 1]
    assert label_tokens(charset, None, 25) is None
    assert label_tokens(charset, "", 25) is None
    assert label_tokens(charset, "a-b", 25) is None
    assert label_tokens(charset, "abc", 2) is None


class OnePhoto:
    """A grey photo with a hand-made word, a slanted one and one to be ignored."""

    context = 0.0
    polygons = (
        [[8, 8], [40, 8], [40, 24], [8, 24]],
        [[20, 34], [56, 42], [52, 58], [16, 50]],
        [[44, 4], [62, 4], [62, 14], [44, 14]],
    )

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> dict[str, Any]:
        instances = [
            {"polygon": np.array(points, np.float32), "text": "word", "ignore": number == 2}
            for number, points in enumerate(self.polygons)
        ]
        return {"img": np.full((64, 64, 3), 90, np.uint8), "instances": instances}


def test_photo_batches_hold_the_maps_of_db_targets() -> None:
    targets = DBTargets(min_side=3.0)
    dataset = TextDataset(OnePhoto(), [targets])  # type: ignore[arg-type]
    batch = SharedBatches(PhotoBatches([MixedSource(dataset, 1.0)], 2, 64), 0).next()
    expected = targets.maps(OnePhoto()[0]["instances"], 64, 64)
    # 32 x 16: D = 512 * (1 - 0.16) / 96 = 4.48, so the kernel begins 4.48 inside the outline.
    row = batch.arrays["shrink_map"][0, 16]
    assert np.flatnonzero(row).tolist() == list(range(12, 36))
    assert batch.arrays["shrink_mask"][0, 8, 50] == 0
    for name, dtype in TARGETS.items():
        assert batch.arrays[name].dtype == dtype
        for maps in batch.arrays[name]:
            assert np.array_equal(maps, expected[name])


def test_photo_batches_are_the_crops_of_the_transforms() -> None:
    crop = RandomAffineCrop(size=32, scale_range=(0.5, 1.5), flip=0.5)
    dataset = TextDataset(OnePhoto(), [crop, DBTargets(min_side=3.0)])  # type: ignore[arg-type]
    batches = SharedBatches(PhotoBatches([MixedSource(dataset, 1.0)], 3, 32), 0, seed=4)
    arrays = batches.next().arrays
    assert arrays["images"].shape == (3, 32, 32, 3)
    assert not np.array_equal(arrays["shrink_mask"][0], arrays["shrink_mask"][1])
    # The same by hand, with the chance of batch 0.
    rng.seed(np.random.SeedSequence([4, 0]).generate_state(4))
    sample = OnePhoto()[0]
    rng.choice(1, 3, p=[1.0])
    rng.randint(1)
    matrix, mirrored = crop._sample((64, 64), sample["instances"])
    instances = warp_instances(sample["instances"], matrix, 32, 32, 0.6, mirrored)
    maps = DBTargets(min_side=3.0).maps(instances, 32, 32)
    assert np.array_equal(arrays["images"][0], warp_affine(sample["img"], matrix, 32, 32))
    assert np.array_equal(arrays["shrink_map"][0], maps["shrink_map"])
