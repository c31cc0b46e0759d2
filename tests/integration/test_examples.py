"""The scripts of examples/, run with the shipped weights."""

from __future__ import annotations

import importlib.util
import io
import json
import shutil
from pathlib import Path
from types import ModuleType

import cv2
import pytest

from spotter.data.readers import LabelStudioReader
from spotter.runtime.header import read_header
from tests.integration.conftest import ROOT, load_tool

PHOTOS = ROOT / "demo/photos"


@pytest.fixture(autouse=True)
def small_photo(tmp_path: Path) -> Path:
    """``photos/sign.jpg`` with the sign of a motorway, which is quick to read."""
    sign = cv2.imread(str(PHOTOS / "motorway.jpg"))[40:260, 730:1170]
    folder = tmp_path / "photos"
    folder.mkdir()
    cv2.imwrite(str(folder / "sign.png"), sign)
    return folder / "sign.png"


def example(name: str) -> ModuleType:
    return load_tool(f"examples/{name}.py")


def test_read_photo(small_photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example("read_photo").main(str(small_photo))
    assert "EXIT 12" in capsys.readouterr().out
    record = json.loads(small_photo.with_suffix(".json").read_text("utf-8"))
    assert {"EXIT", "Airport"} <= {word["text"] for word in record["instances"]}
    drawn = cv2.imread(str(small_photo.with_suffix(".words.jpg")))
    assert drawn.shape == (220, 440, 3)


@pytest.mark.skipif(
    importlib.util.find_spec("pypdf") is None or importlib.util.find_spec("pypdfium2") is None,
    reason="needs the extra pdf",
)
def test_searchable_pdf(
    small_photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import pypdf
    from PIL import Image

    scan, out = tmp_path / "scan.pdf", tmp_path / "out.pdf"
    with Image.open(small_photo) as image:
        blank = Image.new("RGB", image.size, "white")
        # 144 pixels per inch: read at 200, the letters are a little larger.
        blank.save(scan, save_all=True, append_images=[image.convert("RGB")], resolution=144)
    example("searchable_pdf").main(str(scan), str(out), "airport")
    assert capsys.readouterr().out == "'airport' is on page 2\n"
    pages = pypdf.PdfReader(io.BytesIO(out.read_bytes())).pages
    assert [len(pages), "Airport" in pages[1].extract_text()] == [2, True]


def test_label_studio(
    small_photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (small_photo.parent / "broken.jpg").write_bytes(b"nothing")
    out = tmp_path / "tasks.json"
    example("label_studio").main(str(small_photo.parent), str(out))
    printed = capsys.readouterr()
    assert printed.out == f"{out}: 1 tasks\n"
    assert "broken.jpg" in printed.err
    (sample,) = LabelStudioReader(str(out), str(small_photo.parent), predictions=True)
    assert {"EXIT", "Airport"} <= {word["text"] for word in sample["instances"]}


def test_watch_folder(
    small_photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = small_photo.parent
    shutil.copy(small_photo, folder / "again.png")
    (folder / "stop").touch()
    out = tmp_path / "words.jsonl"
    example("watch_folder").main(str(folder), str(out))
    records = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [Path(record["image"]).name for record in records] == ["again.png", "sign.png"]
    assert records[0]["instances"] == records[1]["instances"]
    assert len(records[0]["instances"]) >= 5
    assert "sign.png: " in capsys.readouterr().out


def test_adapt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An iteration or two: the words of the photos are mined, and the outcome is told."""
    from spotter.adaptation import run
    from spotter.adaptation.measure import guard_words

    photos = tmp_path / "mine"
    photos.mkdir()
    sign = cv2.imread(str(PHOTOS / "motorway.jpg"))[40:260, 730:1170]
    for number in range(6):
        cv2.imwrite(str(photos / f"{number}.png"), cv2.convertScaleAbs(sign, beta=10 * number))
    module = example("adapt")
    monkeypatch.setattr(module, "DRAWN", 8)
    monkeypatch.setattr(run, "_LEAST_LABELS", 2)
    monkeypatch.setattr(run, "guard_words", lambda characters: guard_words(characters)[:8])
    module.main(str(photos), str(tmp_path / "mine.safetensors"), "0.02")
    printed = capsys.readouterr().out
    assert "words to learn from" in printed
    kept = "the shipped recognizer is kept: " in printed
    assert kept != (tmp_path / "mine.onnx").is_file()
    assert kept != ("EXIT 12" in printed)


@pytest.mark.slow
def test_own_alphabet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A few iterations: the new letters are in the weights that come out, and these are opened."""
    import matplotlib

    module = example("own_alphabet")
    monkeypatch.setattr(module, "DRAWN", 64)
    monkeypatch.setattr(module, "HELD_BACK", 8)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    words = tmp_path / "words.txt"
    words.write_text("\n".join(["Żółw", "gęś", "jaźń", "łąka"] * 4), encoding="utf-8")
    fonts = Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"
    settings = ("train_cfg.val_interval=4", "train_dataloader.batch_size=8")
    module.main(str(words), str(fonts), str(tmp_path / "own"), "4", *settings)
    assert "--language none" in capsys.readouterr().out
    header = read_header(tmp_path / "own/recognizer.onnx")
    assert set("Żółwgęśjaźńąk0123456789") <= set(header["charset"])
    assert "Q" not in header["charset"]
