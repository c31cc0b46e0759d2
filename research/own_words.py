"""Few word crops of a language, as a user may have them, and others to judge by.

python -m research.own_words draw own/german --words german.txt --letters äöüß --fonts noto/
spotter train words own/german/user/labels.txt --alphabet german --out own/reader
python -m research.own_words score own/reader/recognizer.onnx own/german/test/labels.txt

The crops are drawn in fonts that ``spotter train words`` should not be given. Half of the words
hold one of the letters, and those of the two sets differ, unless ``--closed`` says that signs
repeat. ``split`` parts a list into words to train on and words to judge by.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import click
import cv2
import numpy as np

from spotter.charset import Charset
from spotter.own_data.labels import open_labels
from spotter.own_data.reading import read_words
from spotter.synthesis.fonts import FontBank, find_fonts
from spotter.synthesis.text import TextSource
from spotter.synthesis.words import WordSynthesizer

_SPLIT = 7
_UPPER, _TITLE = 0.25, 0.5


class ListedWords(TextSource):
    """Words of a list and nothing else, in lower case, in capitals, or with a capital.

    Args:
        words: The list.
        letters: Half of the words hold one of these; none: all words are as likely.
    """

    def __init__(self, words: Sequence[str], letters: str = "") -> None:
        # Not that of the base, which mixes numbers and marks with the words of a file.
        special = [word for word in words if set(word) & set(letters)]
        plain = [word for word in words if not set(word) & set(letters)]
        self._lists = [special, plain] if special else [plain]

    def allows(self, text: str) -> bool:
        """Any text: what the fonts cannot draw is left out by the synthesizer."""
        return True

    def sample(self, rng: np.random.Generator) -> str:
        """One word."""
        words = self._lists[0] if len(self._lists) == 1 or rng.random() < 0.5 else self._lists[1]
        word = words[int(rng.random() * len(words))]
        if word.upper() == word.lower():
            return word
        style = rng.random()
        if style < _UPPER and len(word.upper()) == len(word):
            return word.upper()
        return word[:1].upper() + word[1:] if style < _TITLE else word


class PaintedWords(WordSynthesizer):
    """Words as they are painted, without the light, blur, noise and compression of a camera."""

    def photograph(self, rng: np.random.Generator, image: np.ndarray, unit: float) -> np.ndarray:
        """The same, rounded."""
        return np.clip(image, 0, 255).astype(np.uint8)


def draw_crops(
    out: Path,
    fonts: Sequence[str],
    words: TextSource,
    count: int,
    seed: int,
    kind: type[WordSynthesizer] = WordSynthesizer,
) -> None:
    """Write crops, and ``labels.txt`` with lines ``path text``."""
    (out / "images").mkdir(parents=True, exist_ok=True)
    synthesizer = kind(FontBank(fonts), words, None, seed)
    lines = []
    for number in range(count):
        image, text = synthesizer.sample(number)
        cv2.imwrite(str(out / f"images/{number:04d}.png"), image)
        lines.append(f"images/{number:04d}.png {text}\n")
    (out / "labels.txt").write_text("".join(lines), encoding="utf-8")


@click.group()
def cli() -> None:
    """Few word crops of a language, and others to judge by."""


@cli.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--words", type=click.Path(path_type=Path), required=True, help="one on a line")
@click.option("--fonts", multiple=True, required=True, help="fonts, or folders of them")
@click.option("--letters", default="", help="half of the words hold one of these")
@click.option("--closed", is_flag=True, help="both sets say the same words")
@click.option("--painted", is_flag=True, help="without what a camera does to the crops")
@click.option("--few", default=60, show_default=True, help="crops of the user")
@click.option("--many", default=300, show_default=True, help="crops to judge by")
@click.option("--seed", default=11, show_default=True)
def draw(
    out: Path,
    words: Path,
    fonts: Sequence[str],
    letters: str,
    closed: bool,
    painted: bool,
    few: int,
    many: int,
    seed: int,
) -> None:
    """Draw OUT/user and OUT/test."""
    listed = _lines(words)
    own = other = listed
    if not closed:
        order = np.random.default_rng(_SPLIT).permutation(len(listed))
        half = len(listed) // 2
        own, other = ([listed[i] for i in part] for part in (order[:half], order[half:]))
    files = [file for path in fonts for file in find_fonts(path)]
    kind = PaintedWords if painted else WordSynthesizer
    draw_crops(out / "user", files, ListedWords(own, letters), few, seed, kind)
    draw_crops(out / "test", files, ListedWords(other, letters), many, seed + 1, kind)


@cli.command()
@click.argument("words", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--alphabet", required=True, help="name or file; words of its letters are kept")
@click.option("--share", default=0.1, show_default=True, help="to judge by")
def split(words: Path, out: Path, alphabet: str, share: float) -> None:
    """Part a list, also one of Hunspell, into OUT/words.txt and OUT/other_words.txt.

    Kept are words of 2 to 8 letters of the alphabet that are not ASCII.
    """
    letters = {c for c in Charset.load(alphabet).characters if c.isalpha() and not c.isascii()}
    listed = dict.fromkeys(word.split("/")[0].strip() for word in _lines(words))
    kept = [word for word in listed if 2 <= len(word) <= 8 and letters.issuperset(word)]
    random.Random(_SPLIT).shuffle(kept)
    count = int(share * len(kept))
    out.mkdir(parents=True, exist_ok=True)
    for name, part in (("other_words", kept[:count]), ("words", kept[count:])):
        (out / f"{name}.txt").write_text("\n".join(part) + "\n", encoding="utf-8")
    print(f"{len(kept)} of {len(listed)} words, {count} of them to judge by")


def _lines(path: Path) -> list[str]:
    text = unicodedata.normalize("NFC", path.read_text(encoding="utf-8"))
    return [line.split("\t")[0] for line in text.splitlines()]


@cli.command()
@click.argument("recognizer", type=click.Path(path_type=Path))
@click.argument("labels", nargs=-1, required=True)
@click.option("--language", default="none", show_default=True, help="language model")
def score(recognizer: Path, labels: Sequence[str], language: str) -> None:
    """How many words of LABELS a recognizer reads without an error, and without one of case."""
    for path in labels:
        readings = read_words(recognizer, open_labels(path).samples, language=language)
        pairs = zip(readings.true, readings.read, strict=True)
        folded = sum(true.casefold() == read.casefold() for true, read in pairs)
        count = len(readings.true)
        print(
            f"{path}: {100 * readings.accuracy:.1f} % of {count}, case aside {folded / count:.1%}"
        )


if __name__ == "__main__":
    cli()
