import json
from dataclasses import replace

import lmdb
import numpy as np
import pytest

from spotter.data.readers.ctw1500_text import CTW1500TextReader
from spotter.data.readers.icdar_detection import ICDARDetectionReader
from spotter.errors import ConfigError
from spotter.synthesis.writers import (
    SynthesisSettings,
    icdar_lines,
    polygon_lines,
    write_page_words,
    write_pages,
    write_scenes,
    write_words,
)


@pytest.fixture(scope="module")
def settings(face_paths):
    return SynthesisSettings(fonts=tuple(face_paths), seed=5, size=(96, 128))


def contents(path):
    with lmdb.open(str(path), readonly=True) as environment, environment.begin() as transaction:
        return dict(transaction.cursor())


def test_an_interrupted_lmdb_is_completed_as_if_never_interrupted(settings, tmp_path):
    steps = []
    assert write_words(tmp_path / "whole", settings, 9) == 9
    assert write_words(tmp_path / "parts", settings, 4) == 4
    assert write_words(tmp_path / "parts", settings, 9, advance=steps.append) == 9
    assert steps == [4, 5]
    whole = contents(tmp_path / "whole")
    assert whole == contents(tmp_path / "parts")
    assert whole[b"num-samples"] == b"9"
    _, text = settings.words_synthesizer().sample(8)
    assert whole[b"label-000000009"].decode() == text
    assert whole[b"image-000000009"][:2] == b"\xff\xd8"
    assert write_words(tmp_path / "whole", settings, 3) == 9


def test_sets_are_not_mixed(settings, tmp_path):
    write_words(tmp_path / "set", settings, 2)
    other = SynthesisSettings(fonts=settings.fonts, seed=6)
    with pytest.raises(ConfigError, match="other settings"):
        write_words(tmp_path / "set", other, 4)
    with lmdb.open(str(tmp_path / "foreign")) as environment, environment.begin(write=True) as t:
        t.put(b"num-samples", b"3")
    with pytest.raises(ConfigError, match="not made here"):
        write_words(tmp_path / "foreign", settings, 4)


def test_a_style_has_words_of_its_own(settings, tmp_path):
    signs = replace(settings, style="signs")
    write_words(tmp_path / "set", signs, 2)
    _, text = signs.words_synthesizer().sample(1)
    assert contents(tmp_path / "set")[b"label-000000002"].decode() == text
    with pytest.raises(ConfigError, match="other settings"):
        write_words(tmp_path / "set", settings, 4)
    with pytest.raises(ConfigError, match='style "neon" is not one of mixed, signs'):
        write_words(tmp_path / "other", replace(settings, style="neon"), 1)


def test_kinds_of_texts_and_pages_are_settings_of_a_set(settings, tmp_path):
    asked = replace(settings, text_kinds=(("clock", 1.0),), page_kinds=(("segments", 1.0),))
    write_words(tmp_path / "words", asked, 20)
    texts = [value for key, value in contents(tmp_path / "words").items() if b"label" in key]
    assert len(texts) == 20
    assert all(text[:1].isdigit() for text in texts)
    assert asked.pages_synthesizer().sample(0)["kind"] == "segments"
    with pytest.raises(ConfigError, match="other settings"):
        write_words(tmp_path / "words", settings, 30)


def test_rare_words_and_other_scripts_are_sets_of_their_own(settings, tmp_path):
    texts = {}
    for style in ("mixed", "rare", "other_scripts"):
        chosen = replace(settings, style=style, charset="latin")
        write_words(tmp_path / style, chosen, 40)
        kept = contents(tmp_path / style)
        texts[style] = [kept[b"label-%09d" % number].decode() for number in range(1, 41)]
    accented = {style: sum(not text.isascii() for text in found) for style, found in texts.items()}
    assert accented["rare"] > 2 * accented["mixed"]
    assert accented["other_scripts"] == 40


def test_scenes_are_resumed_and_read_back(settings, tmp_path):
    assert write_scenes(tmp_path, settings, 2) == 2
    (tmp_path / "gt" / "gt_scene_1.txt").unlink()
    before = (tmp_path / "images" / "scene_1.jpg").read_bytes()
    steps = []
    assert write_scenes(tmp_path, settings, 3, advance=steps.append) == 3
    assert steps == [1, 1, 1]
    assert (tmp_path / "images" / "scene_1.jpg").read_bytes() == before
    assert json.loads((tmp_path / "synthesis.json").read_text())["seed"] == 5
    reader = ICDARDetectionReader(tmp_path / "gt", tmp_path / "images")
    expected = settings.scenes_synthesizer().sample(2)["instances"]
    read = reader[2]["instances"]
    assert [(item["text"], item["ignore"]) for item in read] == [
        (item["text"], item["ignore"]) for item in expected
    ]


def test_many_processes_draw_what_one_draws(settings, tmp_path):
    write_scenes(tmp_path / "one", settings, 2, workers=1)
    write_scenes(tmp_path / "two", settings, 2, workers=2)
    for name in ("images/scene_2.jpg", "gt/gt_scene_1.txt", "gt/gt_scene_2.txt"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_pages_are_resumed_and_read_back(settings, tmp_path):
    assert write_pages(tmp_path, settings, 2) == 2
    (tmp_path / "gt" / "page_1.txt").unlink()
    before = (tmp_path / "images" / "page_2.jpg").read_bytes()
    steps = []
    assert write_pages(tmp_path, settings, 3, advance=steps.append) == 3
    assert steps == [1, 1, 1]
    assert (tmp_path / "images" / "page_2.jpg").read_bytes() == before
    reader = CTW1500TextReader(tmp_path / "gt", tmp_path / "images")
    assert len(reader) == 3
    pages = settings.pages_synthesizer()
    for number in range(3):
        expected = pages.sample(number)["instances"]
        read = reader[number]["instances"]
        assert [item["text"] for item in read if not item["ignore"]] == [
            item["text"] for item in expected if not item["ignore"]
        ]
        for one, two in zip(read, expected, strict=True):
            if not one["ignore"]:
                np.testing.assert_allclose(one["polygon"], two["polygon"], atol=0.06)
    with pytest.raises(ConfigError, match="other settings"):
        write_scenes(tmp_path, settings, 4)


def test_page_words_are_resumed_page_by_page(settings, tmp_path):
    steps = []
    whole = write_page_words(tmp_path / "whole", settings, 30)
    begun = write_page_words(tmp_path / "parts", settings, 10)
    assert whole >= 30
    assert 10 <= begun < whole
    assert write_page_words(tmp_path / "parts", settings, 30, advance=steps.append) == whole
    assert steps[0] == begun
    assert sum(steps) == whole
    assert contents(tmp_path / "whole") == contents(tmp_path / "parts")
    with pytest.raises(ConfigError, match="other settings"):
        write_words(tmp_path / "parts", settings, 99)


def test_scenes_with_curved_words_keep_their_polygons(settings, tmp_path):
    curved = replace(settings, curved=1.0, polygons=True, charset="latin", size=(200, 200))
    write_scenes(tmp_path, curved, 2)
    reader = CTW1500TextReader(tmp_path / "gt", tmp_path / "images", prefix="gt_")
    words = [word for photo in reader for word in photo["instances"] if not word["ignore"]]
    assert words
    assert all(len(word["polygon"]) >= 8 for word in words)


def test_polygon_lines():
    bent = [[0, 0], [5, 0], [10, 0], [10, 4], [5, 4], [0, 4]]
    word = {"polygon": bent, "text": "a,#b", "ignore": False}
    faded = {"polygon": bent[:3] + bent[3:4], "text": None, "ignore": True}
    assert polygon_lines([word, faded], margin=0.25) == (
        "-1.0,-1.0,5.0,-1.0,11.0,-1.0,11.0,5.0,5.0,5.0,-1.0,5.0,####a,#b\n"
        "0.0,0.0,5.0,0.0,10.0,0.0,10.0,4.0,#######\n"
    )


def test_label_lines():
    quad = [[1, 2], [11, 2], [11, 6.75], [1, 6.75]]
    bent = [[0, 0], [5, 0], [10, 0], [10, 4], [5, 4], [0, 4]]
    lines = icdar_lines(
        [
            {"polygon": quad, "text": "a,b", "ignore": False},
            {"polygon": bent, "text": None, "ignore": True},
        ]
    )
    assert lines == ("1,2,11,2,11,7,1,7,a,b\n0,0,10,0,10,4,0,4,###\n")


def test_label_margin_is_a_share_of_the_height():
    quad = [[10, 10], [30, 10], [30, 20], [10, 20]]
    lines = icdar_lines([{"polygon": quad, "text": "a", "ignore": False}], margin=0.1)
    assert lines == "9,9,31,9,31,21,9,21,a\n"


def test_sets_without_a_margin_say_what_they_always_said():
    assert "label_margin" not in SynthesisSettings().to_json("scenes")
    kept = SynthesisSettings().to_json("words")
    assert not any(later in kept for later in ("style", "charset", "curved", "polygons"))
    assert '"charset": "latin"' in SynthesisSettings(charset="latin").to_json("words")
    assert '"style": "signs"' in SynthesisSettings(style="signs").to_json("words")
    assert '"label_margin": 0.1' in SynthesisSettings(label_margin=0.1).to_json("scenes")
