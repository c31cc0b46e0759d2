"""Pages of documents and frames of moving pictures."""

from __future__ import annotations

import gc
import io
import signal
import sys
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import spotter.io.documents as documents
import spotter.io.images as images
import spotter.io.pdf as pdf
from spotter.errors import ImageError
from spotter.io import ReadLimits, read_image, read_pages
from spotter.io.results.pdf import to_pdf
from spotter.pipeline import SceneTextSpotter
from spotter.structures import SpottingResult


def pages(count: int, form: str) -> bytes:
    """Page n is grey of 40 n."""
    images = [Image.new("L", (40, 24), 40 * n) for n in range(1, count + 1)]
    stream = io.BytesIO()
    options = {"lossless": True} if form == "WEBP" else {}
    images[0].save(stream, form, save_all=True, append_images=images[1:], **options)
    return stream.getvalue()


@pytest.mark.parametrize("form", ["TIFF", "GIF", "PNG", "WEBP"])
def test_a_page_each(form: str) -> None:
    data = pages(3, form)
    read = list(read_pages(data))
    assert [page.number for page in read] == [1, 2, 3]
    levels = [int(page.image[5, 5, 0]) for page in read if page.image is not None]
    np.testing.assert_allclose(levels, [40, 80, 120], atol=3)
    np.testing.assert_array_equal(read_image(data), read[0].image)
    (single,) = read_pages(pages(1, form))
    assert single.number is None


def test_pages_are_counted_and_bounded() -> None:
    read = list(read_pages(pages(4, "TIFF"), ReadLimits(max_pages=2)))
    assert [page.number for page in read] == [1, 2, 3]
    assert "pages from 3 on are not read" in (read[2].error or "")
    with pytest.raises(ImageError, match="more than the limit"):
        list(read_pages(pages(2, "GIF"), ReadLimits(max_pixels=100)))


def test_a_damaged_page_ends_with_its_line() -> None:
    data = pages(3, "GIF")
    read = list(read_pages(data[: len(data) - 20]))
    assert read[0].image is not None
    assert all("\n" not in (page.error or "") for page in read)


def test_results_of_a_document(spotter: SceneTextSpotter, tmp_path: Path) -> None:
    path = tmp_path / "scan.tif"
    path.write_bytes(pages(2, "TIFF"))
    results = spotter.spot(path)
    assert [(r.image, r.page, r.width) for r in results] == [(str(path), n, 40) for n in (1, 2)]
    assert results[1].to_dict()["page"] == 2
    photo = np.zeros((32, 32, 3), np.uint8)
    mixed = spotter.spot([photo, path, None, tmp_path / "gone.tif"])
    assert [r.page for r in mixed] == [None, 1, 2, None, None]
    assert "cv2.imread" in mixed[3].error
    assert "no such file" in mixed[4].error
    assert "page" not in mixed[0].to_dict()


def test_single_things_are_not_iterated(spotter: SceneTextSpotter) -> None:
    data = pages(1, "PNG")
    assert spotter.spot(io.BytesIO(data)).width == 40
    for source, says in (
        (None, "cv2.imread"),
        ({"a": data}, "mapping"),
        (5, "from int"),
        (object(), "from object"),
        (b"", "not an image"),
    ):
        with pytest.raises(ImageError, match=says) as caught:
            spotter.spot(source)
        assert "\n" not in str(caught.value)


def blank_pdf(count: int) -> bytes:
    """A PDF of empty pages, 72 by 36 points."""
    kids = " ".join(f"{n + 3} 0 R" for n in range(count))
    objects = ["<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Count {count}/Kids[{kids}]>>"]
    objects += ["<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 36]>>"] * count
    body = "%PDF-1.4\n"
    for number, content in enumerate(objects, start=1):
        body += f"{number} 0 obj{content}endobj\n"
    return (body + "trailer<</Root 1 0 R>>\n%%EOF").encode()


def test_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(pdf, "find_spec", lambda name: None)
        with pytest.raises(ImageError, match=r"pip install 'scene-text-spotter\[pdf\]'"):
            list(read_pages(blank_pdf(1)))
    pytest.importorskip("pypdfium2")
    read = list(read_pages(blank_pdf(2)))
    # 72 points are an inch, at 200 pixels each.
    assert [page.image.shape for page in read if page.image is not None] == [(100, 200, 3)] * 2
    assert [page.number for page in read] == [1, 2]
    (first, rest) = read_pages(blank_pdf(2), ReadLimits(max_pages=1))
    assert first.image is not None
    assert "not read" in (rest.error or "")
    (page,) = read_pages(blank_pdf(1), ReadLimits(max_pixels=100))
    assert "more than the limit" in (page.error or "")
    with pytest.raises(ImageError, match="not a readable PDF"):
        list(read_pages(b"%PDF-1.4 nothing"))


def form_pdf() -> bytes:
    """A page with a form whose one field holds a text, with an appearance in black."""
    field = "<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/V(x)/F 4/Rect[10 10 60 26]/P 3 0 R"
    drawn = "0 0 50 16 re f"
    stream = f"/Length {len(drawn)}>>stream\n{drawn}\nendstream"
    objects = [
        "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]>>>>",
        "<</Type/Pages/Count 1/Kids[3 0 R]>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 36]/Annots[4 0 R]>>",
        f"{field}/AP<</N 5 0 R>>>>",
        f"<</Type/XObject/Subtype/Form/BBox[0 0 50 16]{stream}",
    ]
    body = "%PDF-1.4\n"
    for number, text in enumerate(objects, start=1):
        body += f"{number} 0 obj\n{text}\nendobj\n"
    return (body + "trailer<</Root 1 0 R>>\n%%EOF").encode()


def test_what_fields_of_a_form_hold_is_drawn() -> None:
    pytest.importorskip("pypdfium2")
    (page,) = read_pages(form_pdf())
    assert page.image is not None
    # The field is 16 of 36 points high, its middle is at half the page's height.
    assert page.image[50, 100].tolist() == [0, 0, 0]
    assert page.image[5, 5].tolist() == [255, 255, 255]
    pytest.importorskip("pypdf")
    height, width = page.image.shape[:2]
    result = SpottingResult("form.pdf", width, height, page=1)
    (searchable,) = read_pages(to_pdf([result], [page.image]))
    assert searchable.image is not None
    assert [int(searchable.image[y, x].max()) < 50 for y, x in ((50, 100), (5, 5))] == [True, False]


def nested_pdf(levels: int) -> bytes:
    """A page that draws a form twice, which draws another twice, and so on."""
    content = "/A Do /A Do"
    resources = "/Resources<</XObject<</A {} 0 R>>>>"
    stream = "/Length 11>>stream\n" + content + "\nendstream"
    objects = ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 2/Kids[3 0 R 4 0 R]>>"]
    page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 36]"
    objects += [f"{page}/Contents 5 0 R{resources.format(6)}>>", f"{page}>>", f"<<{stream}"]
    for level in range(levels):
        form = "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]"
        objects.append(f"{form}{resources.format(7 + level)}{stream}")
    body = "%PDF-1.4\n"
    for number, text in enumerate(objects, start=1):
        body += f"{number} 0 obj\n{text}\nendobj\n"
    return (body + "trailer<</Root 1 0 R>>\n%%EOF").encode()


@pytest.mark.skipif(not hasattr(signal, "SIGXCPU"), reason="needs limits of a process")
def test_a_pdf_that_would_take_hours() -> None:
    pytest.importorskip("pypdfium2")
    limits = ReadLimits(page_seconds=1)
    assert [page.error for page in read_pages(nested_pdf(3), limits)] == [None, None]
    (page,) = read_pages(nested_pdf(26), limits)
    line = ": page 1: takes more than 1 s (ReadLimits.page_seconds)"
    assert (page.error or "").endswith(line)


@pytest.mark.skipif(sys.platform != "linux", reason="needs limits of a process")
def test_a_pdf_that_takes_too_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pypdfium2")
    limits = ReadLimits(max_pixels=30_000_000)
    monkeypatch.setattr(pdf, "_RESOLUTION", 7200)
    monkeypatch.setattr(pdf, "_MEMORY", (50 << 20) - 8 * limits.max_pixels)
    (page,) = read_pages(blank_pdf(1), limits)
    assert page.image is None
    assert len((page.error or "").splitlines()) == 1


def test_pages_are_bounded_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "_LARGE_PAGES", 2)
    read = list(read_pages(pages(4, "GIF"), ReadLimits(max_pixels=24 * 40)))
    assert [page.image is not None for page in read] == [True, True, False]
    assert "pages from 3 on are not read (ReadLimits.max_pixels, in all)" in (read[-1].error or "")


def test_pixels_of_pillow_go_before_those_of_the_page_are_used() -> None:
    opened: list[weakref.ref] = []

    def decode(image: Image.Image, *arguments: Any) -> np.ndarray:
        opened.append(weakref.ref(image))
        return images.decode(image, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "decode", decode)
        for page in read_pages(pages(1, "PNG")):
            assert page.image is not None
            gc.collect()
            assert [each() for each in opened] == [None]
