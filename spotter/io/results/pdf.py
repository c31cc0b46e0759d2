"""Searchable PDF: the photos, and over each word its text, invisible and to be found and copied."""

from __future__ import annotations

import base64
import io
import math
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from spotter.io.images import ImageSource, encode_jpeg
from spotter.io.results.parts import (
    clean_name,
    clean_text,
    four_corners,
    optional_module,
    photo_of,
)
from spotter.structures import SpottingResult, TextInstance

_POINTS_PER_INCH = 72
_JPEG_QUALITY = 90
# A TrueType font of one glyph, a line of no thickness from (0, -200) to (500, 800) of 1000 units.
# Viewers ask for an embedded font before they take text, and mark what is found by its glyphs' box.
_FONT_FILE = zlib.decompress(
    base64.b64decode(
        "eNpjYGRgYGBjcGBgYlBIz6lMuxn35T1Q5AMQS2WkJqYkcjtbANk5QGyWARRgFWPUA7KXALFKRm5JBeMXBhB4AcQs"
        "OfnJiUCaF4jfgPi5iRUFDMwMrED2CSBWYADZBcRbHJY9iOe3+crAzPyCAQP8t2D8wqwAZDAD3QQBQD3MCv+B7oDY"
        "BiQZ0TQxQs1mhsowoZsKdScvSB5qA1CNKCMz45dfJ5hf/OMBSgIAfhUnrA=="
    )
)
_GLYPH_WIDTH, _DESCENT = 0.5, 0.2
_LARGEST_CODE = 0xFFFF


def to_pdf(
    results: Sequence[SpottingResult],
    images: Sequence[ImageSource | None] | None = None,
    pixels_per_inch: float = 200.0,
) -> bytes:
    """A PDF with a page for each result: the photo as JPEG, and its words as invisible text.

    Text of any script can be searched and copied; it lies along the words, turned ones, too.

    Args:
        results: Of photos or pages.
        images: Their photos; ``None``: the files that the results name.
        pixels_per_inch: Resolution that gives the pages their size; 200 is that at which pages of
            PDFs are read.

    Raises:
        ConfigError: pypdf (extra ``pdf``) is not installed.
        ImageError: A photo is missing, see :func:`spotter.io.results.parts.photo_of`.
    """
    photos = [None] * len(results) if images is None else images
    pages = zip(results, photos, strict=True)
    return pages_to_pdf(((each, photo_of(each, image)) for each, image in pages), pixels_per_inch)


def pages_to_pdf(
    pages: Iterable[tuple[SpottingResult, np.ndarray]], pixels_per_inch: float = 200.0
) -> bytes:
    """:func:`to_pdf` of photos that come one by one: of each only its JPEG is kept.

    The document's title is the name of the first photo.

    Args:
        pages: Results, each with its photo, (H, W, 3) uint8 BGR.
        pixels_per_inch: See :func:`to_pdf`.

    Raises:
        ConfigError: pypdf (extra ``pdf``) is not installed.
    """
    pypdf = optional_module("pypdf", "a searchable PDF", "'scene-text-spotter[pdf]'")
    writer = pypdf.PdfWriter()
    font = _Font()
    scale = _POINTS_PER_INCH / pixels_per_inch
    reference = writer._add_object(pypdf.generic.DictionaryObject())
    for result, photo in pages:
        if not writer.pages:
            writer.add_metadata({"/Title": clean_name(result.image)})
        _add_page(writer, photo, result.instances, scale, font, reference)
    font.write(writer, reference)
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def _add_page(
    writer: Any,
    photo: np.ndarray,
    words: Sequence[TextInstance],
    scale: float,
    font: _Font,
    reference: Any,
) -> None:
    from pypdf.generic import DictionaryObject, NameObject

    height, width = photo.shape[:2]
    page = writer.add_blank_page(width * scale, height * scale)
    commands = [f"q {width * scale:.3f} 0 0 {height * scale:.3f} 0 0 cm /Photo Do Q", "BT 3 Tr"]
    commands += [_text(word, height, scale, font) for word in words if clean_text(word.text)]
    commands.append("ET")
    resources = DictionaryObject()
    resources[NameObject("/XObject")] = DictionaryObject(
        {NameObject("/Photo"): writer._add_object(_jpeg(photo))}
    )
    resources[NameObject("/Font")] = DictionaryObject({NameObject("/Text"): reference})
    page[NameObject("/Resources")] = resources
    content = _stream("\n".join(commands).encode("ascii"), compress=True)
    page[NameObject("/Contents")] = writer._add_object(content)


def _text(word: TextInstance, height: int, scale: float, font: _Font) -> str:
    """The commands that write a word along its bottom side, as long and as high as its outline."""
    corners: np.ndarray = four_corners(word.polygon).astype(np.float64)
    along = corners[2] - corners[3]
    # The glyphs' box reaches from the descent to the ascent: from the bottom side to the top.
    start = corners[3] + _DESCENT * (corners[0] - corners[3])
    length = max(float(np.hypot(*along)), 1.0)
    sides = corners[[0, 1]] - corners[[3, 2]]
    size = max(float(np.hypot(sides[:, 0], sides[:, 1]).mean()), 1.0) * scale
    # Pixels go down, PDF's points go up.
    angle = -math.atan2(along[1], along[0])
    cosine, sine = math.cos(angle), math.sin(angle)
    codes = font.encode(clean_text(word.text))
    stretch = 100 * length * scale / (len(codes) // 4 * _GLYPH_WIDTH * size)
    x, y = start[0] * scale, (height - start[1]) * scale
    matrix = f"{cosine:.5f} {sine:.5f} {-sine:.5f} {cosine:.5f} {x:.3f} {y:.3f} Tm"
    # A space follows, so that words of a line stay apart when they are copied.
    return f"/Text {size:.3f} Tf {stretch:.3f} Tz {matrix} <{codes}{font.encode(' ')}> Tj"


def _jpeg(photo: np.ndarray) -> Any:
    data = encode_jpeg(photo, _JPEG_QUALITY)
    height, width = photo.shape[:2]
    entries = {
        "/Type": "/XObject", "/Subtype": "/Image", "/Width": width, "/Height": height,
        "/ColorSpace": "/DeviceRGB", "/BitsPerComponent": 8, "/Filter": "/DCTDecode",
    }  # fmt: skip
    return _stream(data, entries)


class _Font:
    """Codes of the characters of a document, and the font that says what they mean."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def encode(self, text: str) -> str:
        """Four hexadecimal digits for each character."""
        codes = []
        for character in text:
            if character not in self._codes and len(self._codes) < _LARGEST_CODE:
                self._codes[character] = len(self._codes) + 1
            codes.append(self._codes.get(character, 0))
        return "".join(f"{code:04X}" for code in codes)

    def write(self, writer: Any, reference: Any) -> None:
        """Fill in the font (Type 0) that pages refer to."""
        add = writer._add_object
        flags = {
            "/Type": "/FontDescriptor", "/FontName": "/Empty", "/Flags": 4, "/ItalicAngle": 0,
            "/Ascent": 800, "/Descent": -200, "/CapHeight": 800, "/StemV": 80,
            "/FontBBox": [0, -200, 500, 800],
        }  # fmt: skip
        descriptor = _dictionary(flags)
        length = {"/Length1": len(_FONT_FILE)}
        _set(descriptor, "/FontFile2", add(_stream(_FONT_FILE, length, compress=True)))
        # All codes show the one glyph.
        glyphs = _stream(bytes(2 * (_LARGEST_CODE + 1)), compress=True)
        system = {"/Registry": b"Adobe", "/Ordering": b"Identity", "/Supplement": 0}
        descendant = _dictionary(
            {"/Type": "/Font", "/Subtype": "/CIDFontType2", "/BaseFont": "/Empty", "/DW": 500}
        )
        _set(descendant, "/CIDSystemInfo", _dictionary(system))
        _set(descendant, "/FontDescriptor", add(descriptor))
        _set(descendant, "/CIDToGIDMap", add(glyphs))
        font = reference.get_object()
        kind = {"/Type": "/Font", "/Subtype": "/Type0", "/BaseFont": "/Empty"}
        font.update(_dictionary({**kind, "/Encoding": "/Identity-H"}))
        _set(font, "/DescendantFonts", _array([add(descendant)]))
        _set(font, "/ToUnicode", add(_stream(self._meanings().encode("ascii"), compress=True)))

    def _meanings(self) -> str:
        """The CMap from codes to UTF-16."""
        presets = [
            f"<{code:04X}> <{character.encode('utf-16-be').hex().upper()}>"
            for character, code in self._codes.items()
        ]
        # A block may hold a hundred.
        blocks = [presets[start : start + 100] for start in range(0, len(presets), 100)]
        mapped = "".join(
            f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar\n" for block in blocks
        )
        return (
            "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
            "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
            "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
            f"{mapped}endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
        )


def _stream(data: bytes, entries: dict[str, Any] | None = None, compress: bool = False) -> Any:
    from pypdf.generic import StreamObject

    stream = StreamObject()
    stream.set_data(data)
    stream.update(_dictionary(entries or {}))
    return stream.flate_encode() if compress else stream


def _dictionary(entries: dict[str, Any]) -> Any:
    from pypdf.generic import DictionaryObject

    dictionary = DictionaryObject()
    for name, value in entries.items():
        _set(dictionary, name, _object(value))
    return dictionary


def _array(items: Sequence[Any]) -> Any:
    from pypdf.generic import ArrayObject

    return ArrayObject(items)


def _set(dictionary: Any, name: str, value: Any) -> None:
    from pypdf.generic import NameObject

    dictionary[NameObject(name)] = value


def _object(value: Any) -> Any:
    """A name (of a text), number, byte string or array of numbers as PDF has them."""
    from pypdf.generic import ByteStringObject, NameObject, NumberObject

    if isinstance(value, str):
        return NameObject(value)
    if isinstance(value, bytes):
        return ByteStringObject(value)
    if isinstance(value, list):
        return _array([NumberObject(item) for item in value])
    return NumberObject(value)
