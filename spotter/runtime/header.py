"""The JSON header of a weights file: read without a session, a registry, torch or onnx.

It is one metadata entry, in ``.safetensors`` files and in the ``metadata_props`` of ONNX files
alike (docs/architecture.md, "Weights").
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spotter.errors import WeightsError
from spotter.io.bounded import MEBI, open_regular, parse_json
from spotter.io.names import printable_path
from spotter.runtime.header_schema import FORMAT, TASKS, check_header
from spotter.runtime.onnx_file import read_onnx_metadata

__all__ = [
    "FORMAT",
    "METADATA_KEY",
    "TASKS",
    "check_header",
    "decode_header",
    "read_header",
    "read_onnx_metadata",
    "read_safetensors_metadata",
]

METADATA_KEY = "spotter"
"""Name of the metadata entry."""

EMPTY_HEADER: dict[str, Any] = {
    "name": "",
    "charset": None,
    "preprocessing": {},
    "postprocessing": {},
    "recommended": {},
    "card": {},
}
"""Fields that a header may leave out."""

_MAX_METADATA = 4 * MEBI

_FORMER_KEYS = {"zoom": "scale"}
"""Keys of the preprocessing in files of earlier versions, and what they are called now."""


def read_header(path: str | Path, check_weights: bool = False) -> dict[str, Any]:
    """The header of an ``.onnx`` or ``.safetensors`` file.

    Args:
        path: The file.
        check_weights: Of an ONNX file, see :func:`read_onnx_metadata`.

    Raises:
        WeightsError: The file is missing or of another format, or its header is missing or
            malformed.
    """
    if Path(path).suffix == ".safetensors":
        metadata = read_safetensors_metadata(path)
    else:
        metadata = read_onnx_metadata(path, check_weights)
    return decode_header(metadata.get(METADATA_KEY), path)


def decode_header(text: str | None, path: str | Path) -> dict[str, Any]:
    """The header of the file at ``path``, from its metadata entry ``text``.

    Raises:
        WeightsError: No entry, not JSON, or malformed.
    """
    if text is None:
        raise WeightsError(f"{printable_path(path)}: holds tensors but no spotter header")
    origin = printable_path(path)
    if len(text) > _MAX_METADATA:
        raise WeightsError(f"{origin}: header of {len(text)} characters")
    header = _with_present_keys(parse_json(text, f"{origin}: header", WeightsError))
    check_header(header, origin)
    return {**EMPTY_HEADER, **header}


def _with_present_keys(header: Any) -> Any:
    """A header in which the keys of its preprocessing are those of this version."""
    preprocessing = header.get("preprocessing") if isinstance(header, dict) else None
    if not isinstance(preprocessing, dict) or not _FORMER_KEYS.keys() & preprocessing.keys():
        return header
    present = {
        _FORMER_KEYS.get(key, key): value
        for key, value in preprocessing.items()
        if _FORMER_KEYS.get(key) not in preprocessing
    }
    return {**header, "preprocessing": present}


def read_safetensors_metadata(path: str | Path) -> dict[str, str]:
    """The metadata of a ``.safetensors`` file; its tensors are not read.

    Raises:
        WeightsError: Missing file, or not safetensors.
    """
    name = printable_path(path)
    with open_regular(path, WeightsError) as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= 100 * MEBI:
            raise WeightsError(f"{name}: not a safetensors file")
        head = file.read(length)
    if len(head) < length:
        raise WeightsError(f"{name}: not a safetensors file (cut short)")
    content = parse_json(head, f"{name}: safetensors header", WeightsError)
    metadata = content.get("__metadata__", {}) if isinstance(content, dict) else None
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise WeightsError(f"{name}: not a safetensors file (metadata)")
    return metadata
