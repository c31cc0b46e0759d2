"""The outputs of ``spotter spot`` and ``spotter read``."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from spotter.cli.commands import run
from spotter.cli.main import cli
from spotter.cli.spot import output_stems
from spotter.data import readers
from spotter.errors import ConfigError, ImageError
from spotter.io.jsonl import read_json_lines
from spotter.io.locks import OutputLock
from tests.unit.full_disk import full_disk
from tests.unit.pipeline.networks import bright_detector, digit_recognizer, photo, written


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("models")
    detector = bright_detector(folder / "bright.onnx")
    recognizer = digit_recognizer(folder / "digits.onnx")
    return ["--detector", str(detector), "--recognizer", str(recognizer), "--threads", "1"]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed, name in enumerate(("a.png", "b.png")):
        cv2.imwrite(str(folder / name), photo(200, 120, [(20, 20, 90, 20)], seed))
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


def test_lines_go_on_and_start_anew(
    photos: Path, models: list[str], tmp_path: Path, capsys
) -> None:
    out = tmp_path / "words.jsonl"
    command = ["spot", str(photos), "--out", str(out), *models]
    run(cli, command)
    assert "3 new of 3 photos, 1 could not be read" in capsys.readouterr().out
    assert [record["image"] for record in read_json_lines(out)] == ["a.png", "b.png", "broken.png"]
    run(cli, command)
    assert "0 new of 3 photos" in capsys.readouterr().out
    run(cli, [*command, "--overwrite"])
    assert "3 new of 3 photos" in capsys.readouterr().out
    assert len(list(read_json_lines(out))) == 3


def test_a_folder_goes_on_and_starts_anew(
    photos: Path, models: list[str], tmp_path: Path, capsys
) -> None:
    out = tmp_path / "found"
    command = ["spot", str(photos), "--out", str(out), "--json", *models]
    run(cli, command)
    first = capsys.readouterr()
    assert [json.loads(line)["image"] for line in first.out.splitlines()] == [
        "a.png", "b.png", "broken.png",
    ]  # fmt: skip
    assert sorted(path.name for path in out.iterdir()) == [
        "a.json", "a.spotted.jpg", "b.json", "b.spotted.jpg",
    ]  # fmt: skip
    kept = json.loads((out / "a.json").read_text()) | {"width": 1}
    (out / "a.json").write_text(json.dumps(kept))
    (out / "b.json").unlink()
    run(cli, command)
    again = capsys.readouterr()
    assert json.loads(again.out.splitlines()[0])["width"] == 1
    assert again.out.splitlines()[1:] == first.out.splitlines()[1:]
    assert "1 of 3 photos had their files already" in again.err
    run(cli, [*command, "--overwrite"])
    assert capsys.readouterr().out == first.out


def test_tables_and_no_files(photos: Path, models: list[str], monkeypatch, capsys) -> None:
    monkeypatch.chdir(photos)
    run(cli, ["spot", "a.png", *models])
    assert "a.png (200 x 120)" in capsys.readouterr().out
    assert len(list(photos.iterdir())) == 3


def test_documents_page_by_page(
    models: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    pages = [Image.fromarray(photo(120, 80, [(20, 20, 60, 20)], seed)) for seed in (0, 1)]
    out = tmp_path / "found"
    pages[0].save("scan.tif", save_all=True, append_images=pages[1:])
    run(cli, ["spot", "scan.tif", "--out", "found", *models])
    assert ", page 2 (120 x 80)" in capsys.readouterr().out
    names = ["scan.page1.json", "scan.page1.spotted.jpg", "scan.page2.json"]
    assert sorted(path.name for path in out.iterdir()) == [*names, "scan.page2.spotted.jpg"]
    assert json.loads((out / "scan.page2.json").read_text())["page"] == 2
    (out / "scan.page2.json").unlink()
    run(cli, ["spot", "scan.tif", "--out", "found", *models])
    printed = capsys.readouterr().out
    assert (", page 1" in printed, ", page 2" in printed) == (False, True)
    run(cli, ["spot", ".", "--out", "words.jsonl", *models])
    lines = list(read_json_lines("words.jsonl"))
    assert [(line["image"], line["page"]) for line in lines if line["image"] == "scan.tif"] == [
        ("scan.tif", 1), ("scan.tif", 2),
    ]  # fmt: skip


def test_one_name_for_each_photo(tmp_path: Path) -> None:
    photos = {name: Path(name) for name in ("x/a.jpg", "y/a.png", "b.jpg")}
    assert [stem.name for stem in output_stems(photos, tmp_path)] == ["a", "a_2", "b"]
    (stem,) = output_stems({"é": Path("é" * 120 + ".jpg")}, tmp_path)
    assert stem.name == "é" * 100
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"a file; --out is a folder or ends in \.jsonl"):
        output_stems(photos, tmp_path / "file")
    (tmp_path / "run.1").mkdir()
    for name in ("run.1", "run.2"):
        assert output_stems({"c.jpg": Path("c.jpg")}, tmp_path / name) == [tmp_path / name / "c"]
    for name in ("result.json", "new.JPG"):
        with pytest.raises(ConfigError, match=r"named like a file.*needs --to"):
            output_stems(photos, tmp_path / name)


def images_of(folder: Path) -> dict[str, str]:
    return {path.name: json.loads(path.read_text())["image"] for path in folder.glob("*.json")}


def test_a_photo_keeps_its_files_when_another_of_its_name_comes(
    models: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    for width, folder in ((200, "b"), (180, "a")):
        Path("S", folder).mkdir(parents=True)
        cv2.imwrite(f"S/{folder}/x.png", photo(width, 120, [(20, 20, 90, 20)], width))
        run(cli, ["spot", "S", "--out", "So", *models])
    assert images_of(Path("So")) == {"x.json": "b/x.png", "x_2.json": "a/x.png"}
    assert cv2.imread("So/x_2.spotted.jpg").shape[1] == 180
    capsys.readouterr()
    run(cli, ["spot", "S", "--out", "So", *models])
    assert "2 of 2 photos had their files already" in capsys.readouterr().err
    # A file of another program is nobody's result.
    Path("So/y.json").write_text('{"imagePath": "y.png"}')
    Path("S/b/x.png").rename("S/b/y.png")
    run(cli, ["spot", "S", "--out", "So", *models])
    assert json.loads(Path("So/y_2.json").read_text())["image"] == "b/y.png"


def test_files_that_were_cut_off_are_written_anew(
    photos: Path, models: list[str], tmp_path: Path, capsys
) -> None:
    out = tmp_path / "found"
    command = ["spot", str(photos), "--out", str(out), *models]
    with full_disk(100), pytest.raises(OSError, match="too large"):
        run(cli, command)
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]
    run(cli, command)
    whole = (out / "a.json").read_bytes()
    for content in (b"", whole[:30]):
        (out / "a.json").write_bytes(content)
        capsys.readouterr()
        run(cli, [*command, "--json"])
        assert "1 of 3 photos had their files already" in capsys.readouterr().err
        assert (out / "a.json").read_bytes() == whole


def test_one_writer_for_a_folder(photos: Path, models: list[str], tmp_path: Path) -> None:
    out = tmp_path / "found"
    with OutputLock(out, is_folder=True):
        with pytest.raises(ConfigError, match="found: is being written by"):
            run(cli, ["spot", str(photos), "--out", str(out), *models])
        assert list(out.iterdir()) == []


def test_a_picture_that_is_no_jpeg_is_reduced(
    models: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("W").mkdir()
    cv2.imwrite("W/a.png", np.zeros((2, 66_000, 3), np.uint8))
    cv2.imwrite("W/b.png", photo(200, 120, [(20, 20, 90, 20)], 0))
    run(cli, ["spot", "W", "--out", "Wo", *models])
    line = "a.png: drawn at 65500 x 2 pixels, as a JPEG can be no larger"
    assert capsys.readouterr().err.splitlines() == [line]
    assert json.loads(Path("Wo/a.json").read_text())["width"] == 66_000
    assert cv2.imread("Wo/a.spotted.jpg").shape == (2, 65_500, 3)
    assert Path("Wo/b.json").is_file()


def test_pictures_of_a_run_before_are_left_out(photos: Path, models: list[str], capsys) -> None:
    command = ["spot", str(photos), "--out", str(photos), *models]
    run(cli, command)
    run(cli, [*command, "--overwrite"])
    assert "2 pictures left out, which a run before drew" in capsys.readouterr().err
    assert sorted(path.name for path in photos.iterdir()) == [
        "a.json", "a.png", "a.spotted.jpg", "b.json", "b.png", "b.spotted.jpg", "broken.png",
    ]  # fmt: skip
    with pytest.raises(ImageError, match="nothing but pictures"):
        run(cli, ["spot", str(photos / "a.spotted.jpg"), *models])
    # A photo may be named so.
    (photos / "a.json").unlink()
    run(cli, ["spot", str(photos / "a.spotted.jpg"), *models])


def test_labels_of_documents_and_outputs_that_are_photos(
    photos: Path, models: list[str], tmp_path: Path, capsys
) -> None:
    pages = [Image.fromarray(photo(120, 80, [(20, 20, 60, 20)], seed)) for seed in (0, 1)]
    pages[0].save(photos / "two.tif", save_all=True, append_images=pages[1:])
    out = tmp_path / "labels"
    run(cli, ["spot", str(photos), "--to", "icdar", "--out", str(out), *models])
    assert "1 pages left out: labels are of pictures" in capsys.readouterr().err
    assert sorted(path.name for path in out.iterdir()) == ["gt_a.txt", "gt_b.txt", "gt_two.txt"]
    before = (photos / "b.png").read_bytes()
    for name in ("b.png", "new.jpg"):
        with pytest.raises(ConfigError, match="ends like a picture"):
            run(cli, ["spot", str(photos), "--to", "coco", "--out", str(photos / name), *models])
    assert (photos / "b.png").read_bytes() == before
    with pytest.raises(ConfigError, match=r"result\.json: named like a file"):
        run(cli, ["spot", str(photos), "--out", str(tmp_path / "result.json"), *models])


def test_crops_are_printed(models: list[str], tmp_path: Path, capsys) -> None:
    crop = tmp_path / "crop.png"
    cv2.imwrite(str(crop), written("1234"))
    gone = tmp_path / "gone.png"
    recognizer = models[2:]
    run(cli, ["read", str(crop), str(gone), *recognizer])
    printed = capsys.readouterr()
    name, score, text = printed.out.strip().split("\t")
    assert (name, text) == (crop.as_posix(), "1234")
    assert 0 < float(score) <= 1
    assert "no such file" in printed.err
    run(cli, ["read", str(crop), "--json", *recognizer])
    assert json.loads(capsys.readouterr().out)["text"] == "1234"
    with pytest.raises(SystemExit) as ended:
        run(cli, ["read", str(gone), *recognizer])
    assert ended.value.code == 1


@pytest.mark.parametrize(
    ("form", "reader", "options", "files"),
    [
        ("coco", "COCOInstancesReader", {}, ["annotations.json"]),
        ("paddle", "PaddleOCRReader", {}, ["Label.txt"]),
        ("labelstudio", "LabelStudioReader", {"predictions": True}, ["tasks.json"]),
        ("icdar", "ICDARDetectionReader", {}, ["gt_a.txt", "gt_b.txt"]),
        ("hocr", None, {}, ["a.hocr", "b.hocr"]),
        ("alto", None, {}, ["a.alto.xml", "b.alto.xml"]),
        ("json", None, {}, ["results.json"]),
    ],
)
def test_labels_to_correct(
    form: str,
    reader: str | None,
    options: dict[str, bool],
    files: list[str],
    photos: Path,
    models: list[str],
    tmp_path: Path,
    capsys,
) -> None:
    out = tmp_path / "labels"
    run(cli, ["spot", str(photos), "--to", form, "--out", str(out), *models])
    printed = capsys.readouterr()
    assert f"2 of 3 photos as {form}" in printed.out
    assert "broken.png" in printed.err
    assert sorted(path.name for path in out.iterdir()) == files
    if reader is not None:
        opened = getattr(readers, reader)(
            out if form == "icdar" else out / files[0], photos, **options
        )
        run(cli, ["spot", str(photos), "--json", *models])
        lines = map(json.loads, capsys.readouterr().out.splitlines())
        expected = {line["image"]: line["instances"] for line in lines if not line["error"]}
        found = {Path(sample["img_path"]).name: sample["instances"] for sample in opened}
        assert {name: [word["text"] for word in words] for name, words in found.items()} == {
            name: [word["text"] for word in words] for name, words in expected.items()
        }


def test_formats_need_a_place(photos: Path, models: list[str]) -> None:
    with pytest.raises(ConfigError, match="--to writes files: it needs --out"):
        run(cli, ["spot", str(photos), "--to", "coco", *models])


def test_searchable_pdfs(photos: Path, models: list[str], tmp_path: Path, capsys) -> None:
    pypdf = pytest.importorskip("pypdf")
    out = tmp_path / "pdfs"
    pages = [Image.fromarray(photo(120, 80, [(20, 20, 60, 20)], seed)) for seed in (0, 1)]
    pages[0].save(photos / "scan.tif", save_all=True, append_images=pages[1:])
    command = ["spot", str(photos), "--to", "pdf", "--out", str(out), *models]
    run(cli, command)
    assert "broken.png" in capsys.readouterr().err
    names = ["a.pdf", "b.pdf", "scan.pdf"]
    assert sorted(path.name for path in out.iterdir()) == names
    assert len(pypdf.PdfReader(out / "scan.pdf").pages) == 2
    run(cli, ["spot", str(photos / "a.png"), "--json", *models])
    words = json.loads(capsys.readouterr().out)["instances"]
    (page,) = pypdf.PdfReader(out / "a.pdf").pages
    assert page.extract_text().split() == [word["text"] for word in words]
    (out / "b.pdf").unlink()
    run(cli, command)
    assert capsys.readouterr().out.split() == [str(out / "b.pdf")]
    # Another photo of the name gets a PDF of its own.
    (photos / "0").mkdir()
    (photos / "a.png").rename(photos / "0" / "b.png")
    run(cli, command)
    assert capsys.readouterr().out.split() == [str(out / "b_2.pdf")]
    titles = {name: pypdf.PdfReader(out / name).metadata.title for name in ("b.pdf", "b_2.pdf")}
    assert titles == {"b.pdf": "b.png", "b_2.pdf": "0/b.png"}
    with pytest.raises(ConfigError, match="one file for 4 photos; --out is a folder"):
        run(cli, ["spot", str(photos), "--to", "pdf", "--out", str(tmp_path / "x.pdf"), *models])
    own = out / "scan.pdf"
    with pytest.raises(ConfigError, match=r"scan\.pdf: is what is read"):
        run(cli, ["spot", str(own), "--to", "pdf", "--out", str(out), "--overwrite", *models])
