"""Large words of the coarse pass win over their pieces."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from spotter.errors import ConfigError
from spotter.hub.presets import parse_preset
from spotter.pipeline import SceneTextSpotter
from spotter.pipeline.coarse_pass import CoarsePass, add_large_words
from spotter.structures import TextInstance
from tests.unit.pipeline.networks import bright_detector, photo


def word(x: float, y: float, width: float, height: float) -> TextInstance:
    corners = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]
    return TextInstance(np.array(corners, np.float32), detection_score=0.9)


def test_pieces_make_way() -> None:
    pieces = [word(0, 0, 90, 100), word(110, 5, 80, 90)]
    beside, before = word(260, 0, 50, 20), word(150, 90, 60, 40)
    large, small = word(0, 0, 200, 100), word(260, 0, 50, 20)
    found = add_large_words([*pieces, beside, before], [large, small], 24)
    # Of the one before it a sixth is on the large word; the other is too small to count.
    assert found == [beside, before, large]


def test_the_same_word_is_taken_once() -> None:
    fine, coarse = word(10, 10, 100, 40), word(8, 9, 104, 42)
    assert add_large_words([fine], [coarse], 42.5) == [fine]
    assert add_large_words([fine], [coarse], 41.5) == [coarse]
    assert add_large_words([], [coarse], 1) == [coarse]
    assert add_large_words([fine], [], 1) == [fine]


def test_settings() -> None:
    settings = {"scale": 0.25, "min_height": 20.0, "postprocessing": {"min_score": 0.6}}
    preset = {"detector": "d", "recognizer": "r", "coarse_pass": settings}
    assert CoarsePass(**(parse_preset(preset, "own", "").coarse_pass or {})).to_dict() == settings
    assert CoarsePass(0.5, 8.0).to_dict() == {"scale": 0.5, "min_height": 8.0}
    for wrong, message in (
        ({"scale": 0.25}, "preset.json: coarse_pass.min_height is missing"),
        ({**settings, "colour": 1}, "coarse_pass.colour is unknown"),
        ({**settings, "scale": 0}, "coarse_pass.scale must be a number"),
        ({**settings, "min_height": "20"}, "min_height must be a number above 0"),
        ({**settings, "postprocessing": 3}, "coarse_pass.postprocessing must be an object"),
        ("coarse", "coarse_pass must be an object"),
    ):
        with pytest.raises(ConfigError, match=message):
            parse_preset({**preset, "coarse_pass": wrong}, "own", "preset.json")


def test_a_preset_with_a_coarse_pass(tmp_path: Path, preset: dict) -> None:
    large, small = (40, 40, 240, 100), (320, 40, 60, 20)
    image = photo(512, 256, [large, small])
    file = tmp_path / "preset.json"
    entry = {part: str(Path(path).resolve()) for part, path in preset.items()}
    # Without a score that the fine pass would take, all that is found is of the coarse one.
    blind = {**entry, "scale": 1, "postprocessing": {"min_score": 1.0}}
    file.write_text(json.dumps({**blind, "coarse_pass": {"scale": 0.5, "min_height": 24}}))
    [found] = SceneTextSpotter(file, threads=1).detect(image)
    np.testing.assert_allclose(found.polygon.mean(0), (160, 90), atol=8)
    # The short side counts in pixels of the coarse input, about twice 10 for the small word and
    # twice 50 for the large one, as found words reach beyond their bright pixels.
    file.write_text(json.dumps({**blind, "coarse_pass": {"scale": 0.5, "min_height": 8}}))
    assert len(SceneTextSpotter(file, threads=1).detect(image)) == 2
    file.write_text(json.dumps({**blind, "coarse_pass": {"scale": 0.5, "min_height": 120}}))
    assert SceneTextSpotter(file, threads=1).detect(image) == []
    both = {**entry, "coarse_pass": {"scale": 0.5, "min_height": 24}}
    file.write_text(json.dumps(both))
    assert len(SceneTextSpotter(file, threads=1).detect(image)) == 2
    assert len(SceneTextSpotter(file, threads=1, tile=128).detect(image)) == 2
    # Neither with a bound of one's own nor with another detector.
    assert SceneTextSpotter(file, threads=1, limit_side=256).detector.coarse is None
    other = bright_detector(tmp_path / "other.onnx")
    assert SceneTextSpotter(file, detector=other, threads=1).detector.coarse is None
