"""Each command line that README and docs show is run here, or is exempted with its reason.

A page is one session in one folder: what one command writes the next one finds, as on the page.
Trainings are cut to an iteration or two, and nothing else of a line is changed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from spotter.cli.commands import run
from spotter.cli.main import cli
from tests.integration.conftest import ROOT
from tests.integration.test_docs import AUTHORED, FENCE

PROGRAMS = ("spotter", "python", "pip", "git", "make", "docker", "curl", "tools", "torchrun")
EXEMPT = {
    r"^(\S*/)?pip install|^git clone": "needs the network; tests/packaging installs the wheel",
    r"^make |pytest|tests\.soak": "runs the tests themselves, or for minutes",
    r"^docker ": "needs a container engine; test_serve.py builds what the image holds",
    r"^curl |^spotter serve": "test_serve.py sends these requests to a server",
    r"SPOTTER_DATA|^git show|^tools/benchmark\.py|^tail": "measures on data that are not shipped",
    r"torchrun|srun|SBATCH": "needs several machines; tests/unit/training/test_distributed.py",
    r"configs/(recipes|recognition|detection)/|PHOTOS": "needs a data set;"
    " tests/unit/test_configs.py takes a step of every config",
    r"s3://|--engine ray": "needs object storage and a cluster; tests/unit/bulk",
    r"LAYOUT SRC DST|total_text": "needs a data set; test_convert_dataset.py reads every layout",
    r"^(cd|for|do|done|export)\b|^fonts\+=": "sets what the lines after it use",
    r"hangul|korean/recognizer": "needs fonts of Hangul; other lines run the same commands",
    r"shards": "needs shards; tests/unit/labeling mines an archive of photos",
    r"serve_load": "measures for minutes; test_serve.py sends its requests",
}
"""Regular expressions of lines that are not run, and why."""

BOUNDS = {
    "spotter train words": "--iterations 2 --batch-size 2 --draw 4 --threads 1",
    "spotter train photos": "--iterations 1 --batch-size 1 --threads 1",
    "spotter train configs/own_data": "train_cfg.max_iters=2 train_cfg.val_interval=1"
    " train_dataloader.batch_size=2 train_dataloader.num_workers=0 val_dataloader.num_workers=0"
    " train_dataloader.persistent_workers=False val_dataloader.persistent_workers=False",
    "spotter adapt": "--minutes 0.02 --drawn 4 --threads 1",
    "spotter synthesize": "--count 4 --workers 1",
    "python -m research.own_words draw": "--few 10 --many 4",
}
"""What is added to lines that begin so. Of an option that is given twice the last value counts."""


BEFORE = {"docs/reference/commands.md": ["spotter spot photos/ --out results.jsonl"]}
"""What is run before a page."""


def command_lines(page: Path) -> list[str]:
    """The commands of a page's shell blocks, one each, without comments."""
    found = []
    for language, body in FENCE.findall(page.read_text(encoding="utf-8")):
        if language not in ("sh", ""):
            continue
        for line in body.replace("\\\n", " ").splitlines():
            line = re.sub(r"(^|\s)#.*", "", line).strip()
            begins = line.split("=")[0].isupper() or line.startswith(PROGRAMS)
            if line and (language == "sh" or begins):
                found += [part.strip() for part in re.split(r"&&|;", line) if part.strip()]
    return found


def why_exempt(line: str) -> str | None:
    """The reason why a line is not run; ``None``: it is."""
    return next((why for pattern, why in EXEMPT.items() if re.search(pattern, line)), None)


PAGES = [p for p in AUTHORED if any(why_exempt(line) is None for line in command_lines(p))]


def test_every_exemption_is_used_and_most_lines_are_run() -> None:
    lines = [line for page in AUTHORED for line in command_lines(page)]
    assert [p for p in EXEMPT if not any(re.search(p, line) for line in lines)] == []
    assert [b for b in BOUNDS if not any(line.startswith(b) for line in lines)] == []
    assert sum(why_exempt(line) is None for line in lines) > 50


def written(path: Path, text: str) -> None:
    """A crop of a word."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.full((32, 20 + 18 * len(text), 3), 230, np.uint8)
    cv2.putText(image, text, (6, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (20, 20, 20), 2)
    cv2.imwrite(str(path), image)


def labelled_photo(folder: Path, name: str, shift: int = 0) -> None:
    """A photo of a road sign with a label of LabelMe, which is a little darker for each shift."""
    folder.mkdir(parents=True, exist_ok=True)
    sign = cv2.imread(str(ROOT / "demo/photos/motorway.jpg"))[40:260, 730:1170]
    cv2.imwrite(str(folder / f"{name}.jpg"), cv2.convertScaleAbs(sign, beta=-8 * shift))
    shape = {"label": "EXIT", "points": [[74, 52], [174, 83]], "shape_type": "rectangle"}
    record = {"imagePath": f"{name}.jpg", "imageHeight": 220, "imageWidth": 440, "shapes": [shape]}
    (folder / f"{name}.json").write_text(json.dumps(record))


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with everything that the pages take for granted."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    labelled_photo(tmp_path, "photo")
    tutorial = "own_photos" in request.node.name
    for place in ("photos", "my_photos/train" if tutorial else "my_photos"):
        for number in range(5):
            labelled_photo(tmp_path / place, f"{place[-1]}{number}", number)
    if tutorial:
        labelled_photo(tmp_path / "my_photos/val", "v")
    words = ["Straße", "grün", "EXIT", "12", "Öl", "sale", "Menu", "stop", "open", "taxi"]
    for number, word in enumerate(words):
        written(tmp_path / f"crops/{number}.png", word.encode("ascii", "ignore").decode())
    labels = [f"crops/{number}.png {word}\n" for number, word in enumerate(words)]
    (tmp_path / "labels.txt").write_text("".join(labels), encoding="utf-8")
    shutil.copy(tmp_path / "crops/2.png", tmp_path / "crop.png")
    for place in ("own/tuned", "more"):
        (tmp_path / place).mkdir(parents=True)
    many = [a + b for a in words for b in words]
    letters = "".join(sorted(set("".join(many))))
    (tmp_path / "more/alphabet.txt").write_text(letters, encoding="utf-8")
    corners = [[74, 52], [174, 52], [174, 83], [74, 83]]
    word = {"polygon": corners, "text": "EXIT", "ignore": False}
    for part in ("train", "val"):
        labelled_photo(tmp_path / "more" / part, "photo")
        label = {"img_path": "photo.jpg", "width": 0, "height": 0, "instances": [word]}
        size = cv2.imread(str(tmp_path / "more" / part / "photo.jpg")).shape
        label |= {"width": size[1], "height": size[0]}
        (tmp_path / "more" / part / "labels.jsonl").write_text(json.dumps(label) + "\n")
    for name in ("words.txt", "signs.txt", "german.tsv", "more/words.txt"):
        (tmp_path / name).write_text("\n".join(many), encoding="utf-8")
    shipped = ROOT / "spotter/hub/weights"
    for name, source in (
        ("a.safetensors", "deep_ctc.safetensors"),
        ("b.safetensors", "deep_ctc.safetensors"),
        # Where so short an adaptation is no better than its start, it writes nothing.
        ("my_reader.onnx", "deep_ctc.onnx"),
        ("my_detector.onnx", "dbnet_mobilenetv3.onnx"),
    ):
        shutil.copy(shipped / source, tmp_path / name)
    page = (ROOT / "docs/tutorials/own_photos.md").read_text(encoding="utf-8")
    (preset,) = (body for language, body in FENCE.findall(page) if language == "json")
    (tmp_path / "own/tuned/preset.json").write_text(preset)
    truth = tmp_path / "icdar2015_val"
    truth.mkdir()
    for photo in (tmp_path / "photos").glob("*.jpg"):
        shutil.copy(photo, truth)
        (truth / f"gt_{photo.stem}.txt").write_text("74,52,174,52,174,83,74,83,EXIT\n")
    with zipfile.ZipFile(tmp_path / "gt.zip", "w") as archive:
        for file in truth.glob("gt_*.txt"):
            archive.write(file, file.name)
    fonts = Path(importlib.util.find_spec("matplotlib").submodule_search_locations[0])  # type: ignore[union-attr, index]
    for place in ("fonts", "more/fonts", "data/fonts"):
        (tmp_path / place).mkdir(parents=True)
        for font in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"):
            shutil.copy(fonts / "mpl-data/fonts/ttf" / font, tmp_path / place)
    for place in ("data/words", "data/backgrounds"):
        (tmp_path / place).mkdir()
    shutil.copy("words.txt", "data/words")
    shutil.copy("photo.jpg", "data/backgrounds")
    for shared in ("configs", "spotter"):
        (tmp_path / shared).symlink_to(ROOT / shared)
    return tmp_path


def bounded(line: str, fonts: Path) -> list[str]:
    """The words of a line, with what :data:`BOUNDS` adds, without redirections."""
    line = line.split(" > ")[0]
    # Fonts and word lists of Debian packages that may not be installed.
    line = line.replace('"${fonts[@]}"', f"--fonts {fonts}")
    line = re.sub(r"/usr/share/dict/\w+", "words.txt", line)
    if "korean" in line:
        # Few systems have fonts of Hangul.
        line = line.replace("--alphabet korean", "--alphabet german")
    line = line.replace("/usr/share/fonts/truetype/nanum", str(fonts))
    added = next((more for begin, more in BOUNDS.items() if line.startswith(begin)), "")
    if "configs/own_data" in line and "--cfg-options" not in line:
        added = f"--cfg-options {added}"
    return [*shlex.split(line), *added.split()]


def expanded(words: list[str]) -> list[str]:
    """What a shell makes of stars."""
    return [
        name
        for word in words
        for name in (sorted(map(str, Path().glob(word))) if "*" in word else [word])
    ]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_page(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from spotter.adaptation import detector
    from spotter.adaptation import run as adaptation
    from spotter.adaptation.measure import guard_words

    # An adaptation asks for more photos and words.
    monkeypatch.setattr(detector, "_FEWEST_PHOTOS", 2)
    monkeypatch.setattr(adaptation, "_LEAST_LABELS", 2)
    monkeypatch.setattr(adaptation, "guard_words", lambda characters: guard_words(characters)[:8])
    for line in BEFORE.get(page.relative_to(ROOT).as_posix(), []) + command_lines(page):
        if why_exempt(line) is not None:
            continue
        print(line, file=sys.stderr)
        program, *words = expanded(bounded(line, folder / "fonts"))
        # Sets that a training has opened stay open until its process ends.
        if program == "spotter" and words[0] != "train":
            run(cli, words)
        else:
            assert program in ("spotter", "python"), line
            module = ["-m", "spotter"] if program == "spotter" else []
            subprocess.run([sys.executable, *module, *words], check=True, env=os.environ)
