"""Weights files: round trips, reports, and what is refused."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from spotter.charset import Charset
from spotter.errors import CharsetError, WeightsError
from spotter.models.token_maps import remap_tensor
from spotter.registry import MODELS
from spotter.training.header import buildable_config, header_from_config, make_header
from spotter.training.weights import (
    build_from_weights,
    load_all,
    load_into,
    load_pth_state,
    load_state,
    read_header,
    save_weights,
    written_weights,
)
from tests.unit.training.toy import ToyRegressor

CONFIG = {"type": "ToyRegressor", "channels": 4}


class ToyReader(nn.Module):
    """A classifier over a charset: row 0 is the blank."""

    def __init__(self, characters: str) -> None:
        super().__init__()
        self.charset = Charset(characters)
        self.feature = nn.Linear(2, 3)
        self.classifier = nn.Linear(3, len(characters) + 1)

    def remap_charset(self, state: dict[str, Tensor], old: Charset) -> tuple[dict, list[str]]:
        own = self.state_dict()
        state = dict(state)
        for name in state.keys() & {"classifier.weight", "classifier.bias"}:
            state[name] = remap_tensor(state[name], own[name], 0, old, self.charset)
        return state, [c for c in self.charset.characters if c not in old]


def header(**changes: Any) -> dict[str, Any]:
    return make_header(**{"task": "detection", "name": "toy", "config": CONFIG, **changes})


def test_round_trip_keeps_tensors_and_header(tmp_path: Path) -> None:
    model = ToyRegressor()
    written = header(preprocessing={"mean": (1.0, 2.0, 3.0)}, card={"data": "none", "accents": "é"})
    path = tmp_path / "new" / "toy.safetensors"
    save_weights(path, model, written)
    assert read_header(path) == written
    assert written["preprocessing"] == {"mean": [1.0, 2.0, 3.0]}
    state = load_state(path)
    assert state.keys() == model.state_dict().keys()
    for name, tensor in model.state_dict().items():
        assert torch.equal(state[name], tensor)
    built, read = build_from_weights(path)
    assert read == written
    assert not built.training
    images = torch.randn(2, 1, 6, 6)
    assert torch.equal(built(list(images)), model.eval()(list(images)))


def test_half_storage_rounds_matrices_only_and_comes_back_as_float32(tmp_path: Path) -> None:
    state = {
        "matrix": torch.tensor([[1.0, 1 / 3]]),
        "large": torch.tensor([[1e6, 1.0]]),
        "variance": torch.tensor([1e-9, 1 / 3]),
        "count": torch.tensor(7),
    }
    save_weights(tmp_path / "a.safetensors", state, header(), half=True)
    loaded = load_state(tmp_path / "a.safetensors")
    assert loaded["matrix"].tolist() == [[1.0, 0.333251953125]]
    assert all(t.dtype == torch.float32 for t in loaded.values() if t.is_floating_point())
    for name in ("large", "variance", "count"):
        assert torch.equal(loaded[name], state[name])


def test_tied_and_strided_tensors_are_written(tmp_path: Path) -> None:
    matrix = torch.arange(6.0).reshape(2, 3)
    state = {"a": matrix, "b": matrix, "c": matrix.t()}
    save_weights(tmp_path / "a.safetensors", state, header())
    loaded = load_state(tmp_path / "a.safetensors")
    assert torch.equal(loaded["c"], loaded["a"].t())
    assert torch.equal(loaded["b"], matrix)


def test_weights_that_are_not_finite_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="a holds values that are not finite"):
        save_weights(tmp_path / "a.safetensors", {"a": torch.tensor([float("nan")])}, header())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_others_may_read_what_the_umask_allows(tmp_path: Path) -> None:
    path = tmp_path / "toy.safetensors"
    before = os.umask(0o027)
    try:
        save_weights(path, ToyRegressor(4), header())
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640


def test_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def fail() -> None:
        with written_weights(path) as temporary:
            temporary.write_text("half of the n")
            raise OSError("disk full")

    with pytest.raises(WeightsError, match=r"cannot be written \(disk full\)"):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


class Bomb:
    """Unpickling it makes a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("wrap", [lambda b: b, lambda b: {"state_dict": {"w": b}}])
def test_malicious_pickle_is_refused_and_does_not_run(tmp_path: Path, wrap: Any) -> None:
    target = tmp_path / "exploded"
    torch.save(wrap(Bomb(target)), tmp_path / "new.pth")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(wrap(Bomb(target))))
    for name in ("new.pth", "plain.pth"):
        with pytest.raises(WeightsError) as caught:
            load_pth_state(tmp_path / name)
        assert "\n" not in str(caught.value)
    assert not target.exists()
    with pytest.raises(WeightsError, match="refused"):
        load_pth_state(tmp_path / "new.pth")


@pytest.mark.parametrize(
    "config",
    [
        {"type": "subprocess.check_output", "args": ["touch", "exploded"]},
        {"type": "antigravity"},
        {"type": "ToyRegressor", "backbone": [{"type": "os.mkdir", "path": "exploded"}]},
        {"type": "ToyRegressor", "_scope_": "evil"},
        {"type": ["ToyRegressor"]},
    ],
)
def test_header_may_name_registered_models_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: dict
) -> None:
    monkeypatch.chdir(tmp_path)
    save_weights("a.safetensors", ToyRegressor(), header(config=config))
    with pytest.raises(WeightsError) as caught:
        build_from_weights("a.safetensors")
    assert "\n" not in str(caught.value)
    assert not Path("exploded").exists()


def test_sources_of_pretrained_weights_are_dropped() -> None:
    config = {"type": "ToyRegressor", "pretrained": "/etc/passwd", "a": [{"init_cfg": {"type": 1}}]}
    assert buildable_config(config, "file") == {"type": "ToyRegressor", "a": [{}]}
    assert header(config=config)["config"] == {"type": "ToyRegressor", "a": [{}]}


def test_unreadable_files_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.safetensors").write_text("hello")
    save_file({"a": torch.zeros(1)}, tmp_path / "foreign.safetensors")
    newer = tmp_path / "newer.safetensors"
    save_file({"a": torch.zeros(1)}, newer, metadata={"spotter": '{"format": 2}'})
    for name, message in [
        ("absent.safetensors", "no such weights file"),
        ("text.safetensors", "not a safetensors file"),
        ("foreign.safetensors", "no spotter header"),
        ("newer.safetensors", "newer than this version reads"),
    ]:
        with pytest.raises(WeightsError, match=message) as caught:
            read_header(tmp_path / name)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "translation"}, "task 'translation'"),
        ({"config": {}}, "no model config"),
        ({"card": {"model": object()}}, "cannot be written as JSON"),
    ],
)
def test_malformed_headers_are_refused(changes: dict, message: str) -> None:
    with pytest.raises(WeightsError, match=message):
        header(**changes)


def test_build_refuses_tensors_that_do_not_fit(tmp_path: Path) -> None:
    save_weights(tmp_path / "a.safetensors", ToyRegressor(channels=5), header())
    with pytest.raises(WeightsError, match="do not fit the header's model: conv"):
        build_from_weights(tmp_path / "a.safetensors")


def test_load_report_names_what_was_used_and_what_was_not(tmp_path: Path) -> None:
    state = dict(ToyRegressor().state_dict())
    del state["norm.weight"]
    state["head.weight"] = torch.zeros(2, 2)
    state["extra"] = torch.zeros(1)
    save_file(state, tmp_path / "foreign.safetensors")
    model = ToyRegressor()
    head = model.head.weight.detach().clone()
    report = load_into(model, tmp_path / "foreign.safetensors")
    assert sorted(report.missing) == ["head.weight", "norm.weight"]
    assert report.mismatched == ["head.weight"]
    assert report.unused == ["extra"]
    assert len(report.used) == len(model.state_dict()) - 2
    assert torch.equal(model.conv.weight, state["conv.weight"])
    assert torch.equal(model.head.weight, head)
    text = str(report)
    assert text.startswith(f"{len(report.used)} of {len(model.state_dict())} tensors loaded")
    assert "1 not used: extra" in text


def test_load_selected_prefixes_from_pth(tmp_path: Path) -> None:
    source, model = ToyRegressor(), ToyRegressor()
    torch.save({"state_dict": source.state_dict(), "meta": {"iter": 3}}, tmp_path / "a.pth")
    head = model.head.weight.detach().clone()
    report = load_into(model, tmp_path / "a.pth", prefixes=["conv.", "norm."])
    assert report.missing == []
    assert report.unused == ["head.weight", "head.bias"]
    assert torch.equal(model.conv.weight, source.conv.weight)
    assert torch.equal(model.head.weight, head)


def test_load_into_nothing_that_fits_is_an_error(tmp_path: Path) -> None:
    save_file({"other": torch.zeros(1)}, tmp_path / "a.safetensors")
    with pytest.raises(WeightsError, match="none of its 1 tensors fits"):
        load_into(ToyRegressor(), tmp_path / "a.safetensors")


def test_charset_change_keeps_shared_characters(tmp_path: Path) -> None:
    old, new = ToyReader("abc"), ToyReader("cad")
    file_header = header_from_config(
        {"model": {"type": "ToyReader"}, "task": "recognition"}, old, "reader"
    )
    assert file_header["charset"] == "abc"
    save_weights(tmp_path / "a.safetensors", old, file_header)
    fresh = new.classifier.weight.detach().clone()
    report = load_into(new, tmp_path / "a.safetensors")
    assert report.new_characters == "d"
    assert "new characters to learn: 'd'" in str(report)
    # Rows: blank, c, a, d; of the old: blank 0, a 1, b 2, c 3.
    assert torch.equal(new.classifier.weight[:3], old.classifier.weight[[0, 3, 1]])
    assert torch.equal(new.classifier.weight[3], fresh[3])
    assert torch.equal(new.classifier.bias[:3], old.classifier.bias[[0, 3, 1]])
    assert torch.equal(new.feature.weight, old.feature.weight)


def test_parts_outside_of_the_prefixes_need_not_fit_the_charset(tmp_path: Path) -> None:
    old, new = ToyReader("abc"), ToyReader("cad")
    old.classifier = nn.Linear(5, 4)
    save_weights(tmp_path / "a.safetensors", old, header(task="recognition", charset="abc"))
    own = new.classifier.weight.detach().clone()
    report = load_into(new, tmp_path / "a.safetensors", prefixes=["feature."])
    assert report.used == ["feature.weight", "feature.bias"]
    assert report.unused == ["classifier.bias", "classifier.weight"]
    assert torch.equal(new.feature.weight, old.feature.weight)
    assert torch.equal(new.classifier.weight, own)
    with pytest.raises(CharsetError, match="cannot be carried over"):
        load_into(new, tmp_path / "a.safetensors")


class TwoParts(nn.Module):
    """A model whose parts are trained apart, and something that is trained last."""

    def __init__(self) -> None:
        super().__init__()
        self.vision = ToyReader("ab")
        self.language = nn.Linear(2, 2)
        self.gate = nn.Linear(1, 1)


def test_parts_from_several_files(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    eye, tongue = ToyReader("xa"), nn.Linear(2, 2)
    files = [tmp_path / "eye.safetensors", tmp_path / "tongue.safetensors"]
    save_weights(files[0], eye, header(task="recognition", charset="xa"))
    save_weights(files[1], tongue, header(task="language"))
    model = TwoParts()
    gate = model.gate.weight.detach().clone()
    sources = [{"path": files[0], "into": "vision"}, {"path": str(files[1]), "into": "language"}]
    report = load_all(model, sources)
    assert torch.equal(model.vision.feature.weight, eye.feature.weight)
    # Characters are carried over by what they are, not by where they stand.
    assert torch.equal(model.vision.classifier.weight[1], eye.classifier.weight[2])
    assert torch.equal(model.language.weight, tongue.weight)
    assert torch.equal(model.gate.weight, gate)
    names = set(model.state_dict())
    assert set(report.missing) == {"gate.weight", "gate.bias"}
    assert set(report.used) == names - set(report.missing)
    assert (report.unused, report.mismatched, report.new_characters) == ([], [], "b")


def test_parts_of_a_recipe_are_those_of_its_model(tmp_path: Path) -> None:
    class Recipe(nn.Module):
        deployable = "model"

        def __init__(self) -> None:
            super().__init__()
            self.model = TwoParts()
            self.head = nn.Linear(1, 1)

    file = tmp_path / "tongue.safetensors"
    tongue = nn.Linear(2, 2)
    save_weights(file, tongue, header(task="language"))
    recipe = Recipe()
    report = load_all(recipe, [{"path": file, "into": "language"}])
    assert report.used == ["weight", "bias"]
    assert torch.equal(recipe.model.language.weight, tongue.weight)
    with pytest.raises(WeightsError, match="no part 'speech'"):
        load_all(recipe, {"path": file, "into": "speech"})


def test_one_file_is_loaded_as_ever(tmp_path: Path) -> None:
    file = tmp_path / "one.safetensors"
    old = nn.Linear(2, 2)
    save_weights(file, old, header(task="language"))
    for source in (file, str(file), {"path": file, "prefixes": ["weight"]}):
        new = nn.Linear(2, 2)
        report = load_all(new, source)
        assert torch.equal(new.weight, old.weight)
        assert "weight" in report.used


@MODELS.register_module()
class Tower(nn.Module):
    """As many layers, and as wide ones, as a header says."""

    def __init__(self, depth: int = 1, width: int = 2, table: int = 1) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(nn.Linear(width, width, bias=False) for _ in range(depth)))
        self.register_buffer("table", torch.zeros(table), persistent=False)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        # Each of these would take 100 GB or hours.
        ({"width": 200_000}, "tensors do not fit the header's model: layers.0.weight"),
        ({"depth": 500_000}, "more than 500 layers"),
        ({"table": 1_000_000, "width": 2, "depth": 1}, None),
        ({"depth": -1}, "tensors do not fit"),
        ({"depth": "many"}, "cannot be built"),
        ({"height": 3}, "cannot be built"),
        ({"width": 10**8}, "config has the number"),
    ],
)
def test_models_of_foreign_headers_are_measured_first(
    tmp_path: Path, config: dict[str, Any], message: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spotter.training.foreign_models._MAX_PARTS", 500)
    path = tmp_path / "a.safetensors"
    tensors = {"layers.0.weight": torch.zeros(2, 2)}
    content = header()
    content["config"] = {"type": "Tower", **config}
    save_file(tensors, path, metadata={"spotter": json.dumps(content)})
    if message is None:
        assert build_from_weights(path)[0].table.numel() == 1_000_000
        return
    with pytest.raises(WeightsError, match=message) as caught:
        build_from_weights(path)
    assert "\n" not in str(caught.value)


def test_tables_that_no_file_holds_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spotter.training.foreign_models._MAX_UNSAVED_VALUES", 99)
    save_weights(tmp_path / "a.safetensors", Tower(), header(config={"type": "Tower", "table": 99}))
    build_from_weights(tmp_path / "a.safetensors")
    faulty = header(config={"type": "Tower", "table": 100})
    save_weights(tmp_path / "a.safetensors", Tower(), faulty)
    with pytest.raises(WeightsError, match="tables of 100 values"):
        build_from_weights(tmp_path / "a.safetensors")


def test_weights_that_are_not_finite_are_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    tensors = {"layers.0.weight": torch.tensor([[0.0, 1.0], [float("nan"), 0.0]])}
    content = header(config={"type": "Tower"})
    save_file(tensors, path, metadata={"spotter": json.dumps(content)})
    with pytest.raises(WeightsError, match=r"layers\.0\.weight holds weights that are no numbers"):
        build_from_weights(path)


def test_a_charset_in_a_header_is_no_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("abc")
    nested = {"type": "Tower", "vision": {"type": "Tower", "charset": str(secret)}}
    with pytest.raises(WeightsError, match="must be a name, not a file"):
        buildable_config(nested, "file")
    # The header's own characters take its place.
    assert buildable_config(nested, "file", "xyz")["vision"]["charset"] == {"characters": "xyz"}
    named = {"type": "Tower", "charset": "36"}
    assert buildable_config(named, "file") == named
