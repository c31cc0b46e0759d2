"""How the shipped guard set was made. Its words are drawn, so it has no licence of others.

It was written with ``write_guard(GUARD_FILE, 600, fonts=[...])``, with a folder of 802 fonts, the
short word list of :mod:`spotter.synthesis` and painted surfaces.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import cv2

from spotter.charset import Charset
from spotter.synthesis.fonts import FontBank
from spotter.synthesis.text import open_text_source
from spotter.synthesis.words import WordSynthesizer

SEED = 20_261_127
"""Of the guard set; sets to learn from are drawn with other seeds."""

_QUALITY = 70
_DATE = (2026, 1, 1, 0, 0, 0)


def write_guard(
    out: Path, count: int, fonts: Sequence[str] | None = None, characters: str = "latin"
) -> None:
    """Write a guard set: ``labels.txt`` and WebP pictures in one archive, the same each time.

    Args:
        out: The ``.zip``.
        count: Number of words.
        fonts: Font files or folders; ``None``: the system's.
        characters: Charset of the labels, see :meth:`Charset.load`.
    """
    source = open_text_source(None, Charset.load(characters).characters)
    synthesizer = WordSynthesizer(FontBank(fonts), source, None, SEED)
    lines = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for number in range(count):
            image, text = synthesizer.sample(number)
            _, data = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])
            name = f"{number:04d}.webp"
            archive.writestr(zipfile.ZipInfo(name, _DATE), data.tobytes())
            lines.append(f"{name} {text}\n")
        archive.writestr(zipfile.ZipInfo("labels.txt", _DATE), "".join(lines))
