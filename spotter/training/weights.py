"""Weights files: one ``.safetensors`` with the model's config, charset and card in its header.

Nothing here unpickles objects: ``.safetensors`` cannot hold code, a foreign ``.pth`` goes through
torch's ``weights_only`` reader, and :func:`spotter.training.header.buildable_config` keeps a
foreign header from naming anything but a registered model.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from mmengine.logging import print_log
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from spotter.charset import Charset
from spotter.errors import WeightsError
from spotter.io.names import one_line
from spotter.io.writing import atomic_write
from spotter.training.distributed import unwrapped
from spotter.training.foreign_models import build_to_fit
from spotter.training.header import (
    METADATA_KEY,
    buildable_config,
    decode_header,
    encode_header,
    model_charset,
)

_LARGEST_HALF = 65504.0


@dataclass
class LoadReport:
    """What :func:`load_into` did.

    Attributes:
        used: Names that were filled from the file.
        unused: Names in the file that the model does not have (or that were not selected).
        missing: Names of the model that keep their initial values.
        mismatched: Names in both whose shapes differ; they are among ``missing`` too.
        new_characters: Characters of the model that the file has never seen; their rows of the
            classifier and of the embedding are those of a character that looks like them, or keep
            their initial values.
        widened: Names of the model that have more channels than in the file, which begin with
            those of the file; they are among ``used`` too.
    """

    used: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    mismatched: list[str] = field(default_factory=list)
    new_characters: str = ""
    widened: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"{len(self.used)} of {len(self.used) + len(self.missing)} tensors loaded"]
        for title, names in (
            ("widened", self.widened),
            ("left at their initial values", self.missing),
            ("of another shape", self.mismatched),
            ("not used", self.unused),
        ):
            if names:
                lines.append(f"{len(names)} {title}: {_shorten(names)}")
        if self.new_characters:
            lines.append(f"new characters to learn: {self.new_characters!r}")
        return "; ".join(lines)


@contextmanager
def written_weights(path: str | Path) -> Iterator[Path]:
    """:func:`spotter.io.writing.atomic_write` for weights, which also survive a power cut.

    Raises:
        WeightsError: The file cannot be written, such as on a full disk.
    """
    try:
        with atomic_write(path) as temporary:
            yield temporary
            with open(temporary, "rb+") as file:
                os.fsync(file.fileno())
            # safetensors writes files that only their owner may read.
            mask = os.umask(0)
            os.umask(mask)
            temporary.chmod(0o666 & ~mask)
    except (OSError, RuntimeError, SafetensorError) as error:
        # A full disk raises any of them, depending on the library that writes.
        reason = getattr(error, "strerror", None) or one_line(error, 160)
        raise WeightsError(f"{path}: cannot be written ({reason})") from error


def save_weights(
    path: str | Path,
    model_or_state_dict: nn.Module | Mapping[str, Tensor],
    header: Mapping[str, Any],
    half: bool = False,
) -> None:
    """Write one ``.safetensors`` file.

    Args:
        path: Where to; the file appears at once or not at all.
        model_or_state_dict: Model (also wrapped for distribution) or its state dict.
        header: See :func:`spotter.training.header.make_header`.
        half: Store matrices and convolutions as float16, which halves the file. Vectors (biases,
            norm statistics) stay float32: they are small, and a small variance would underflow.

    Raises:
        WeightsError: Malformed header, or weights that are not finite.
    """
    state = model_or_state_dict
    if isinstance(state, nn.Module):
        state = unwrapped(state).state_dict()
    tensors: dict[str, Tensor] = {}
    for name, tensor in state.items():
        tensor = tensor.detach().to("cpu")
        if tensor.is_floating_point():
            if not torch.isfinite(tensor).all():
                raise WeightsError(f"{path}: {name} holds values that are not finite; not written")
            tensor = tensor.to(_storage_dtype(tensor, half))
        # safetensors refuses tensors that share memory (tied weights) or are not contiguous.
        tensors[name] = tensor.clone(memory_format=torch.contiguous_format)
    metadata = {"format": "pt", METADATA_KEY: encode_header(header)}
    with written_weights(path) as temporary:
        save_file(tensors, temporary, metadata=metadata)


def read_header(path: str | Path) -> dict[str, Any]:
    """The header of a weights file, without reading its tensors.

    Raises:
        WeightsError: Missing file, not safetensors, or no spotter header.
    """
    with _open(path) as file:
        metadata = file.metadata() or {}
    return decode_header(metadata.get(METADATA_KEY), path)


def load_state(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a ``.safetensors`` file, floating point ones as float32.

    Raises:
        WeightsError: Missing file or not safetensors.
    """
    with _open(path) as file:
        return {name: _single(file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118


def load_pth_state(path: str | Path) -> dict[str, Tensor]:
    """The state dict of a ``.pth`` file, floating point tensors as float32; never runs its code.

    The file may be a state dict, or hold one under the key ``state_dict`` (mmengine; checkpoints
    of an EMA run keep the averaged weights there).

    Raises:
        WeightsError: Missing file, or anything in it but tensors and plain values.
    """
    content = load_checkpoint_file(path)
    state = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(state, Mapping) or not all(isinstance(v, Tensor) for v in state.values()):
        raise WeightsError(f"{path}: holds no state dict of tensors")
    return {name.removeprefix("module."): _single(tensor) for name, tensor in state.items()}


def load_checkpoint_file(path: str | Path, map_location: Any = "cpu") -> Any:
    """``torch.load`` that only makes tensors and plain values, with one-line errors.

    Raises:
        WeightsError: Missing file, not a checkpoint, or one that asks to run code.
    """
    if not Path(path).is_file():
        raise WeightsError(f"{path}: no such weights file")
    try:
        return torch.load(path, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError:
        raise WeightsError(
            f"{path}: refused, it holds more than tensors and plain values"
            " (objects in a pickle can run code)"
        ) from None
    except Exception as error:
        reason = str(error).partition("\n")[0][:120]
        raise WeightsError(f"{path}: not a readable checkpoint ({reason})") from None


def build_from_weights(path: str | Path) -> tuple[nn.Module, dict[str, Any]]:
    """Build the model that a weights file describes and load it, in ``eval`` mode on the CPU.

    Raises:
        WeightsError: Unreadable file, a config that names anything but models of this version,
            tensors that do not fit the model (found out before memory is taken for it), or weights
            that are NaN or infinite.
    """
    header = read_header(path)
    config = buildable_config(header["config"], path, header["charset"])
    with _open(path) as file:
        names = list(file.keys())
        shapes = {name: file.get_slice(name).get_shape() for name in names}
    model = build_to_fit(config, shapes, path)
    state = load_state(path)
    for name, tensor in state.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise WeightsError(f"{path}: {name} holds weights that are no numbers")
    _fill(model, state, ("",))
    return model.eval(), header


def load_all(model: nn.Module, sources: Any) -> LoadReport:
    """Fill a model from one or several weights files, and report what none of them had.

    Args:
        model: The model to fill (also wrapped for distribution).
        sources: A path, ``dict(path=..., prefixes=[...], into="...")`` (see :func:`load_into`), or
            a list of those, such as one for each part of a model whose parts were trained apart.

    Returns:
        For one file its report; for several one with the model's own names, logged as well:
        ``missing`` are those that no file has filled.

    Raises:
        WeightsError: A file is unreadable, or nothing in it fits.
    """
    if isinstance(sources, str | Path | Mapping):
        sources = [sources]
    wanted = [s if isinstance(s, Mapping) else {"path": s} for s in sources]
    reports = [load_into(model, **source) for source in wanted]
    if len(reports) == 1:
        return reports[0]
    whole = LoadReport()
    for source, report in zip(wanted, reports, strict=True):
        into = f"{source['into']}." if source.get("into") else ""
        whole.used += [into + name for name in report.used]
        whole.mismatched += [into + name for name in report.mismatched]
        whole.unused += [f"{source['path']}: {name}" for name in report.unused]
        new = [c for c in report.new_characters if c not in whole.new_characters]
        whole.new_characters += "".join(new)
    filled = set(whole.used)
    whole.missing = [name for name in _loaded_part(model).state_dict() if name not in filled]
    print_log(f"all {len(reports)} files together: {whole}", logger="current")
    return whole


def load_into(
    model: nn.Module,
    path: str | Path,
    prefixes: Iterable[str] | None = None,
    into: str | None = None,
) -> LoadReport:
    """Load the matching tensors of a weights file into ``model``, and report the others.

    A recognizer with another charset takes over the rows of the characters that both share, and
    those of characters that look like its new ones (:mod:`spotter.look_alikes`). A detector with
    more channels takes over those of the file and computes the same
    (:func:`spotter.models.widening.widen_state`). In a method, the
    part named by its ``deployable`` is filled; a checkpoint of a method's run fills a bare
    recognizer (or that of another method) with that part.

    Args:
        model: The model to fill (also wrapped for distribution).
        path: Our ``.safetensors``, any other ``.safetensors``, or a ``.pth`` of tensors.
        prefixes: Load only names that begin with one of these, such as
            ``["transformation.", "feature_extraction."]``; names outside of them are not
            reported as missing.
        into: The submodule to fill instead of the whole, such as ``"vision"``.

    Returns:
        The report, which is logged as well.

    Raises:
        WeightsError: Unreadable file, nothing in it fits, or there is no such submodule.
    """
    model = _loaded_part(model)
    if into:
        try:
            model = model.get_submodule(into)
        except AttributeError:
            raise WeightsError(f"{path}: the model has no part {into!r} to fill") from None
    state, old_charset = _read_any(path)
    state = _names_of_part(state, model)
    wanted = ("",) if prefixes is None else tuple(prefixes)
    others = [name for name in state if not name.startswith(wanted)]
    state = {name: tensor for name, tensor in state.items() if name.startswith(wanted)}
    new_characters: list[str] = []
    charset = model_charset(model)
    remap = getattr(model, "remap_charset", None)
    if remap is not None and charset and old_charset and charset != old_charset:
        state, new_characters = remap(state, Charset(old_charset))
    widen = getattr(model, "widen", None)
    state, widened = widen(state) if widen is not None else (state, [])
    report = _fill(model, state, wanted)
    report.unused += others
    report.widened = [name for name in report.used if name in widened]
    report.new_characters = "".join(new_characters)
    if not report.used:
        count = len(state) + len(others)
        raise WeightsError(f"{path}: none of its {count} tensors fits the model")
    where = f" into {into}" if into else ""
    print_log(f"{path}{where}: {report}", logger="current")
    return report


def _loaded_part(model: nn.Module) -> nn.Module:
    """The module that a file fills: in a method, the part that is used after training."""
    model = unwrapped(model)
    part = getattr(model, "deployable", None)
    return model if part is None else getattr(model, part)


def _read_any(path: str | Path) -> tuple[dict[str, Tensor], str | None]:
    if Path(path).suffix != ".safetensors":
        content = load_pth_state(path)
        return content, None
    state = load_state(path)
    try:
        return state, read_header(path)["charset"]
    except WeightsError:
        return state, None


def _names_of_part(state: dict[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """``state`` with names as ``model`` has them, if it is of something that wraps such a model."""
    own = model.state_dict().keys()
    if any(name in own for name in state):
        return state
    parts = {name.partition(".")[0] + "." for name in state if "." in name}
    fits = {
        part: sum(n.removeprefix(part) in own for n in state if n.startswith(part))
        for part in parts
    }
    best = max(sorted(fits), key=lambda part: fits[part], default="")
    if not fits.get(best):
        return state
    return {name.removeprefix(best): tensor for name, tensor in state.items()}


def _fill(model: nn.Module, state: Mapping[str, Tensor], prefixes: tuple[str, ...]) -> LoadReport:
    report = LoadReport()
    own = {k: v for k, v in model.state_dict(keep_vars=True).items() if k.startswith(prefixes)}
    with torch.no_grad():
        for name, target in own.items():
            if name not in state:
                report.missing.append(name)
            elif state[name].shape != target.shape:
                report.missing.append(name)
                report.mismatched.append(name)
            else:
                target.copy_(state[name])
                report.used.append(name)
    report.unused = [name for name in state if name not in own]
    return report


def _open(path: str | Path) -> Any:
    if not Path(path).is_file():
        raise WeightsError(f"{path}: no such weights file")
    try:
        return safe_open(path, framework="pt", device="cpu")
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path}: not a safetensors file ({error})") from None


def _storage_dtype(tensor: Tensor, half: bool) -> torch.dtype:
    if half and tensor.dim() >= 2 and tensor.abs().max() <= _LARGEST_HALF:
        return torch.float16
    return torch.float32


def _single(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor


def _shorten(names: list[str], limit: int = 4) -> str:
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown}, and {len(names) - limit} more"
