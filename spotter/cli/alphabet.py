"""``spotter alphabet``: what an alphabet holds, and a page to test it by."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from spotter.alphabets import alphabets
from spotter.charset import Charset
from spotter.cli.commands import File, command, several
from spotter.errors import ConfigError

_SHOWN = 60


@command(
    examples=(
        "spotter alphabet german --out german.png",
        "spotter alphabet",
        "spotter alphabet own/alphabet.txt --recognizer own/recognizer.onnx",
    )
)
@click.argument("name", required=False, metavar="[NAME or FILE]")
@click.option("--out", type=File, help="picture of all characters; labels are written beside it")
@several("--fonts", metavar="PATH...", help="fonts, or folders; default: Noto's, then others")
@click.option("--recognizer", default="deep_ctc", show_default=True, help="name or file")
def alphabet(name: str | None, out: Path | None, fonts: Sequence[str], recognizer: str) -> None:
    """List the alphabets, or show the characters of one and which of them a recognizer does not
    know.

    A FILE holds the characters, all on one line or one on each. The page that --out writes has all
    characters in groups of five; spotter spot reads it and spotter evaluate end_to_end scores that.
    """
    if name is None:
        for known, characters in alphabets().items():
            print(f"{known}\t{len(characters)} characters")
        return
    charset = Charset.load(name)
    shown = charset.characters[:_SHOWN]
    more = len(charset) - len(shown)
    print(f"{name}: {len(charset)} characters: {shown}" + (f" and {more} more" if more else ""))
    print(_lacking(charset, recognizer))
    if out is not None:
        _page(charset, out, fonts)


def _lacking(charset: Charset, recognizer: str) -> str:
    from spotter.hub.resolution import weights_file
    from spotter.runtime.header import read_header

    header = read_header(weights_file(recognizer, "auto"))
    if not header["charset"]:
        raise ConfigError(f"{recognizer}: is no recognizer")
    new = [c for c in charset.characters if c not in header["charset"]]
    if not new:
        return f"{header['name']} knows all of them"
    named = "".join(new[:_SHOWN]) + (f" and {len(new) - _SHOWN} more" if len(new) > _SHOWN else "")
    return f"{header['name']} does not know {len(new)} of them: {named}"


def _page(charset: Charset, out: Path, fonts: Sequence[str]) -> None:
    from spotter.own_data.alphabet_page import draw_page, plain_fonts, write_page

    page = draw_page(charset, plain_fonts(fonts))
    labels = write_page(page, out)
    names = ", ".join(Path(path).name for path in page.fonts[:4])
    print(f"{out}: {len(page.words)} groups in {names}; labels in {labels}")
    if page.missing:
        print(f"no font draws {len(page.missing)} of them: {page.missing[:_SHOWN]}")
