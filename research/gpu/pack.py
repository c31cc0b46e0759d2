"""Pack what the accelerator machine lacks into parts that one transfer can take.

``python -m research.gpu.pack --data DATA`` writes ``.bundle/part1``, ``part2``, ...: folders of zip
archives, each part small enough to travel together with the tracked files of the checkout. The
first holds wheels, material for drawing and word crops, so that drawing can begin; photos follow.
"""

from __future__ import annotations

import argparse
import io
import logging
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from spotter.charset import Charset
from spotter.io.images import read_image
from spotter.runtime.input_size import resize_image
from spotter.synthesis.fonts import find_fonts
from spotter.synthesis.other_scripts import scripts

WHEELS = ("mmengine-lite", "addict", "yapf", "platformdirs", "termcolor", "shapely", "lmdb")
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
CROPS = (
    "icdar2015_words_train",
    "svt_words_test",
    "receipt_words",
    "receipt_numbers",
    "wire_labels",
    "iiit5k_train",
)
PHOTOS = (
    "icdar2015_train",
    "icdar2003",
    "mlt17_en_fr",
    "msra_td500_train",
    "logos_unlabelled",
    "packages_unlabelled",
    "svt_scenes_train",
)
_IMAGES = (".webp", ".jpg", ".jpeg", ".png")
_ARCHIVE_BYTES = 6 << 20
_MIB = 1 << 20


class Archives:
    """Stored files in archives of a few megabytes each, so that parts can be filled evenly.

    Args:
        folder: Where the archives go.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: list[Path] = []

    def write(self, name: str, entries: Iterator[tuple[str, bytes]]) -> None:
        """Write ``(path, contents)`` entries as ``name.0.zip``, ``name.1.zip``, ..."""
        archive: zipfile.ZipFile | None = None
        written = total = number = 0
        for path, contents in entries:
            if archive is None:
                file = self.folder / f"{name}.{number}.zip"
                archive, number, written = zipfile.ZipFile(file, "w"), number + 1, 0
                self.files.append(file)
            packed = path.endswith((*_IMAGES, ".whl"))
            archive.writestr(path, contents, zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED)
            written, total = written + archive.infolist()[-1].compress_size, total + 1
            if written > _ARCHIVE_BYTES:
                archive.close()
                archive = None
        if archive is not None:
            archive.close()
        print(f"{name}: {total} files", flush=True)


def wheels(folder: Path, python: str) -> Iterator[tuple[str, bytes]]:
    """Wheels for the other machine's Python, downloaded."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:"]
    command += ["--python-version", python, "--implementation", "cp", "-d", str(folder)]
    for platform in PLATFORMS:
        command += ["--platform", platform]
    subprocess.run([*command, *WHEELS], check=True)
    for file in sorted(folder.glob("*.whl")):
        yield f"wheels/{file.name}", file.read_bytes()


def fonts(folder: Path, name: str, characters: str) -> Iterator[tuple[str, bytes]]:
    """Fonts with no more than the glyphs of some characters, without hints and features.

    Args:
        folder: Of the fonts; of a collection the first one is taken.
        name: Of the folder on the other machine.
        characters: What is drawn with them; a font that has none of them stays here.
    """
    from fontTools import subset

    logging.getLogger("fontTools").setLevel(logging.ERROR)
    options = subset.Options()
    options.hinting = False
    options.layout_features = []
    options.name_IDs = [1, 2]
    options.notdef_outline = True
    options.font_number = 0
    for path in find_fonts(folder):
        file = Path(path)
        try:
            font = subset.load_font(path, options)
            if not set(map(ord, characters)) & set(font.getBestCmap()):
                continue
            tool = subset.Subsetter(options)
            tool.populate(text=characters + " ")
            tool.subset(font)
            buffer = io.BytesIO()
            font.save(buffer)
            contents = buffer.getvalue()
        except Exception as error:  # a broken table: the font travels whole
            print(f"{file.name} whole: {type(error).__name__}")
            contents = file.read_bytes()
        suffix = ".ttf" if file.suffix.lower() == ".ttc" else file.suffix
        yield f"data/{name}/{file.stem}{suffix}", contents


def letters_of_other_scripts() -> str:
    """All that words of other scripts are drawn with."""
    found = "".join(script.letters + script.lookalikes for script in scripts().values())
    return found + found.upper() + "".join(map(chr, range(0xFE80, 0xFEFD)))


def labels(folder: Path, data: Path) -> Iterator[tuple[str, bytes]]:
    """Label files of our own; lists of words name their crops from the folder of the data."""
    for file in sorted(folder.rglob("*.txt")):
        contents = file.read_bytes()
        if file.parent == folder:
            lines = contents.decode().splitlines(keepends=True)
            contents = "".join(line.removeprefix(f"{data}/") for line in lines).encode()
        yield f"data/labels/{file.relative_to(folder)}", contents


def files(root: Path, folder: str, skip: tuple[str, ...] = ()) -> Iterator[tuple[str, bytes]]:
    """All files below a folder of the data as they are."""
    for file in sorted((root / folder).rglob("*")):
        if file.is_file() and file.name not in skip:
            yield f"data/{file.relative_to(root)}", file.read_bytes()


def reencoded(
    root: Path, folder: str, quality: int, side: int | None = None, every: int = 1
) -> Iterator[tuple[str, bytes]]:
    """The files of a folder, its pictures as WebP, smaller ones of the two.

    Args:
        root: Folder of the data sets.
        folder: Of the set.
        quality: Of the WebP files.
        side: Longest side; not for photos with labels, whose coordinates would not follow.
        every: Take one picture of so many.
    """
    found = [file for file in sorted((root / folder).rglob("*")) if file.is_file()]
    pictures = [file for file in found if file.suffix.lower() in _IMAGES]

    def encode(file: Path) -> tuple[str, bytes]:
        image, contents = read_image(file), file.read_bytes()
        longest = max(image.shape[:2])
        if side is not None and longest > side:
            scale = side / longest
            image = resize_image(image, *(round(s * scale) for s in image.shape[1::-1]))
        _, data = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, quality])
        smaller = np.asarray(data).tobytes()
        name = file.relative_to(root)
        if len(smaller) < 0.9 * len(contents):
            return f"data/{name.with_suffix('.webp')}", smaller
        return f"data/{name}", contents

    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(encode, pictures[::every])
    for file in found:
        if file not in pictures:
            yield f"data/{file.relative_to(root)}", file.read_bytes()


def checkout_bytes(root: Path) -> int:
    """What travels with every call: tracked and untracked files that git does not ignore."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=root, check=True, capture_output=True).stdout.split(b"\0")
    paths = [root / name.decode() for name in names if name]
    return sum(path.stat().st_size for path in paths if path.is_file())


def fill_parts(archives: list[Path], out: Path, budget: int) -> list[int]:
    """Move archives into ``part1``, ``part2``, ... in their order; the bytes of each part."""
    sizes: list[int] = []
    for archive in archives:
        size = archive.stat().st_size
        if not sizes or sizes[-1] + size > budget:
            sizes.append(0)
        part = out / f"part{len(sizes)}"
        part.mkdir(exist_ok=True)
        shutil.move(str(archive), part / archive.name)
        sizes[-1] += size
    return sizes


def main() -> None:
    """Pack everything."""
    parser = argparse.ArgumentParser(prog="pack", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, default=Path(".bundle"))
    parser.add_argument("--state", type=Path, help="results of an earlier training to go on from")
    parser.add_argument("--labels", type=Path, help="labels of our own (default: DATA/labels)")
    parser.add_argument(
        "--other-fonts", type=Path, help="fonts of other scripts (default: DATA/other_fonts)"
    )
    parser.add_argument("--extra", nargs="*", default=[], help="more folders of the data")
    parser.add_argument("--python", default="3.12", help="of the other machine")
    parser.add_argument("--quality", type=int, default=45, help="of the photos")
    parser.add_argument("--limit", type=float, default=62.0, help="MiB of one transfer")
    options = parser.parse_args()
    out, data = options.out.resolve(), options.data.resolve()
    shutil.rmtree(out, ignore_errors=True)
    stage = out / "stage"
    stage.mkdir(parents=True)
    archives = Archives(stage)
    archives.write("wheels", wheels(out / "wheels", options.python))
    archives.write("fonts", fonts(data / "fonts", "fonts", Charset.load("latin").characters))
    other_fonts, own_labels = (
        getattr(options, name) or data / name for name in ("other_fonts", "labels")
    )
    if other_fonts.is_dir():
        letters = letters_of_other_scripts()
        archives.write("other_fonts", fonts(other_fonts, "other_fonts", letters))
    if own_labels.is_dir():
        archives.write("labels", labels(own_labels, data))
    archives.write("words", files(data, "words", skip=("books.txt",)))
    archives.write("backgrounds", reencoded(data, "backgrounds", 45, side=480, every=2))
    if options.state is not None:
        state = ((f"state/{f.relative_to(options.state)}", f) for f in options.state.rglob("*"))
        archives.write("state", ((name, f.read_bytes()) for name, f in state if f.is_file()))
    for name in [*CROPS, *options.extra]:
        if (data / name).is_dir():
            archives.write(name, files(data, name))
    for name in PHOTOS:
        if (data / name).is_dir():
            archives.write(name, reencoded(data, name, options.quality))
    tree = checkout_bytes(Path.cwd())
    budget = round(options.limit * _MIB) - tree
    print(f"checkout {tree / _MIB:.1f} MiB, so {budget / _MIB:.1f} MiB a part")
    for number, size in enumerate(fill_parts(archives.files, out, budget), 1):
        print(f"part{number}: {size / _MIB:.1f} MiB")
    shutil.rmtree(stage)
    shutil.rmtree(out / "wheels")


if __name__ == "__main__":
    main()
