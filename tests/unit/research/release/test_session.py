"""A session's config: what its data are made of."""

import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

import spotter
from research.configs import packaged_config
from research.release.session import session_config, starting_weights
from research.release.settings import SessionSettings
from spotter.data.readers.pseudo_labels import PseudoLabelReader, read_pseudo_labels
from spotter.data.transforms.loading import load_pixels
from spotter.errors import ConfigError
from spotter.pipeline import WordRecognizer
from spotter.registry import MODELS, READERS
from spotter.synthesis.fonts import bundled_fonts
from spotter.synthesis.writers import SynthesisSettings, write_scenes, write_words
from spotter.training.header import header_from_config
from spotter.training.weights import build_from_weights, load_all, save_weights

WEIGHTS_FOLDER = Path(spotter.__file__).parent / "hub" / "weights"


def settings(
    folder: Path, kind: str = "recognizer", weights_folder: Path = WEIGHTS_FOLDER
) -> SessionSettings:
    return SessionSettings(
        kind=kind,
        minutes=1.0,
        state=folder / "state",
        data_root=folder / "data",
        weights_folder=weights_folder,
        unlabelled=folder / "crops",
        options={"release.unlabelled_threshold": 0.1},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("session")
    write_words(folder / "crops", SynthesisSettings(), 40)
    return folder


def test_unlabelled_crops_are_read_by_the_shipped_preset_and_mixed_in(folder: Path) -> None:
    cfg = session_config(settings(folder))
    *labelled, last = cfg.train_dataloader.dataset.datasets
    ratios = cfg.train_dataloader.dataset.ratios
    assert last["name"] == "unlabelled"
    # What was read has no spaces, and is no label of theirs.
    assert " " not in last["label_alphabet"]["characters"]
    assert ratios[-1] == cfg.release.unlabelled_share
    assert sum(ratios) == pytest.approx(1.0)
    plain = Config.fromfile(cfg.filename).train_dataloader.dataset
    assert ratios[0] / ratios[1] == pytest.approx(plain.ratios[0] / plain.ratios[1])
    assert len(labelled) == len(plain.datasets)
    reader = READERS.build(last["reader"])
    assert isinstance(reader, PseudoLabelReader)
    readings = read_pseudo_labels(last["reader"]["labels"])
    assert len(readings) == 40
    kept = [text for text, score in readings.values() if score >= 0.1 and len(text) >= 2]
    assert sorted(reader[i]["text"] for i in range(len(reader))) == sorted(kept)
    # The teacher is the whole preset, with its language, test-time augmentation and calibration.
    crops = READERS.build({"type": "LMDBReader", "lmdb_path": str(folder / "crops")})
    preset = WordRecognizer("default", runtime="torch", turn=False)
    expected, _ = preset.read([load_pixels(crops[i]) for i in range(40)])
    for reading, (text, score) in zip(expected, readings.values(), strict=True):
        assert reading is not None
        assert reading.text == text
        assert score == pytest.approx(reading.score if text else 0.0, abs=1e-3)
    # Some are right: the labels come from looking at the crops.
    samples = [reader[i] for i in range(len(reader))]
    assert any(sample["text"].lower() == sample["hidden_text"].lower() for sample in samples)


def test_the_crops_are_read_once_for_each_version_of_the_weights(folder: Path) -> None:
    session_config(settings(folder))
    (labels,) = (folder / "state").glob("readings_*.jsonl")
    marked = labels.read_text().replace('"score": ', '"score":  ')
    labels.write_text(marked)
    session_config(settings(folder))
    assert list((folder / "state").glob("readings_*.jsonl")) == [labels]
    assert labels.read_text() == marked


def test_a_session_says_what_it_cannot_do_with_unlabelled_crops(
    folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="unlabelled crops are for recognizers"):
        session_config(settings(folder, kind="detector"))
    with pytest.raises(ConfigError, match="nothing shipped yet"):
        session_config(settings(folder, weights_folder=tmp_path))


def test_unlabelled_photos_are_labelled_once_and_mixed_in(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    write_scenes(first, SynthesisSettings(), 5)
    write_scenes(second, SynthesisSettings(seed=7), 2)
    own = replace(settings(tmp_path), unlabelled=None, photos=(first / "images", second / "images"))
    cfg = session_config(own)
    dataset = cfg.train_dataloader.dataset
    sources = [d for d in dataset.datasets if d["name"].startswith("photos")]
    counts = [len(READERS.build(source["reader"])) for source in sources]
    shares = dataset.ratios[-len(sources) :]
    assert sum(dataset.ratios) == pytest.approx(1.0)
    assert sum(shares) == pytest.approx(cfg.release.photos_share)
    assert [s / sum(shares) for s in shares] == pytest.approx([c / sum(counts) for c in counts])
    plain = session_config(replace(own, photos=())).train_dataloader.dataset
    assert dataset.ratios[0] / dataset.ratios[1] == pytest.approx(plain.ratios[0] / plain.ratios[1])
    words = READERS.build(sources[0]["reader"])
    assert all(words[i]["text"] and words[i]["context"] == 0.5 for i in range(counts[0]))
    files = sorted((tmp_path / "state").glob("labels_*/*/gt_*.txt"))
    assert len(files) == 7
    files[0].write_text("")
    session_config(own)
    assert files[0].read_text() == ""
    with pytest.raises(ConfigError, match="no photos in it"):
        session_config(replace(own, photos=(tmp_path / "none",)))
    with pytest.raises(ConfigError, match="unlabelled photos are for recognizers"):
        session_config(replace(own, kind="detector"))


def test_photos_whose_labels_are_there_already(tmp_path: Path) -> None:
    write_scenes(tmp_path / "scenes", SynthesisSettings(), 3)
    images, labels = tmp_path / "scenes" / "images", tmp_path / "scenes" / "gt"
    own = replace(settings(tmp_path), unlabelled=None, photos=(images,), photo_labels=(labels,))
    cfg = session_config(own)
    [source] = [d for d in cfg.train_dataloader.dataset.datasets if d["name"] == "photos0"]
    assert source["reader"]["reader"]["annotation_root"] == str(labels)
    assert not list((tmp_path / "state").glob("labels_*"))
    assert "RapidOCR" in cfg.release.data
    with pytest.raises(ConfigError, match="one folder of label files per folder"):
        session_config(replace(own, photos=(images, images)))


def test_words_of_signs_are_drawn_once_and_mixed_in(tmp_path: Path) -> None:
    for name in ("fonts", "words", "backgrounds"):
        (tmp_path / "data" / name).mkdir(parents=True)
    for face in bundled_fonts()[:3]:
        shutil.copy(face, tmp_path / "data" / "fonts")
    (tmp_path / "data" / "words" / "names.txt").write_text("Sotheby\nMurano\n")
    wall = np.random.default_rng(0).integers(0, 255, (80, 120, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "data" / "backgrounds" / "wall.png"), wall)
    own = replace(settings(tmp_path), unlabelled=None, synthetic=3, signs=2, workers=1)
    dataset = session_config(own).train_dataloader.dataset
    assert [source["name"] for source in dataset.datasets[-2:]] == ["synthetic", "signs"]
    release = session_config(replace(own, signs=0)).release
    assert dataset.ratios[-1] == release.signs_share
    assert dataset.ratios[-2] == pytest.approx(release.synthetic_share * (1 - release.signs_share))
    words = READERS.build(dataset.datasets[-1]["reader"])
    assert len(words) == 2
    folder = Path(dataset.datasets[-1]["reader"]["lmdb_path"])
    # This process has the archive open already, for its reader.
    assert b'"style": "signs"' in (folder / "data.mdb").read_bytes()
    with pytest.raises(ConfigError, match="words of signs are for recognizers"):
        session_config(replace(own, kind="detector", synthetic=0))


def test_peers_share_a_folder_and_draw_samples_apart(folder: Path, tmp_path: Path) -> None:
    alone = replace(settings(folder), unlabelled=None)
    together = [
        session_config(replace(alone, state=tmp_path / name, peers=tmp_path / "peers"))
        for name in ("one", "two")
    ]
    hooks = [cfg.custom_hooks[-1] for cfg in together]
    assert [h["type"] for h in hooks] == ["PeerAveragingHook"] * 2
    assert hooks[0]["folder"] == hooks[1]["folder"] == str(tmp_path / "peers")
    assert hooks[0]["name"] != hooks[1]["name"]
    assert together[0].randomness.seed != together[1].randomness.seed
    plain = [hook["type"] for hook in session_config(alone).custom_hooks]
    assert "PeerAveragingHook" not in plain


def test_a_deeper_model_is_initialised_from_a_shipped_one(folder: Path, tmp_path: Path) -> None:
    start = tmp_path / "start"
    start.mkdir()
    shallow = start / "shallow.safetensors"
    config = Config.fromfile(packaged_config("_base_/models/recognizer_ctc_compact.py"))
    compact = MODELS.build(config.model)
    save_weights(shallow, compact, header_from_config(config, compact, "shallow"))
    own = replace(
        settings(folder, weights_folder=start),
        unlabelled=None,
        config=packaged_config("recognition/deep_ctc_release.py"),
        state=tmp_path / "state",
        options={"release.init_from": "shallow", "model.charset": "94"},
    )
    cfg = session_config(own)
    assert cfg.load_from == str(shallow)
    model = MODELS.build(cfg.model)
    report = load_all(model, cfg.load_from)
    assert not report.unused
    new = ("feature_extraction.stages.", "rescorer.")
    assert all(name.startswith(new) for name in report.missing)
    shipped, _ = build_from_weights(cfg.load_from)
    images = torch.randn(2, 3, 32, 64)
    torch.testing.assert_close(model.eval()(images), shipped(images))
    # Once it has weights of its own, it goes on from those.
    weights_folder = tmp_path / "weights_folder"
    weights_folder.mkdir()
    shutil.copy(shallow, weights_folder / "deep_ctc.safetensors")
    cfg = session_config(replace(own, weights_folder=weights_folder))
    assert cfg.load_from == str(weights_folder / "deep_ctc.safetensors")
    assert starting_weights(cfg, tmp_path) is None
    # Weights that are not good enough to ship yet are further on.
    unreleased = tmp_path / "training"
    unreleased.mkdir()
    shutil.copy(shallow, unreleased / "deep_ctc.safetensors")
    cfg = session_config(replace(own, weights_folder=weights_folder, unreleased=unreleased))
    assert cfg.load_from == str(unreleased / "deep_ctc.safetensors")
