import numpy as np
import pytest

from spotter.io.images import read_image
from spotter.synthesis import demo
from spotter.synthesis.demo import Stage, write_demo_photos


@pytest.mark.parametrize("name", ["shop_front", "posters", "motorway"])
def test_demo_photos_are_small(name, tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "_PHOTOS", {name: demo._PHOTOS[name]})
    (path,) = write_demo_photos(tmp_path / "photos")
    assert path.name == f"{name}.jpg"
    assert path.stat().st_size < 200_000
    assert read_image(path).shape == (720, 1280, 3)


def test_writing_is_centred_on_its_point():
    stage = Stage()
    stage.write("HOH", (640, 360), 40, (255.0, 255.0, 255.0))
    rows, columns = np.nonzero(stage.image[..., 0] > 128)
    assert abs((rows.min() + rows.max() + 1) / 2 - 360) <= 1
    assert abs((columns.min() + columns.max() + 1) / 2 - 640) <= 1
    assert abs(rows.max() + 1 - rows.min() - 40) <= 2
