"""Datasets and the cache of decoded images."""

import os
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from PIL import Image
from torch.utils.data import DataLoader

from spotter.data import randomness
from spotter.data.cache import CachedImages, cache_key
from spotter.data.datasets import ConcatDataset, TextDetDataset, TextRecDataset
from spotter.data.readers import ICDARDetectionReader, ImageFolderReader, WordListReader
from spotter.errors import CharsetError, ConfigError, ImageError
from spotter.label_alphabet import LabelAlphabet
from spotter.registry import DATASETS

DET_STEPS = [{"type": "LoadImage"}, {"type": "PackDetInputs"}]
REC_STEPS = [{"type": "LoadCrop"}, {"type": "RecResize"}, {"type": "PackRecInputs"}]


@pytest.fixture
def crops(tmp_path):
    """Five crops of different sizes, all noise, with a list of labels w0 to w4."""
    rng = np.random.default_rng(0)
    for number in range(5):
        pixels = rng.integers(0, 256, (10 + number, 30 + 3 * number, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    (tmp_path / "labels.txt").write_text("".join(f"{n}.png w{n}\n" for n in range(5)))
    return tmp_path


def samples(root):
    return list(WordListReader(root / "labels.txt"))


def test_recognition_items(crops):
    reader = {"type": "WordListReader", "annotation_file": crops / "labels.txt"}
    dataset = DATASETS.build(
        {"type": "TextRecDataset", "reader": reader, "pipeline": REC_STEPS, "name": "toy"}
    )
    item = dataset[3]
    assert item["inputs"].shape == (3, 32, 128)
    assert item["inputs"].dtype == torch.uint8
    sample = item["data_samples"]
    assert (sample.text, sample.source, sample.valid_ratio) == ("w3", "toy", 1.0)
    assert sample.img_path == str(crops / "3.png")
    assert dataset.metainfo == {"name": "toy"}


def test_samples_say_what_their_labels_can_express(crops):
    reader = WordListReader(crops / "labels.txt")
    upper = TextRecDataset(reader, REC_STEPS, label_alphabet="upper")
    assert upper[0]["data_samples"].label_alphabet == LabelAlphabet.load("upper")
    # Worker processes get it as well.
    copied = pickle.loads(pickle.dumps(upper[0]["data_samples"]))
    assert copied.label_alphabet.project("It's") == "ITS"
    assert TextRecDataset(reader, REC_STEPS)[0]["data_samples"].label_alphabet is None
    with pytest.raises(CharsetError, match="label alphabet 'lower'"):
        TextRecDataset(reader, label_alphabet="lower")


def test_a_label_alphabet_goes_with_every_sample(crops):
    dataset = TextRecDataset(
        WordListReader(crops / "labels.txt"),
        REC_STEPS,
        label_alphabet={"characters": "w0123", "case": False},
    )
    alphabet = dataset[3]["data_samples"].label_alphabet
    assert alphabet.project("w3!") == "w3"
    assert TextRecDataset(samples(crops), REC_STEPS)[3]["data_samples"].label_alphabet is None


def test_crops_with_nothing_to_read_have_the_empty_label(crops):
    reader = WordListReader(crops / "labels.txt")
    dataset = TextRecDataset(reader, REC_STEPS, nothing_to_read=True)
    assert dataset[3]["data_samples"].text == ""
    # Their labels ask nothing of a charset.
    assert list(dataset.labels()) == []


def test_indices_and_repeat(crops):
    reader = WordListReader(crops / "labels.txt")

    def texts(**options):
        dataset = TextRecDataset(reader, REC_STEPS, **options)
        return [dataset[i]["data_samples"].text for i in range(len(dataset))]

    assert texts(indices=[4, 1]) == ["w4", "w1"]
    assert texts(stop=2, repeat=2) == ["w0", "w1", "w0", "w1"]
    assert texts(start=-2) == ["w3", "w4"]
    assert texts(start=1, stop=99) == ["w1", "w2", "w3", "w4"]
    with pytest.raises(ConfigError, match="indices or start and stop"):
        texts(start=1, indices=[0])
    with pytest.raises(IndexError):
        TextRecDataset(reader)[5]
    with pytest.raises(ConfigError, match="no samples"):
        TextRecDataset(reader, indices=[])


def test_detection_items_follow_resize_to(tmp_path):
    Image.new("RGB", (12, 8), (1, 2, 3)).save(tmp_path / "a.png")
    (tmp_path / "gt_a.txt").write_text("0,0,6,0,6,4,0,4,hi\n0,0,3,0,3,4,0,4,###\n")
    reader = ICDARDetectionReader(tmp_path, tmp_path, resize_to=(24, 16))
    for cache_dir in (None, tmp_path / "cache", tmp_path / "cache"):
        item = TextDetDataset(reader, DET_STEPS, cache_dir=cache_dir)[0]
        assert item["inputs"].shape == (3, 16, 24)
        assert item["inputs"][:, 0, 0].tolist() == [3, 2, 1]
        sample = item["data_samples"]
        assert sample.original_shape == sample.input_shape == (16, 24)
        np.testing.assert_array_equal(sample.instances[0].polygon[2], [12, 8])
        assert [(i.text, i.ignore) for i in sample.instances] == [("hi", False), (None, True)]


def test_refused_samples_are_replaced_and_given_up_at_last(crops):
    reader = WordListReader(crops / "labels.txt")
    dataset = TextRecDataset(reader, [lambda r: None if r["text"] != "w2" else r])
    randomness.rng.seed(0)
    assert dataset[0]["text"] == "w2"
    with pytest.raises(ConfigError, match="refused"):
        TextRecDataset(reader, [lambda r: None])[0]


def test_damaged_file_is_named(crops):
    (crops / "2.png").write_bytes(b"junk")
    dataset = TextRecDataset(WordListReader(crops / "labels.txt"), REC_STEPS)
    with pytest.raises(ImageError, match=r"2\.png"):
        dataset[2]


def test_cache_holds_the_decoded_images(crops, monkeypatch):
    plain = TextRecDataset(WordListReader(crops / "labels.txt"), REC_STEPS)
    cached = TextRecDataset(plain.reader, REC_STEPS, indices=[3, 1], cache_dir=crops / "cache")
    assert torch.equal(cached[0]["inputs"], plain[3]["inputs"])
    assert torch.equal(cached[1]["inputs"], plain[1]["inputs"])
    assert cached[0]["data_samples"].text == "w3"

    def fail(_):
        raise AssertionError("decoded again")

    monkeypatch.setattr("spotter.data.cache.load_pixels", fail)
    again = CachedImages([samples(crops)[i] for i in (3, 1)], crops / "cache")
    assert again[0].shape == (13, 39, 3)
    assert not again[0].flags.writeable


def test_cache_resumes_after_an_interruption(crops, monkeypatch):
    whole = CachedImages(samples(crops), crops / "whole", progress=False)
    import spotter.data.cache as cache_module

    original = cache_module.load_pixels

    def interrupted(sample):
        if sample["text"] == "w3":
            raise ImageError("the disk is gone")
        return original(sample)

    monkeypatch.setattr(cache_module, "load_pixels", interrupted)
    with pytest.raises(ImageError):
        CachedImages(samples(crops), crops / "part", progress=False)
    # A crash in the middle of a write: half a row, and pixels that no row promises.
    key = cache_key(samples(crops))
    with open(crops / f"part/{key}.idx", "ab") as file:
        file.write(b"\0" * 11)
    with open(crops / f"part/{key}.bin", "ab") as file:
        file.write(b"\7" * 100)
    decoded = []
    monkeypatch.setattr(
        cache_module, "load_pixels", lambda s: decoded.append(s["text"]) or original(s)
    )
    resumed = CachedImages(samples(crops), crops / "part", progress=False)
    assert decoded == ["w3", "w4"]
    assert len(resumed) == 5
    for position in range(5):
        np.testing.assert_array_equal(resumed[position], whole[position])


def test_cache_stops_before_the_disk_is_full(crops, monkeypatch):
    import spotter.data.cache as cache_module

    room = {"free": 1 << 29}
    monkeypatch.setattr(cache_module, "_SAMPLED", 2)
    monkeypatch.setattr(cache_module.shutil, "disk_usage", lambda path: SimpleNamespace(**room))
    with pytest.raises(ConfigError, match=r"needs about 0\.0 GB more and 0\.5 GB are free"):
        CachedImages(samples(crops), crops / "full", progress=False)
    room["free"] = 1 << 31
    assert len(CachedImages(samples(crops), crops / "full", progress=False)) == len(samples(crops))


def test_cache_key_and_height(crops):
    keys = {
        cache_key(samples(crops)),
        cache_key(samples(crops)[:4]),
        cache_key(samples(crops)[::-1]),
        cache_key(samples(crops), 12),
        cache_key([{**sample, "resize_to": (8, 8)} for sample in samples(crops)]),
    }
    assert len(keys) == 5
    # A file that was replaced is decoded anew, though its name and size are the same.
    before = (crops / "3.png").stat()
    os.utime(crops / "3.png", ns=(before.st_atime_ns, before.st_mtime_ns + 10**9))
    assert cache_key(samples(crops)) not in keys
    low = CachedImages(samples(crops), crops / "low", max_height=12, progress=False)
    # 14 rows of 42 become 12 rows of 36; 10 rows stay.
    assert low[4].shape == (12, 36, 3)
    assert low[0].shape == (10, 30, 3)


def test_cache_travels_to_workers_without_its_pixels(crops):
    cache = CachedImages(samples(crops), crops / "cache", progress=False)
    pixels = cache[2].copy()
    data = pickle.dumps(cache)
    assert len(data) < 4000
    np.testing.assert_array_equal(pickle.loads(data)[2], pixels)


def test_concat_and_loader(crops):
    labelled = TextRecDataset(WordListReader(crops / "labels.txt"), REC_STEPS, name="labelled")
    folder = {"type": "ImageFolderReader", "image_root": crops}
    dataset = ConcatDataset(
        [labelled, {"type": "TextRecDataset", "reader": folder, "pipeline": REC_STEPS}]
    )
    batches = list(DataLoader(dataset, batch_size=4, collate_fn=pseudo_collate))
    assert [len(batch["inputs"]) for batch in batches] == [4, 4, 2]
    texts = [sample.text for batch in batches for sample in batch["data_samples"]]
    assert texts == ["w0", "w1", "w2", "w3", "w4"] + [None] * 5
    assert dataset.metainfo == {"name": "labelled"}
    assert len(ImageFolderReader(crops)) == 5
