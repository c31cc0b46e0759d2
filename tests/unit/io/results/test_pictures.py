"""Pictures, crops, pages of HTML and PDF, and bridges to other packages."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from spotter.errors import ConfigError, ImageError
from spotter.io.results.pdf import to_pdf
from spotter.io.results.pictures import png
from spotter.io.results.tables import COLUMNS
from spotter.structures import SpottingResult
from tests.unit.io.results.words import HOSTILE, failed, result


def gradient() -> np.ndarray:
    """(300, 400, 3) whose blue is x / 2 and whose green is y / 2."""
    y, x = np.mgrid[:300, :400] // 2
    return np.stack([x, y, np.zeros_like(x)], axis=-1).astype(np.uint8)


def test_the_photo_is_given_or_found(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), gradient())
    named = result(str(path))
    np.testing.assert_array_equal(named.draw(), named.draw(gradient()))
    assert (named.draw() != gradient()).any()
    with pytest.raises(ImageError, match=r"gone\.png: no file .* give the photo as image"):
        result("gone.png").draw()
    with pytest.raises(ImageError, match="has 40 x 30 pixels, the result is of 400 x 300"):
        named.draw(np.zeros((30, 40, 3), np.uint8))
    with pytest.raises(ImageError, match="no file"):
        # Never fetched again.
        result("http://localhost:9/photo.png").crops()


def test_the_page_of_a_document(tmp_path: Path) -> None:
    path = tmp_path / "scan.tif"
    pages = [Image.fromarray(np.full((300, 400, 3), grey, np.uint8)) for grey in (10, 200)]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    second = SpottingResult(str(path), 400, 300, page=2)
    assert second.draw()[0, 0].tolist() == [200, 200, 200]
    with pytest.raises(ImageError, match="page 3 cannot be read"):
        SpottingResult(str(path), 400, 300, page=3).draw()


def test_crops_are_read_from_left_to_right() -> None:
    first, _, _, up = result().crops(gradient())
    np.testing.assert_array_equal(first, gradient()[20:40, 20:100])
    assert up.shape == (20, 100, 3)
    # Along the crop the text goes up in the photo, down the crop it goes to the right.
    assert up[10, 5, 1] > up[10, 95, 1]
    assert up[18, 50, 0] > up[2, 50, 0]


def test_show_opens_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []
    monkeypatch.setattr(Image.Image, "show", lambda self, title=None: shown.append((self, title)))
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    result().show(gradient())
    ((picture, title),) = shown
    assert title == "photo.png"
    assert np.array_equal(np.asarray(picture)[..., ::-1], result().draw(gradient()))


def test_notebooks(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), gradient())
    named = result(str(path))
    data = named._repr_png_()
    assert data is not None
    assert Image.open(io.BytesIO(data)).size == (400, 300)
    large = SpottingResult("x.png", 3200, 20)
    small = png(large, np.zeros((20, 3200, 3), np.uint8))
    assert small is not None
    assert Image.open(io.BytesIO(small)).size == (1600, 10)
    page = named._repr_html_()
    assert 'src="data:image/jpeg;base64,' in page
    assert "Straße" in page
    assert HOSTILE not in page
    assert "<script" not in page
    assert result("gone.png")._repr_png_() is None
    assert "<img" not in result("gone.png")._repr_html_()
    assert "broken.png: damaged" in failed()._repr_html_()


def test_a_searchable_pdf() -> None:
    pypdf = pytest.importorskip("pypdf")
    data = to_pdf([result(), result()], [gradient(), gradient()], pixels_per_inch=100)
    reader = pypdf.PdfReader(io.BytesIO(data))
    assert len(reader.pages) == 2
    page = reader.pages[1]
    # 400 x 300 pixels at 100 per inch, in points of 1/72 inch.
    assert (float(page.mediabox.width), float(page.mediabox.height)) == (288, 216)
    (image,) = page.images
    assert np.abs(np.asarray(image.image)[..., ::-1].astype(int) - gradient()).mean() < 4
    places: dict[str, tuple[float, ...]] = {}

    def visit(text: str, matrix: list, text_matrix: list, font: object, size: float) -> None:
        if text.strip():
            places[text.strip()] = (*text_matrix, size)

    page.extract_text(visitor_text=visit)
    assert set(places) == {"Straße", HOSTILE, "日本語,x", "UP"}
    # A fifth above the bottom left, (20, 36) of 300: 14.4 and 190.08 points; 20 pixels high: 14.4.
    np.testing.assert_allclose(places["Straße"], (1, 0, 0, 1, 14.4, 190.08, 14.4), atol=0.01)
    # Upwards, from (316, 200).
    np.testing.assert_allclose(places["UP"], (0, 1, -1, 0, 227.52, 72, 14.4), atol=0.01)
    content = page.get_contents().get_data()
    assert b"3 Tr" in content
    # 80 pixels are 57.6 points; six characters of half of 14.4 are 43.2.
    assert b"133.333 Tz" in content


def test_pdfs_are_found_in_by_the_reader_of_pdf() -> None:
    pytest.importorskip("pypdf")
    pypdfium2 = pytest.importorskip("pypdfium2")
    document = pypdfium2.PdfDocument(result().to_pdf(gradient(), 72))
    text = document[0].get_textpage()
    words = text.get_text_range().split()
    assert {"Straße", "日本語,x", "UP"} <= set(words)
    # The box of the first letter: a sixth of 80 pixels wide, 20 high, from the bottom at 300 - 40.
    np.testing.assert_allclose(text.get_charbox(0), (20, 260, 33.3, 280), atol=0.5)


def test_data_frame() -> None:
    pytest.importorskip("pandas")
    frame = result().to_dataframe()
    assert tuple(frame.columns) == COLUMNS
    assert frame["text"].tolist() == ["Straße", HOSTILE, "日本語,x", "UP"]
    assert frame["paragraph"].tolist() == [1, 1, 2, 3]
    assert frame.loc[2, ["x", "y", "width", "height"]].tolist() == [20.25, 100, 90.5, 20]
    assert failed().to_dataframe().empty


def test_supervision() -> None:
    supervision = pytest.importorskip("supervision")
    found = result().to_supervision()
    assert isinstance(found, supervision.Detections)
    assert found.xyxy[3].tolist() == [300, 100, 320, 200]
    assert found.data["xyxyxyxy"][3, 0].tolist() == [300, 200]
    confident = found[found.confidence > 0.5]
    assert confident.data["text"].tolist() == ["Straße", HOSTILE, "日本語,x"]
    assert len(SpottingResult("empty.png", 4, 4).to_supervision()) == 0


@pytest.mark.parametrize(
    ("package", "method"),
    [("pandas", "to_dataframe"), ("pypdf", "to_pdf"), ("supervision", "to_supervision")],
)
def test_what_is_not_installed_is_named(
    package: str, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError, match=f"needs {package}, which is not installed: pip install"):
        getattr(result(), method)()
