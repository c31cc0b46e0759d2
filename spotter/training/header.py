"""The JSON header of a weights file: what a model is, and which foreign ones may be built."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotter.charset import BUILTIN_CHARSETS
from spotter.errors import WeightsError
from spotter.registry import MODELS
from spotter.runtime.header import (
    EMPTY_HEADER,
    FORMAT,
    METADATA_KEY,
    TASKS,
    check_header,
    decode_header,
)

if TYPE_CHECKING:
    from torch import nn

__all__ = [
    "FORMAT",
    "METADATA_KEY",
    "TASKS",
    "buildable_config",
    "check_header",
    "decode_header",
    "encode_header",
    "header_from_config",
    "make_header",
    "model_charset",
    "register_models",
]

# Paths of files to start from: they mean nothing once the weights are in the file itself, and an
# untrusted header must not choose which files are opened on this machine.
_SOURCES_OF_WEIGHTS = ("init_cfg", "pretrained", "checkpoint")


def make_header(
    task: str,
    name: str,
    config: Mapping[str, Any],
    charset: str | None = None,
    preprocessing: Mapping[str, Any] | None = None,
    postprocessing: Mapping[str, Any] | None = None,
    card: Mapping[str, Any] | None = None,
    recommended: Mapping[str, Any] | None = None,
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
        recommended: What its makers recommend where it replaces a preset's network: ``language``,
            ``min_score``, ``calibration``, see
            :data:`spotter.runtime.header_schema.RECOMMENDED`.

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
        "recommended": _plain(recommended or {}),
        "card": _plain(card or {}),
    }
    check_header(header, f"header of {name}")
    return header


def header_from_config(
    cfg: Mapping[str, Any], model: nn.Module, name: str, card: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The header of a model trained from an experiment config.

    ``task``, ``preprocessing``, ``postprocessing`` and ``recommended`` are top-level keys of the
    config. The charset is taken from the model, whose classes it describes.

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
        recommended=cfg.get("recommended"),
    )


def model_charset(model: nn.Module) -> str | None:
    """The characters that ``model`` reads, in class order; ``None`` when it reads none."""
    charset = getattr(model, "charset", None)
    if charset is None:
        return None
    characters = getattr(charset, "characters", charset)
    return characters if isinstance(characters, str) else "".join(characters)


def encode_header(header: Mapping[str, Any]) -> str:
    """One JSON string, the same for the same header.

    Raises:
        WeightsError: Malformed header, or a value that JSON cannot hold.
    """
    header = {**EMPTY_HEADER, **_plain(header)}
    check_header(header, "header")
    return json.dumps(header, ensure_ascii=False, allow_nan=False)


def register_models() -> None:
    """Import what registers models, data preprocessors among them."""
    MODELS.import_from_location()
    importlib.import_module("spotter.data.preprocessor")


def buildable_config(
    config: Mapping[str, Any], origin: str | Path, characters: str | None = None
) -> dict[str, Any]:
    """A copy of an untrusted ``config`` that is safe to build.

    mmengine resolves a ``type`` that is not registered by importing it, so ``subprocess.Popen`` in
    a header would run a program. Only bare names of registered models may pass, ``_scope_`` may
    not, and sources of pretrained weights are cleared. A ``charset`` would be the name of a file
    to read: it becomes the header's own characters, else it must be the name of a built-in one.

    Args:
        config: Of a header.
        origin: For messages.
        characters: The header's charset; it takes the place of every ``charset`` in ``config``,
            and is given to the model where there is none.

    Raises:
        WeightsError: A ``type`` that is not a registered model, or a charset that is no name.
    """
    register_models()
    cleaned = _buildable(config, str(origin), characters)
    assert isinstance(cleaned, dict)
    if characters is not None:
        # Not the name or file that the config gives: those may have changed since.
        cleaned["charset"] = {"characters": characters}
    return cleaned


def _buildable(value: Any, origin: str, characters: str | None) -> Any:
    if isinstance(value, list):
        return [_buildable(item, origin, characters) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "_scope_" in value:
        raise WeightsError(f"{origin}: the model config may not change the registry scope")
    if "type" in value and not _is_registered(value["type"]):
        raise WeightsError(f"{origin}: {value['type']!r} is not a model of this version of spotter")
    return {
        key: _buildable_charset(item, origin, characters)
        if key == "charset"
        else _buildable(item, origin, characters)
        for key, item in value.items()
        if not _is_source_of_weights(key, item)
    }


def _buildable_charset(charset: Any, origin: str, characters: str | None) -> Any:
    if characters is not None:
        return {"characters": characters}
    if isinstance(charset, Mapping) and isinstance(charset.get("characters"), str):
        return {"characters": charset["characters"]}
    if charset is None or (isinstance(charset, str) and charset in BUILTIN_CHARSETS):
        return charset
    raise WeightsError(f"{origin}: the charset of the model config must be a name, not a file")


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
