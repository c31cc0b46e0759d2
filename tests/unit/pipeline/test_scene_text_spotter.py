"""The whole road on networks of our own."""

from __future__ import annotations

import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from spotter.decoding.lexicon import Lexicon
from spotter.errors import ConfigError, ImageError, WeightsError
from spotter.pipeline import SceneTextSpotter
from spotter.structures import SpottingResult
from tests.unit.pipeline.networks import bright_detector, photo

BOXES = [
    [(20, 20, 90, 20), (150, 22, 60, 18), (30, 100, 20, 70)],
    [(40, 60, 120, 30)],
    [],
    [(10, 10, 60, 16), (10, 60, 25, 26), (100, 40, 22, 90), (150, 100, 100, 18)],
    [(100, 100, 50, 20), (200, 60, 80, 24)],
]
SIZES = [(256, 192), (256, 192), (128, 96), (300, 200), (400, 300)]


@pytest.fixture(scope="module")
def photos() -> list[np.ndarray]:
    return [
        photo(*size, boxes, seed)
        for seed, (size, boxes) in enumerate(zip(SIZES, BOXES, strict=True))
    ]


def comparable(result: SpottingResult) -> list[tuple]:
    return [
        (word.polygon.tolist(), word.text, word.rotation, round(word.score, 5))
        for word in result.instances
    ]


def test_words_are_found_where_they_are(spotter: SceneTextSpotter, photos: list) -> None:
    for image, boxes in zip(photos, BOXES, strict=True):
        words = spotter.detect(image)
        assert len(words) == len(boxes)
        centres = sorted(tuple(np.round(w.polygon.mean(0)).tolist()) for w in words)
        expected = sorted((x + w / 2, y + h / 2) for x, y, w, h in boxes)
        np.testing.assert_allclose(centres, expected, atol=2)


def test_results_do_not_depend_on_company(preset: dict, photos: list) -> None:
    reference = SceneTextSpotter(**preset, threads=1)
    alone = [comparable(reference.spot(image)) for image in photos]
    assert sum(map(len, alone)) >= 8
    for det, rec, order in [
        (1, 1, [0, 1, 2, 3, 4]),
        (3, 3, [4, 2, 0, 3, 1]),
        (8, 8, [1, 0, 3, 3, 2, 4]),
    ]:
        other = SceneTextSpotter(**preset, threads=1, det_batch_size=det, rec_batch_size=rec)
        results = other.spot([photos[i] for i in order])
        assert [comparable(result) for result in results] == [alone[i] for i in order]


def test_every_kind_of_input(spotter: SceneTextSpotter, photos: list, tmp_path: Path) -> None:
    path = tmp_path / "größe.png"
    data = cv2.imencode(".png", photos[0])[1].tobytes()
    path.write_bytes(data)
    pil = Image.open(io.BytesIO(data))
    expected = comparable(spotter.spot(photos[0]))
    results = spotter.spot([path, str(path), data, pil, photos[0]])
    assert [comparable(result) for result in results] == [expected] * 5
    assert [result.image for result in results[:2]] == [str(path)] * 2
    assert [result.image for result in results[2:]] == ["image_2", "image_3", "image_4"]
    assert comparable(spotter.spot(iter([path]))[0]) == expected
    assert isinstance(spotter.spot(path), SpottingResult)
    assert spotter.spot([]) == []


def test_bad_images(spotter: SceneTextSpotter, photos: list, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff" + b"x" * 50)
    results = spotter.spot([photos[0], broken, tmp_path / "gone.png", None, photos[1]])
    assert [result.error is None for result in results] == [True, False, False, False, True]
    assert all("\n" not in (result.error or "") for result in results)
    assert results[1].instances == []
    assert len(results[4].instances) == 1
    for bad in (broken, tmp_path / "gone.png"):
        with pytest.raises(ImageError):
            spotter.spot(bad)


def test_schema(spotter: SceneTextSpotter, photos: list) -> None:
    line = json.loads(json.dumps(spotter.spot(photos[0]).to_dict()))
    keys = ["image", "width", "height", "orientation", "instances", "notes", "error"]
    assert list(line) == keys
    assert (line["width"], line["height"], line["error"]) == (256, 192, None)
    assert line["instances"]
    for word in line["instances"]:
        keys = ["polygon", "text", "score", "detection_score", "recognition_score"]
        assert list(word) == keys
        assert len(word["polygon"]) == 4
        assert word["text"]
        score = word["detection_score"] ** 0.5 * word["recognition_score"]
        assert word["score"] == pytest.approx(score, abs=2e-4)


def test_exif_orientation_counts(spotter: SceneTextSpotter, photos: list) -> None:
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = np.ascontiguousarray(np.rot90(photos[0]))
    Image.fromarray(stored[..., ::-1]).save(stream, "PNG", exif=exif)
    result = spotter.spot(stream.getvalue())
    assert (result.width, result.height) == (256, 192)
    assert comparable(result) == comparable(spotter.spot(photos[0]))


def test_min_score_bounds_the_score_of_both(
    spotter: SceneTextSpotter, preset: dict, photos: list
) -> None:
    words = spotter.spot(photos[3]).instances
    bound = sorted(word.score for word in words)[1]
    strict = SceneTextSpotter(**preset, threads=1, min_score=bound)
    kept = strict.spot(photos[3]).instances
    assert len(kept) == len(words) - 1
    assert all(word.score >= bound for word in kept)


def test_lexicon(spotter: SceneTextSpotter, preset: dict, photos: list, tmp_path: Path) -> None:
    words = spotter.spot(photos[0]).instances
    one_off = words[0].text + "X"
    file = tmp_path / "words.txt"
    file.write_text(f"{one_off}\nsomethingelse\n")
    words_of_it = [one_off, "somethingelse"]
    for lexicon in (file, words_of_it, Lexicon(words_of_it)):
        strict = SceneTextSpotter(**preset, threads=1, lexicon=lexicon)
        assert [word.text for word in strict.spot(photos[0]).instances] == [one_off]


def test_limits_override_the_header(preset: dict, photos: list) -> None:
    coarse = SceneTextSpotter(**preset, threads=1, limit_side=64)
    fine = SceneTextSpotter(**preset, threads=1, limit_side=384, limit_type="min")
    assert coarse.detector.input_size(photos[0]) == (64, 64)
    assert fine.detector.input_size(photos[0]) == (512, 384)
    assert len(fine.detect(photos[0])) == 3
    # A strip that would be enlarged to hundreds of thousands of pixels is not.
    assert fine.detector.input_size(np.zeros((2, 4000, 3), np.uint8)) == (4000, 32)


def test_scale_of_the_header(tmp_path: Path, preset: dict, photos: list) -> None:
    scaled = bright_detector(tmp_path / "scaled.onnx", scale=1.5)
    files = {**preset, "detector": scaled}
    spotter = SceneTextSpotter(**files, threads=1)
    assert spotter.detector.input_size(photos[0]) == (384, 288)
    assert [len(spotter.detect(image)) for image in photos] == list(map(len, BOXES))
    # A bound of one's own is in pixels of the photo; windows are scaled like the photo.
    own = SceneTextSpotter(**files, threads=1, limit_side=256)
    assert own.detector.input_size(photos[0]) == (256, 192)
    assert spotter.detector.window_size(np.zeros((128, 128, 3), np.uint8), 128) == (192, 192)


def test_scale_of_the_caller_and_of_the_preset(tmp_path: Path, preset: dict, photos: list) -> None:
    header = bright_detector(tmp_path / "header.onnx", scale=1.5, limit_side=384)
    size = SceneTextSpotter(**{**preset, "detector": header}, threads=1, scale=2.0)
    # 256x192, twice; the bound has become 512.
    assert size.detector.input_size(photos[0]) == (512, 384)
    assert size.detector.limit_side == 512
    entry = {part: str(Path(file).resolve()) for part, file in preset.items()}
    own = tmp_path / "preset.json"
    own.write_text(json.dumps({**entry, "scale": 0.5}))
    assert SceneTextSpotter(own, threads=1).detector.input_size(photos[0]) == (128, 96)
    assert SceneTextSpotter(own, threads=1, scale=1).detector.input_size(photos[0]) == (256, 192)
    own.write_text(json.dumps({**entry, "scale": 0.5, "postprocessing": {"min_score": 1.0}}))
    assert SceneTextSpotter(own, threads=1).detect(photos[0]) == []
    assert SceneTextSpotter(own, threads=1, scale=1).detect(photos[0])
    # It was chosen for the preset's detector; and a bound of one's own is in pixels of the photo.
    other = bright_detector(tmp_path / "other.onnx")
    others = SceneTextSpotter(own, detector=other, threads=1)
    assert others.detector.input_size(photos[0]) == (256, 192)
    bounded = SceneTextSpotter(own, threads=1, limit_side=128)
    assert bounded.detector.input_size(photos[0]) == (128, 96)
    with pytest.raises(ConfigError, match="exclude each other"):
        SceneTextSpotter(**preset, threads=1, limit_side=128, scale=2.0)
    with pytest.raises(ConfigError, match="scale must be positive"):
        SceneTextSpotter(**preset, threads=1, scale=0)
    own.write_text(json.dumps({**entry, "postprocessing": 3}))
    with pytest.raises(ConfigError, match="postprocessing must be an object"):
        SceneTextSpotter(own, threads=1)
    own.write_text(json.dumps({**entry, "postprocessing": {"colour": 3}}))
    with pytest.raises(ConfigError, match=r"postprocessing\.colour is unknown"):
        SceneTextSpotter(own, threads=1)
    own.write_text(json.dumps({**entry, "scale": "large"}))
    with pytest.raises(ConfigError, match="scale must be a number in"):
        SceneTextSpotter(own, threads=1)


def test_tiles_find_what_the_whole_cannot_show(preset: dict) -> None:
    boxes = [(300 * i + 140, 300 * j + 60, 40, 10) for i in range(4) for j in range(3)]
    boxes.append((560, 220, 80, 30))
    large = photo(1280, 960, boxes)
    whole = SceneTextSpotter(**preset, threads=1, limit_side=128)
    tiled = SceneTextSpotter(**preset, threads=1, limit_side=128, tile=320)
    assert len(whole.detect(large)) < len(boxes)
    words = tiled.detect(large)
    assert len(words) == len(boxes)
    centres = sorted(tuple(np.round(w.polygon.mean(0)).tolist()) for w in words)
    np.testing.assert_allclose(
        centres, sorted((x + w / 2, y + h / 2) for x, y, w, h in boxes), atol=2
    )


def test_reading_order(spotter: SceneTextSpotter, photos: list) -> None:
    words = spotter.spot(photos[0]).instances
    starts = [word.polygon.min(0).tolist() for word in words]
    assert [round(x / 50) for x, _ in starts[:2]] == [0, 3]


def test_extreme_photos(spotter: SceneTextSpotter) -> None:
    shapes = [(1, 1, 3), (1, 3000, 3), (3000, 1, 3), (32, 32, 3)]
    results = spotter.spot([np.full(shape, 30, np.uint8) for shape in shapes])
    assert [result.error for result in results] == [None] * 4
    bright = spotter.spot(np.full((50, 80, 3), 250, np.uint8))
    assert all(word.polygon.min() >= 0 for word in bright.instances)


def test_what_it_says_of_itself(spotter: SceneTextSpotter) -> None:
    assert spotter.device.endswith("CPU, 1 thread")
    assert repr(spotter) == f"SceneTextSpotter(bright + digits, {spotter.device})"


def test_wrong_options(preset: dict) -> None:
    swapped = {"detector": preset["recognizer"], "recognizer": preset["detector"]}
    with pytest.raises(WeightsError, match="for recognition, not for detection"):
        SceneTextSpotter(**swapped)
    with pytest.raises(ConfigError, match="device"):
        SceneTextSpotter(**preset, device="gpu")
    with pytest.raises(ConfigError, match="limit_type"):
        SceneTextSpotter(**preset, limit_type="long")
    with pytest.raises(ConfigError, match="batch"):
        SceneTextSpotter(**preset, rec_batch_size=0)
    with pytest.raises(ConfigError, match="at least 32"):
        SceneTextSpotter(**preset, tile=8)
    with pytest.raises(ConfigError, match="threads"):
        SceneTextSpotter(**preset, threads=0)
    for value in (float("nan"), -0.1, 50):
        with pytest.raises(ConfigError, match=f"min_score must be from 0 to 1, not {value}"):
            SceneTextSpotter(**preset, min_score=value)
    for value in (float("nan"), float("inf"), -1.0):
        with pytest.raises(ConfigError, match="scale must be positive and at most 100"):
            SceneTextSpotter(**preset, threads=1, scale=value)
    for lexicon in ([], [""], ["a", 1], 5):
        with pytest.raises(ConfigError, match="a lexicon is a file, or words"):
            SceneTextSpotter(**preset, lexicon=lexicon)
