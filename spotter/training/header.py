"""The JSON header of a weights file: what a model is, and which foreign ones may be built."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotter.errors import WeightsError
from spotter.registry import MODELS

if TYPE_CHECKING:
    from torch import nn

FORMAT = 1
"""Version of the header; a reader refuses a newer one."""

METADATA_KEY = "spotter"
"""Name of the metadata entry, in ``.safetensors`` files and in ONNX ``metadata_props`` alike."""

TASKS = ("detection", "recognition", "language")

# Paths of files to start from: they mean nothing once the weights are in the file itself, and a
# header from a stranger must not choose what is opened on this machine.
_SOURCES_OF_WEIGHTS = ("init_cfg", "pretrained", "checkpoint")


_EMPTY: dict[str, Any] = {
    "name": "",
    "charset": None,
    "preprocessing": {},
    "postprocessing": {},
    "card": {},
}


def make_header(
    task: str,
    name: str,
    config: Mapping[str, Any],
    charset: str | None = None,
    preprocessing: Mapping[str, Any] | None = None,
    postprocessing: Mapping[str, Any] | None = None,
    card: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The header of docs/architecture.md, "Weights", checked and JSON-ready.

    Args:
        task: ``"detection"``, ``"recognition"`` or ``"language"``.
        name: Name of the model, such as ``"dbnet_mobilenetv3"``.
        config: The model's config; paths of pretrained weights in it are dropped.
        charset: Characters in the order of the classes; ``None`` for detectors.
        preprocessing: What turns a photo or crop into the input.
        postprocessing: What turns the output into the answer.
        card: Model card: data, licence, scores.

    Raises:
        WeightsError: Unknown task, or a value that JSON cannot hold.
    """
    header = {
        "format": FORMAT,
        "task": task,
        "name": name,
        "config": _plain(config),
        "charset": charset,
        "preprocessing": _plain(preprocessing or {}),
        "postprocessing": _plain(postprocessing or {}),
        "card": _plain(card or {}),
    }
    check_header(header, f"header of {name}")
    return header


def header_from_config(
    cfg: Mapping[str, Any], model: nn.Module, name: str, card: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The header of a model trained from an experiment config.

    The config says ``task``, ``preprocessing`` and ``postprocessing`` at its top level; the charset
    is asked of the model, because only it knows what its classes mean.

    Args:
        cfg: The experiment config (mmengine ``Config`` or mapping) with the key ``model``.
        model: The built model.
        name: Name of the model.
        card: Model card.
    """
    charset = model_charset(model)
    return make_header(
        task=cfg.get("task", "detection" if charset is None else "recognition"),
        name=name,
        config=cfg["model"],
        charset=charset,
        preprocessing=cfg.get("preprocessing"),
        postprocessing=cfg.get("postprocessing"),
        card=card,
    )


def model_charset(model: nn.Module) -> str | None:
    """The characters that ``model`` reads, in class order; ``None`` when it reads none."""
    charset = getattr(model, "charset", None)
    if charset is None:
        return None
    characters = getattr(charset, "characters", charset)
    return characters if isinstance(characters, str) else "".join(characters)


def check_header(header: Any, origin: str) -> None:
    """Refuse a header that is not ours.

    Raises:
        WeightsError: Wrong format, task, or missing fields; one line that begins with ``origin``.
    """
    if not isinstance(header, dict) or not isinstance(header.get("format"), int):
        raise WeightsError(f"{origin}: not a spotter weights header")
    if header["format"] > FORMAT:
        raise WeightsError(
            f"{origin}: header format {header['format']} is newer than this version reads"
            f" ({FORMAT}); update spotter"
        )
    if header.get("task") not in TASKS:
        raise WeightsError(f"{origin}: task {header.get('task')!r} is none of {', '.join(TASKS)}")
    if not isinstance(header.get("config"), dict) or "type" not in header["config"]:
        raise WeightsError(f"{origin}: no model config in the header")
    if not isinstance(header.get("charset"), str | type(None)):
        raise WeightsError(f"{origin}: charset must be a string or null")
    for field in ("preprocessing", "postprocessing", "card"):
        if not isinstance(header.get(field, {}), dict):
            raise WeightsError(f"{origin}: {field} must be an object")


def encode_header(header: Mapping[str, Any]) -> str:
    """One JSON string, the same for the same header.

    Raises:
        WeightsError: Malformed header, or a value that JSON cannot hold.
    """
    header = {**_EMPTY, **_plain(header)}
    check_header(header, "header")
    return json.dumps(header, ensure_ascii=False, allow_nan=False)


def decode_header(text: str | None, path: str | Path) -> dict[str, Any]:
    """The header of the file at ``path``, from its metadata entry ``text``.

    Raises:
        WeightsError: No entry, not JSON, or malformed.
    """
    if text is None:
        raise WeightsError(f"{path}: holds tensors but no spotter header")
    try:
        header = json.loads(text)
    except json.JSONDecodeError as error:
        raise WeightsError(f"{path}: header is not JSON ({error})") from None
    check_header(header, str(path))
    return {**_EMPTY, **header}


def register_models() -> None:
    """Import what registers models, data preprocessors among them."""
    MODELS.import_from_location()
    importlib.import_module("spotter.data.preprocessor")


def buildable_config(config: Mapping[str, Any], origin: str | Path) -> dict[str, Any]:
    """A copy of ``config`` that is safe to build although a stranger wrote it.

    mmengine resolves a ``type`` that is not registered by importing it, so ``subprocess.Popen`` in
    a header would run a program. Only bare names of registered models may pass, ``_scope_`` may
    not, and sources of pretrained weights are cleared.

    Raises:
        WeightsError: A ``type`` that is not a registered model.
    """
    register_models()
    cleaned = _buildable(config, str(origin))
    assert isinstance(cleaned, dict)
    return cleaned


def _buildable(value: Any, origin: str) -> Any:
    if isinstance(value, list):
        return [_buildable(item, origin) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "_scope_" in value:
        raise WeightsError(f"{origin}: the model config may not change the registry scope")
    if "type" in value and not _is_registered(value["type"]):
        raise WeightsError(f"{origin}: {value['type']!r} is not a model of this version of spotter")
    return {
        key: _buildable(item, origin)
        for key, item in value.items()
        if not _is_source_of_weights(key, item)
    }


def _is_source_of_weights(key: Any, value: Any) -> bool:
    # ``checkpoint=True`` may mean gradient checkpointing; the others have one meaning.
    return key in _SOURCES_OF_WEIGHTS and (key != "checkpoint" or isinstance(value, str))


def _is_registered(name: Any) -> bool:
    registry = MODELS
    while isinstance(name, str) and registry is not None:
        if name in registry.module_dict:
            return True
        registry = registry.parent
    return False


def _plain(value: Any) -> Any:
    """``value`` as JSON types; config dicts become dicts, tuples lists, numpy scalars numbers."""
    if isinstance(value, Mapping):
        return {
            str(key): _plain(item)
            for key, item in value.items()
            if not _is_source_of_weights(key, item)
        }
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    raise WeightsError(f"header: {type(value).__name__} {value!r} cannot be written as JSON")
