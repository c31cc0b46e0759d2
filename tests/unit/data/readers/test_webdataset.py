"""WebDataset shards: samples at any place, an index made once, damage that costs itself."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import pickle
import tarfile
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from torch.utils.data import DataLoader

from spotter.cli.commands import run
from spotter.cli.main import cli
from spotter.data.datasets import TextDetDataset, TextRecDataset
from spotter.data.readers import (
    CanonicalReader,
    LMDBReader,
    SceneWordsReader,
    UnlabelledCropsReader,
    WebDatasetReader,
)
from spotter.data.readers import webdataset as module
from spotter.data.readers.pseudo_labels import sample_name
from spotter.data.samplers import EndlessSampler
from spotter.data.transforms.loading import load_pixels
from spotter.errors import AnnotationError, ImageError, SpotterError


def png(value: int, width: int = 8, height: int = 4) -> bytes:
    image = np.full((height, width, 3), value, np.uint8)
    return cv2.imencode(".png", image)[1].tobytes()


def shard(path: Path, members: dict[str, bytes], mode: str = "w") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as archive:
        for name, data in members.items():
            header = tarfile.TarInfo(name)
            header.size = len(data)
            archive.addfile(header, io.BytesIO(data))
    return path


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """Three shards of four words: word n shows grey level n."""
    for number in range(3):
        members = {}
        for word in range(4 * number, 4 * number + 4):
            # More than the 100 bytes that the first header of a member holds.
            stem = f"{'folder/' * 20}{word:06d}" if word == 5 else f"./{word:06d}"
            members[f"{stem}.png"] = png(word)
            if word % 2:
                members[f"{stem}.json"] = json.dumps({"text": f"wörd {word}"}).encode()
            else:
                members[f"{stem}.txt"] = f"wörd {word}\n".encode()
            members[f"{stem}.cls"] = b"7"
        shard(tmp_path / "words" / f"w-{number:02d}.tar", members)
    return tmp_path / "words"


def texts(reader: Any) -> list[str | None]:
    return [sample["text"] for sample in reader]


def test_words_in_order_and_at_any_place(words: Path) -> None:
    reader = WebDatasetReader(words)
    assert len(reader) == 12
    assert texts(reader) == [f"wörd {n}" for n in range(12)]
    for number in (11, 0, 5):
        sample = reader[number]
        assert sample["tar_path"] == str(words / f"w-{number // 4:02d}.tar")
        assert (load_pixels(sample) == number).all()
    assert sample["key"] == f"{'folder/' * 20}000005.png"
    assert sample_name(reader[0]) == "w-00.tar/000000.png"
    for given in (
        f"{words}/w-{{00..02}}.tar",
        f"{words}/w-*.tar",
        [words / f"w-{n:02d}.tar" for n in range(3)],
    ):
        assert texts(WebDatasetReader(given)) == texts(reader)
    copy = pickle.loads(pickle.dumps(reader))
    assert texts(copy) == texts(reader)
    with pytest.raises(AnnotationError, match="no shards"):
        WebDatasetReader(f"{words}/x-*.tar")
    with pytest.raises(AnnotationError, match=r"w-03\.tar: no such file"):
        WebDatasetReader(f"{words}/w-{{02..03}}.tar")


def test_the_index_is_made_once_and_again_when_a_shard_has_changed(
    words: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    build = module._rows_of
    monkeypatch.setattr(module, "_rows_of", lambda *given: made.append(given[0]) or build(*given))
    WebDatasetReader(words)
    WebDatasetReader(words)
    assert [path.name for path in made] == ["w-00.tar", "w-01.tar", "w-02.tar"]
    shard(words / "w-01.tar", {"x.png": png(1), "x.txt": b"new", "y.png": png(2), "y.txt": b"er"})
    assert texts(WebDatasetReader(words))[4:6] == ["new", "er"]
    assert len(made) == 4
    WebDatasetReader(words, index_dir=tmp_path / "indexes")
    assert len(made) == 7
    WebDatasetReader(words, index_dir=tmp_path / "indexes")
    assert len(made) == 7
    (words / "no folder").write_text("")
    with pytest.raises(AnnotationError, match=r"the index cannot be written .*; give index_dir"):
        WebDatasetReader(words, index_dir=words / "no folder")


def read_in_process(path: str, queue: Any) -> None:
    queue.put(texts(WebDatasetReader(path)))


def test_processes_that_index_at_the_same_time(words: Path) -> None:
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    started = [context.Process(target=read_in_process, args=(words, queue)) for _ in range(3)]
    for process in started:
        process.start()
    assert [queue.get(timeout=60) for _ in started] == 3 * [[f"wörd {n}" for n in range(12)]]
    for process in started:
        process.join()


def test_crops_without_labels(words: Path) -> None:
    shard(words / "more.tar", {"a.jpg": png(50), "b.png": png(51), "readme.txt": b"no label"})
    for reader in (WebDatasetReader(words, labelled=False), UnlabelledCropsReader(words)):
        # more.tar comes before w-00.tar.
        assert texts(reader) == [None] * 14
        assert [load_pixels(reader[n])[0, 0, 0] for n in (0, 1, 2, 13)] == [50, 51, 0, 11]
    assert len(UnlabelledCropsReader(words / "more.tar")) == 2
    with pytest.raises(AnnotationError, match=r"more\.tar/a\.jpg: has no \.txt or \.json beside"):
        WebDatasetReader(words)
    reader = WebDatasetReader(words, strict=False)
    assert texts(reader) == [f"wörd {n}" for n in range(12)]
    assert [line.rsplit("/", 1)[1] for line in reader.refusals] == [
        "a.jpg: has no .txt or .json beside it", "b.png: has no .txt or .json beside it",
    ]  # fmt: skip


def test_photos(tmp_path: Path) -> None:
    quad = [[10, 10], [70, 10], [70, 30], [10, 30]]
    instances = [{"polygon": quad, "text": "EXIT"}, {"polygon": quad, "ignore": True}]
    members = {
        "a.png": png(9, 80, 40),
        "a.json": json.dumps({"image": "a.png", "instances": instances}).encode(),
        "b.png": png(8, 80, 40),
        "b.json": b'{"instances": []}',
    }
    path = shard(tmp_path / "photos.tar", members)
    reader = WebDatasetReader(path)
    assert [(word["text"], word["ignore"]) for word in reader[0]["instances"]] == [
        ("EXIT", False), (None, True),
    ]  # fmt: skip
    assert reader[0]["instances"][0]["polygon"].tolist() == quad
    assert reader[1]["instances"] == []
    dataset = TextDetDataset(reader, [{"type": "LoadImage"}])
    assert dataset[1]["img_path"] == f"{path}/b.png"
    assert dataset.image_size(1) == (80, 40)
    crops = SceneWordsReader(reader)
    assert texts(crops) == ["EXIT"]
    assert load_pixels(crops[0]).shape[:2] == (20, 60)
    assert WebDatasetReader(path, labelled=False)[0]["instances"] == []
    lines = tmp_path / "labels.jsonl"
    lines.write_text(json.dumps({**reader[1], "tar_path": "photos.tar"}) + "\n")
    (again,) = CanonicalReader(lines)
    assert (load_pixels(again) == 8).all()


def test_labels_that_are_none(tmp_path: Path) -> None:
    labels = {"a.txt": b"\xff", "b.json": b"{", "c.json": b'{"text": 1}', "d.json": b"[1]"}
    for name, data in labels.items():
        path = shard(tmp_path / f"{name}.tar", {f"{name[0]}.png": png(1), name: data})
        with pytest.raises(AnnotationError, match=f"label of {name[0]}\\.png"):
            WebDatasetReader(path)[0]
    both = {"a.png": png(1), "a.json": b'{"url": "x"}', "a.txt": b" ", "a.png.png": png(2)}
    path = shard(tmp_path / "both.tar", both)
    assert texts(WebDatasetReader(path, strict=False)) == [None]


def test_damage_costs_what_is_damaged(words: Path) -> None:
    path = words / "w-01.tar"
    whole = path.read_bytes()
    with tarfile.open(path) as archive:
        places = {each.name[-10:]: each for each in archive.getmembers()}
    last = places["000007.png"]
    # In the middle of the last image.
    path.write_bytes(whole[: last.offset_data + 20])
    with pytest.raises(AnnotationError, match=r"w-01\.tar.*cut short.*strict=False leaves"):
        WebDatasetReader(words)
    reader = WebDatasetReader(words, strict=False)
    assert texts(reader) == [f"wörd {n}" for n in range(12) if n != 7]
    assert len(reader.refusals) == 2
    assert f"{path}/000007.png: is cut short" in reader.refusals
    # What is kept of them is what a second run is told.
    assert WebDatasetReader(words, strict=False).refusals == reader.refusals
    spoilt = bytearray(whole)
    spoilt[places["000006.png"].offset + 3] ^= 255
    path.write_bytes(spoilt)
    reader = WebDatasetReader(words, strict=False)
    assert texts(reader) == [f"wörd {n}" for n in range(12) if n != 6]
    (line,) = reader.refusals
    assert f"w-01.tar: is damaged at byte {places['000006.png'].offset}" in line
    # An image that is none is replaced where it is loaded.
    spoilt = bytearray(whole)
    start = places["000006.png"].offset_data
    spoilt[start : start + 30] = bytes(30)
    path.write_bytes(spoilt)
    sample = WebDatasetReader(words)[6]
    with pytest.raises(ImageError, match=r"w-01\.tar/000006\.png: "):
        load_pixels(sample)
    dataset = TextRecDataset(WebDatasetReader(words), [{"type": "LoadCrop"}], skip_unreadable=True)
    assert dataset[6]["text"] != "wörd 6"
    (line,) = dataset.unreadable
    assert "000006.png" in line


def test_shards_that_cannot_be_read(words: Path) -> None:
    packed = shard(words / "p.tar", {"a.png": png(1)}, "w:gz")
    with pytest.raises(AnnotationError, match=r"p\.tar: is packed; unpack it"):
        WebDatasetReader(packed)
    packed.write_bytes(b"no archive")
    with pytest.raises(AnnotationError, match=r"p\.tar: "):
        WebDatasetReader(packed)
    reader = WebDatasetReader(words / "w-00.tar")
    os.truncate(words / "w-00.tar", 700)
    with pytest.raises(AnnotationError, match="has changed, or was cut short, since it was"):
        reader[3]
    empty = shard(words / "e.tar", {"a.cls": b"1"})
    with pytest.raises(AnnotationError, match=r"e\.tar: holds no images"):
        WebDatasetReader(empty)


def test_ranks_get_each_sample_once_and_resume_exactly(words: Path) -> None:
    def stream(rank: int, ranks: int, state: dict[str, int] | None = None) -> Any:
        dataset = TextRecDataset({"type": "WebDatasetReader", "shards": str(words)})
        sampler = EndlessSampler(dataset, seed=5, rank=rank, world_size=ranks)
        if state is not None:
            sampler.load_state_dict(state)
        return sampler, (dataset.sample(index)["text"] for index in sampler)

    whole = [list(islice(stream(rank, 2)[1], 18)) for rank in (0, 1)]
    epochs = [whole[0][n : n + 6] + whole[1][n : n + 6] for n in (0, 6, 12)]
    assert [sorted(epoch) for epoch in epochs] == 3 * [sorted(f"wörd {n}" for n in range(12))]
    assert epochs[0] != epochs[1]
    sampler, drawn = stream(1, 2)
    list(islice(drawn, 8))
    # A loader draws ahead; five samples of each rank were trained on.
    _, resumed = stream(1, 2, sampler.state_dict(taken=5))
    assert list(islice(resumed, 9)) == whole[1][5:14]
    _, alone = stream(0, 1, sampler.state_dict(taken=5))
    assert list(islice(alone, 4)) == [whole[0][5], whole[1][5], whole[0][6], whole[1][6]]


def test_workers_of_a_loader_read_in_the_samplers_order(words: Path) -> None:
    pipeline = [{"type": "LoadCrop"}]
    dataset = TextRecDataset(WebDatasetReader(words), pipeline, name="shards")
    sampler = EndlessSampler(dataset, seed=1, rank=0, world_size=1, block=2)
    expected = [dataset.sample(index)["text"] for index in islice(sampler, 20)]
    sampler = EndlessSampler(dataset, seed=1, rank=0, world_size=1, block=2)
    loader = DataLoader(dataset, 5, sampler=sampler, num_workers=2, collate_fn=list)
    drawn = [sample for batch in islice(loader, 4) for sample in batch]
    assert [sample["text"] for sample in drawn] == expected
    assert [f"wörd {sample['img'][0, 0, 0]}" for sample in drawn] == expected
    assert dataset.image_size(3) == (8, 4)


def test_conversion(words: Path, tmp_path: Path) -> None:
    for target, options in (("lmdb", ()), ("canonical", ()), ("canonical", ("--images", "copy"))):
        out = tmp_path / f"{target}{len(options)}"
        run(cli, ["convert", "webdataset_words", str(words), str(out), "--to", target, *options])
        lines = out / "labels.jsonl"
        reader = LMDBReader(out) if target == "lmdb" else CanonicalReader(lines)
        assert texts(reader) == [f"wörd {n}" for n in range(12)]
        assert ("tar_path" in reader[0]) == (target == "canonical" and not options)
        assert all((load_pixels(reader[n]) == n).all() for n in range(12))
    instances = [{"polygon": [[10, 10], [70, 10], [70, 30], [10, 30]], "text": "EXIT"}]
    label = json.dumps({"instances": instances}).encode()
    path = shard(tmp_path / "photos.tar", {"a.png": png(9, 80, 40), "a.json": label})
    out = tmp_path / "crops"
    run(cli, ["convert", "webdataset", str(path), str(out), "--to", "lmdb", "--crops"])
    assert texts(LMDBReader(out)) == ["EXIT"]
    assert load_pixels(LMDBReader(out)[0]).shape[:2] == (20, 60)


def test_whatever_is_damaged_is_an_error_of_ours(words: Path) -> None:
    path = words / "w-01.tar"
    whole = path.read_bytes()
    generator = np.random.default_rng(0)
    said: list[str] = []
    for _ in range(150):
        spoilt = np.frombuffer(whole, np.uint8).copy()
        # Most bytes are padding: what is changed is likely in a header, a label or an image.
        places = generator.choice(np.flatnonzero(spoilt), generator.integers(1, 6))
        spoilt[places] = generator.integers(0, 256, len(places))
        end = len(spoilt) if generator.random() < 0.7 else int(generator.integers(len(spoilt)))
        path.write_bytes(spoilt[:end].tobytes())
        try:
            reader = WebDatasetReader(path, strict=False)
        except SpotterError as error:
            said.append(str(error))
            continue
        said += reader.refusals
        for position in range(len(reader)):
            try:
                load_pixels(reader[position])
            except SpotterError as error:
                said.append(str(error))
    assert len(said) > 100
    assert [line for line in said if "w-01.tar" not in line or "\n" in line] == []
    # The index of a shard that has changed takes the place of that of before.
    assert len([each for each in words.iterdir() if each.suffix == ".npy"]) == 1
