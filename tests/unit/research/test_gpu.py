import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config

pytest.importorskip("research.gpu.loop", reason="needs the checkout")
from research.gpu import pack, results, session, unpack
from research.gpu.loop import Training, lr_factor, parameter_groups
from research.gpu.losses import (
    Teacher,
    attention_tokens,
    load_teacher,
    network_input,
    recognizer_losses,
)
from research.gpu.sources import IgnoreAll, load_config
from spotter.errors import ConfigError
from spotter.registry import MODELS
from spotter.structures import TextDetSample, TextRecSample
from spotter.synthesis.fonts import bundled_fonts
from spotter.synthesis.other_scripts import ScriptFontBank

TINY: dict[str, Any] = {
    "feature_extraction": {"channels": (8, 16, 16, 32), "depths": (1, 1, 1, 1), "stem_channels": 8},
    "rescorer": {"channels": 32, "dropout": 0.0},
}


@pytest.fixture
def recognizer() -> Any:
    cfg = load_config("recognizer_shipped")
    cfg.merge_from_dict({"model": TINY, "batch_size": 3, "init_from": None})
    torch.manual_seed(0)
    return cfg, MODELS.build(dict(cfg.model))


def words(model: Any, texts: list[str]) -> dict[str, torch.Tensor]:
    characters = torch.zeros(len(texts), 32, dtype=torch.long)
    for row, text in enumerate(texts):
        for place, character in enumerate(text):
            characters[row, place] = model.charset.index(character) + 1
    lengths = torch.tensor([len(text) for text in texts])
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (len(texts), 32, 96, 3), generator=generator, dtype=torch.uint8)
    return {
        "images": images,
        "characters": characters,
        "lengths": lengths,
        "host_lengths": lengths,
    }


def test_losses_are_those_of_the_model(recognizer: Any) -> None:
    _, model = recognizer
    texts = ["Price", "€4,20", "x", "", "WHY PAY 2", "of a length that fills the " + "x" * 5]
    assert len(texts[-1]) == 32
    batch = words(model, texts)
    inputs = network_input(model, batch["images"], None, torch.float32)
    data = {"inputs": list(batch["images"].permute(0, 3, 1, 2))}
    assert torch.allclose(inputs, model.data_preprocessor(data)["inputs"], atol=1e-5)
    model.eval()
    own = recognizer_losses(model, inputs, batch)
    expected = model(inputs, [TextRecSample(text=text) for text in texts], mode="loss")
    assert own.keys() == expected.keys()
    for name, value in expected.items():
        assert own[name].item() == pytest.approx(value.item(), rel=1e-5)


def test_a_pupil_learns_the_frames_of_its_teacher(recognizer: Any) -> None:
    cfg, model = recognizer
    torch.manual_seed(1)
    teacher = Teacher(MODELS.build(dict(cfg.model)), share=0.25, temperature=2.0)
    assert not any(parameter.requires_grad for parameter in teacher.model.parameters())
    batch = words(model, ["Price", ""])
    inputs = network_input(model, batch["images"], None, torch.float32)
    model.eval()
    alone = recognizer_losses(model, inputs, batch)
    taught = recognizer_losses(model, inputs, batch, teacher)
    assert taught["loss_ctc"].item() == pytest.approx(0.75 * alone["loss_ctc"].item())
    rescored = "loss_attention_rescorer"
    assert taught[rescored].item() == pytest.approx(alone[rescored].item())
    said, meant = (
        (each.prediction(each.encode(inputs)[1]) / 2.0).softmax(-1)
        for each in (model, teacher.model)
    )
    divergence = (meant * (meant / said).log()).sum((1, 2)).tolist()
    # Five characters, and one for every four frames where there is nothing to read.
    per_character = (divergence[0] / 5 + divergence[1] / (said.shape[1] // 4)) / 2
    assert taught["loss_teacher"].item() == pytest.approx(0.25 * 4.0 * per_character, rel=1e-4)
    itself = recognizer_losses(model, inputs, batch, Teacher(model))
    assert itself["loss_teacher"].item() == pytest.approx(0.0, abs=1e-5)


def test_a_teacher_is_opened_once_and_has_to_fit(recognizer: Any, tmp_path: Path) -> None:
    cfg, model = recognizer
    session.save(Training(cfg, model, torch.device("cpu")), tmp_path)
    settings = {"weights": str(tmp_path / session.WEIGHTS), "share": 0.5}
    pupil = MODELS.build(dict(cfg.model))
    training = Training(Config({**cfg, "teacher": settings}), pupil, torch.device("cpu"))
    batch = words(model, ["ab", "cd"])
    first = training.step(batch, 1.0)
    assert first.shape == (3,)
    for _ in range(12):
        last = training.step(batch, 1.0)
    assert last[-1] < first[-1]
    other = MODELS.build({**cfg.model, "charset": "94"})
    with pytest.raises(ConfigError, match="charset is not that of its pupil"):
        load_teacher(other, settings, torch.device("cpu"))
    with pytest.raises(ConfigError, match=r"share=0\.0"):
        Teacher(model, share=0.0)
    wider = torch.zeros(2, 99, len(model.charset) + 1)
    inputs = network_input(model, batch["images"], None, torch.float32)
    with pytest.raises(ConfigError, match="instead of"):
        Teacher(model).loss(wider, inputs, torch.ones(2))


def test_a_missing_validation_set_costs_no_weights(
    recognizer: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cfg, model = recognizer
    reader = {"type": "WordListReader", "annotation_file": str(tmp_path / "none.txt")}
    cfg.words_val = [{"name": "none", "reader": reader}]
    out = tmp_path / "out"
    options = session.parse_arguments(
        ["tiny", "--seconds", "1", "--out", str(out), "--cache", str(tmp_path / "cache")]
    )
    cpu = torch.device("cpu")
    summary = session.finish(cfg, Training(cfg, model, cpu), options, cpu)
    assert summary["metrics"] == {}
    assert (out / session.WEIGHTS).is_file()
    assert "not validated: " in capsys.readouterr().out


def test_the_recognizers_are_and_see_what_is_released() -> None:
    release = Config.fromfile("configs/recognition/deep_ctc_release.py")
    for name in ("recognizer_shipped", "recognizer_distilled"):
        cfg = load_config(name)
        assert cfg.model == release.model
        assert cfg.preprocessing == release.preprocessing
    teacher = load_config("recognizer_teacher")
    assert teacher.preprocessing == release.preprocessing
    for name in ("charset", "max_length", "prediction"):
        assert teacher.model[name] == release.model[name]


def test_tokens_of_the_decoder_end_and_are_padded(recognizer: Any) -> None:
    _, model = recognizer
    tokens = model.rescorer.token_map
    made = attention_tokens(torch.tensor([[5, 7, 0], [1, 2, 3]]), torch.tensor([2, 3]), tokens)
    assert made.tolist() == [
        [tokens.bos, 5, 7, tokens.eos, tokens.pad],
        [tokens.bos, 1, 2, 3, tokens.eos],
    ]


def test_a_training_goes_on_from_what_it_saved(recognizer: Any, tmp_path: Path) -> None:
    cfg, model = recognizer
    training = Training(cfg, model, torch.device("cpu"))
    batch = words(model, ["ab", "cd", "ef"])
    first = training.step(batch, 1.0)
    for _ in range(12):
        last = training.step(batch, 1.0)
    assert last.sum() < 0.8 * first.sum()
    session.save(training, tmp_path)
    again = Training(cfg, MODELS.build(dict(cfg.model)), torch.device("cpu"))
    session.restore(again, tmp_path)
    for name, value in training.model.state_dict().items():
        close = torch.allclose(again.model.state_dict()[name].float(), value.float(), atol=2e-3)
        assert close, name
    moments = [t.optimizer.state[next(t.model.parameters())] for t in (training, again)]
    for key, beta in (("exp_avg", 0.9), ("exp_avg_sq", 0.999)):
        # After 13 steps from zero; they are written without that bias.
        expected = moments[0][key] / (1 - beta**13)
        assert torch.allclose(moments[1][key], expected, rtol=1e-2, atol=1e-5)
    assert again.step(batch, 1.0).sum() < 1.3 * last.sum()


def test_a_detector_learns_from_maps() -> None:
    cfg = load_config("detector_x05")
    training = Training(cfg, MODELS.build(dict(cfg.model)), torch.device("cpu"))
    maps = {name: torch.zeros(1, 64, 64) for name in ("shrink_map", "threshold_mask")}
    maps["shrink_map"][:, 20:40, 20:40] = 1
    maps["shrink_mask"] = torch.ones(1, 64, 64)
    maps["threshold_map"] = torch.full((1, 64, 64), 0.3)
    batch = {"images": torch.zeros(1, 64, 64, 3, dtype=torch.uint8), **maps}
    inputs = network_input(training.model, batch["images"], None, torch.float32)
    sample = TextDetSample(targets={name: value[0].numpy() for name, value in maps.items()})
    training.model.eval()
    own = training.losses(training.model, inputs, batch)
    for name, value in training.model(inputs, [sample], mode="loss").items():
        assert own[name].item() == pytest.approx(value.item())
    assert training.step(batch, 1.0).shape == (3,)


def test_the_rate_warms_up_and_falls_over_the_time() -> None:
    factors = [lr_factor(p, 0.1) for p in (0.0, 0.05, 0.1, 0.55, 1.0, 1.2)]
    assert factors == pytest.approx([0.0, 0.5, 1.0, 0.505, 0.01, 0.01])


def test_only_matrices_decay_and_parts_may_be_slower() -> None:
    cfg = load_config("detector_x05")
    model = MODELS.build(dict(cfg.model))
    groups = parameter_groups(model, cfg)
    assert sum(len(group["params"]) for group in groups) == len(list(model.parameters()))
    for group in groups:
        assert all((p.dim() > 1) == (group["weight_decay"] > 0) for p in group["params"])
    assert sorted({group["factor"] for group in groups}) == [0.5, 1.0]


@pytest.mark.parametrize("name", ["detector_x10", "detector_resnet18", "recognizer_teacher"])
def test_other_models_are_built(name: str) -> None:
    cfg = load_config(name)
    assert cfg.init_from is None
    count = sum(parameter.numel() for parameter in MODELS.build(dict(cfg.model)).parameters())
    assert 3e6 < count < 25e6
    if cfg.task == "recognition":
        assert count > 10e6


def test_the_table_holds_validation_words_back() -> None:
    cfg = load_config("mixture")
    stops = {row["name"]: row["reader"].get("stop") for row in cfg.words}
    starts = {row["name"]: row["reader"].get("start") for row in cfg.words_val}
    for name in ("receipt_words", "receipt_numbers", "wire_labels"):
        assert stops[name] == starts[name] is not None
    assert stops["icdar2015_words"] == starts["icdar2015"] == 3960
    assert cfg.photos_val["reader"]["start"] == 900
    assert cfg.photos[0]["reader"]["stop"] == 900


def test_lists_of_words_travel_with_names_from_the_folder_of_the_data(tmp_path: Path) -> None:
    data, folder = tmp_path / "data", tmp_path / "labels"
    (folder / "photos" / "logos").mkdir(parents=True)
    line = f"{data}/iiit5k_train/images/1.webp Café\n"
    (folder / "iiit5k.txt").write_text(line, encoding="utf-8")
    (folder / "photos" / "logos" / "1.txt").write_text("0,0,9,0,9,9,0,9,####Café\n", "utf-8")
    packed = dict(pack.labels(folder, data))
    assert packed == {
        "data/labels/iiit5k.txt": "iiit5k_train/images/1.webp Café\n".encode(),
        "data/labels/photos/logos/1.txt": "0,0,9,0,9,9,0,9,####Café\n".encode(),
    }


def test_fonts_travel_with_the_letters_that_are_drawn(tmp_path: Path) -> None:
    pytest.importorskip("fontTools", reason="subsets fonts")
    folder = tmp_path / "fonts"
    folder.mkdir()
    [face] = [Path(file) for file in bundled_fonts() if file.endswith("DejaVuSans.ttf")]
    (folder / face.name).write_bytes(face.read_bytes())
    [(name, contents)] = pack.fonts(folder, "other_fonts", "жω")
    assert name == "data/other_fonts/DejaVuSans.ttf"
    assert len(contents) < face.stat().st_size / 10
    (tmp_path / "one.ttf").write_bytes(contents)
    bank = ScriptFontBank([str(tmp_path / "one.ttf")])
    assert bank.draws(0, "жω")
    assert not bank.draws(0, "д")
    assert not list(pack.fonts(folder, "other_fonts", "水"))


def test_lines_are_left_out_of_the_loss() -> None:
    kept = {"polygon": np.zeros((4, 2)), "ignore": False}
    marked = IgnoreAll()({"instances": [kept]})
    assert marked["instances"][0]["ignore"]
    assert not kept["ignore"]


def test_archives_fill_parts_in_order_and_are_unpacked(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(pack, "_ARCHIVE_BYTES", 1000)
    stage = tmp_path / "stage"
    stage.mkdir()
    archives = pack.Archives(stage)
    noise = np.random.default_rng(0).bytes(700)
    archives.write("set", ((f"data/set/{i}.webp", noise) for i in range(5)))
    assert [file.name for file in archives.files] == ["set.0.zip", "set.1.zip", "set.2.zip"]
    sizes = pack.fill_parts(archives.files, tmp_path, 2500)
    assert len(sizes) == 2
    assert max(sizes) <= 2500
    with zipfile.ZipFile(tmp_path / "part1" / "set.0.zip") as archive:
        assert archive.namelist() == ["data/set/0.webp", "data/set/1.webp"]
    home = tmp_path / "home"
    assert sum(unpack.unpack(tmp_path / f"part{n}", home) for n in (1, 2)) == 3
    assert len(list((home / "data" / "set").iterdir())) == 5
    assert (home / "data" / "set" / "4.webp").read_bytes() == noise


def test_results_come_home_in_pieces_and_are_joined(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(results, "PIECE", 30_000)
    monkeypatch.setattr(results, "ROOM", 100_000)
    run, out, back = tmp_path / "run", tmp_path / "out", tmp_path / "back"
    line = {"name": "a", "seconds": 1.0, "losses": [0.5, 0.25], "rate": 10.0}
    for name in ("a", "b"):
        (run / name).mkdir(parents=True)
        (run / name / "log.jsonl").write_text(json.dumps(line) + '\n{"cut o', encoding="utf-8")
        (run / name / "weights.safetensors").write_bytes(name.encode() * 20_000)
    (run / "a" / "state.safetensors").write_bytes(b"s" * 90_000)
    files = results.pack(run, out)
    assert len(files) == 3 + 2
    assert sorted(file.name for file in out.iterdir()) == sorted(file.name for file in files)
    assert max(file.stat().st_size for file in files) <= 30_000
    summary = json.loads((out / "summary.json").read_text())
    assert summary["a"]["left_there"] == ["state.safetensors", 90_000]
    assert len((out / "log.jsonl").read_text().splitlines()) == 2
    results.join(out, back)
    for name in ("a", "b"):
        assert (back / name / "weights.safetensors").read_bytes() == name.encode() * 20_000
    assert not (back / "results.tar").exists()
