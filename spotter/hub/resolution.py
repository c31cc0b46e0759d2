"""Resolution of names: presets and shipped models to files.

``spotter/hub/weights/presets.json`` names presets, ``{"default": {"detector": NAME, "recognizer":
NAME, "min_score": 0.5}}``, perhaps with ``crop_margin``, ``language``, ``test_time_augmentation``,
``thorough``, ``coarse_pass``, ``lengthen_words``, ``finer_passes`` and ``calibration``, see
:mod:`spotter.hub.presets`; ``NAME.onnx`` and ``NAME.safetensors`` lie beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from spotter.decoding.calibration import ScoreCalibration
from spotter.errors import ConfigError, WeightsError
from spotter.hub.plain_files import PLAIN_SUFFIXES
from spotter.hub.presets import Preset, parse_preset, read_preset, read_presets
from spotter.io.names import printable_path
from spotter.pipeline.multi_scale import MAX_PASSES
from spotter.pipeline.test_time_augmentation import TestTimeAugmentation
from spotter.runtime.header import read_header

WEIGHTS_FOLDER = Path(__file__).resolve().parent / "weights"

SUFFIXES = {"auto": ".onnx", "onnx": ".onnx", "openvino": ".onnx", "torch": ".safetensors"}
"""File type that each runtime loads."""

LANGUAGE_SUFFIX = ".npz"
"""File type of language models."""


@dataclass(frozen=True)
class ResolvedPreset:
    """A preset whose names are resolved to files, and whose settings are objects.

    See :class:`spotter.hub.presets.Preset` for what its file says.

    Attributes:
        detector: Weights of the detector.
        recognizer: Weights of the recognizer.
        min_score: Least score of a word that the preset's makers recommend.
        crop_margin: Share of a word's height by which its crop reaches beyond the detection.
        language: Name or file of the language model that the preset's makers recommend, or a
            mapping with it as ``model`` and settings of its use.
        test_time_augmentation: Further views of words that are not read with certainty.
        detection_calibration: Of the detector's scores.
        recognition_calibration: Of the recognizer's scores, with ``language`` and
            ``test_time_augmentation``; perhaps by kind of word.
        found_calibration: Of its scores for words that the detector found and cut out; ``None``: as
            for other crops.
        scale: Factor by which the detector sees photos enlarged; ``None``: that of its weights.
        postprocessing: Arguments of the detector's post-processor that go with ``scale``, instead
            of those of its weights.
        thorough: Whether every photo is searched at three scales.
        finer_passes: How often small text is looked for at a finer scale, at most.
        coarse_pass: Whether large words are outlined at a coarser scale, too.
        lengthen_words: Whether longer outlines of words are read, too.
        dropped: Which of ``language``, ``calibration`` and ``min_score`` of the preset do not hold,
            because another network takes the place of its own.
        replaced: The files of those networks.
    """

    detector: Path
    recognizer: Path
    min_score: float = 0.0
    crop_margin: float = 0.0
    language: Mapping[str, Any] | str | Path | None = None
    test_time_augmentation: TestTimeAugmentation | None = None
    detection_calibration: ScoreCalibration | None = None
    recognition_calibration: ScoreCalibration | None = None
    found_calibration: ScoreCalibration | None = None
    scale: float | None = None
    postprocessing: Mapping[str, Any] = field(default_factory=dict)
    thorough: bool = False
    finer_passes: int = MAX_PASSES
    coarse_pass: bool = True
    lengthen_words: bool = True
    dropped: tuple[str, ...] = ()
    replaced: tuple[Path, ...] = ()


def resolve_preset(
    model: str | Path = "default",
    detector: str | Path | None = None,
    recognizer: str | Path | None = None,
    runtime: str = "auto",
    weights: Path | None = None,
) -> ResolvedPreset:
    """A preset with the files that its names stand for.

    A network that takes the place of the preset's own brings its own rules: language model,
    calibration and least score are those that its header recommends
    (:data:`spotter.runtime.header_schema.RECOMMENDED`), or none.

    Args:
        model: Name of a shipped preset, or a ``.json`` or ``.toml`` file with the keys
            ``detector`` and ``recognizer`` (files relative to it, or names of shipped models). Not
            asked for when both of the following are given.
        detector: File or name that replaces the preset's detector.
        recognizer: File or name that replaces the preset's recognizer.
        runtime: See :func:`spotter.runtime.runtimes.open_runtime`.
        weights: Folder of the weights and their ``presets.json``; default: the one that ships.

    Raises:
        ConfigError: Unknown runtime or preset; the message lists what there is.
        WeightsError: A file is missing, or is not what the runtime loads.
    """
    weights = WEIGHTS_FOLDER if weights is None else weights
    if detector and recognizer:
        found = weights_file(detector, runtime, weights)
        read = weights_file(recognizer, runtime, weights)
        return _with_recognizer(_with_detector(ResolvedPreset(found, read), found), read)
    preset, folder = _find_preset(model, weights)
    calibration, views = preset.calibration, preset.test_time_augmentation
    own = [_beside(folder, name) for name in (preset.detector, preset.recognizer)]
    files = [
        weights_file(given or name, runtime, weights)
        for given, name in zip((detector, recognizer), own, strict=True)
    ]
    resolved = ResolvedPreset(
        files[0],
        files[1],
        preset.min_score,
        preset.crop_margin,
        _language(folder, preset.language),
        None if views is None else TestTimeAugmentation.from_settings(views, preset.name),
        calibration.get("detection"),
        calibration.get("recognition"),
        calibration.get("found"),
        preset.scale,
        preset.postprocessing,
        bool(preset.thorough),
        MAX_PASSES if preset.finer_passes is None else preset.finer_passes,
        preset.coarse_pass is not False,
        preset.lengthen_words is not False,
    )
    if detector and not _is_own(files[0], own[0], runtime, weights):
        resolved = _with_detector(resolved, files[0])
    if recognizer and not _is_own(files[1], own[1], runtime, weights):
        resolved = _with_recognizer(resolved, files[1])
    return resolved


def _is_own(file: Path, name: str | Path, runtime: str, weights: Path) -> bool:
    """Whether a file is the network that the preset names itself."""
    try:
        return file.samefile(weights_file(name, runtime, weights))
    except (OSError, WeightsError):
        return False


def _with_detector(preset: ResolvedPreset, file: Path) -> ResolvedPreset:
    """A preset with another detector, whose header brings its rules."""
    own = _recommended(file)
    calibration = _calibrations(own, file)
    dropped = _dropped(
        preset,
        own,
        calibration=preset.detection_calibration or preset.found_calibration,
        min_score=preset.min_score,
    )
    return replace(
        preset,
        min_score=own.get("min_score", 0.0),
        detection_calibration=calibration.get("detection"),
        found_calibration=None,
        scale=None,
        postprocessing={},
        thorough=False,
        finer_passes=MAX_PASSES,
        dropped=dropped,
        replaced=(*preset.replaced, file),
    )


def _with_recognizer(preset: ResolvedPreset, file: Path) -> ResolvedPreset:
    """A preset with another recognizer, whose header brings its rules."""
    own = _recommended(file)
    calibration = _calibrations(own, file)
    dropped = _dropped(
        preset,
        own,
        language=preset.language,
        calibration=preset.recognition_calibration or preset.found_calibration,
        min_score=preset.min_score,
    )
    return replace(
        preset,
        min_score=own.get("min_score", 0.0),
        language=_language(file.parent, own.get("language")),
        recognition_calibration=calibration.get("recognition"),
        found_calibration=calibration.get("found"),
        dropped=dropped,
        replaced=(*preset.replaced, file),
    )


def _recommended(file: Path) -> Mapping[str, Any]:
    """What the header of a network recommends; nothing where there is no header to read."""
    try:
        found: Mapping[str, Any] = read_header(file)["recommended"]
    except WeightsError:
        # The code that loads the file reports what is wrong with it.
        return {}
    return found


def _calibrations(own: Mapping[str, Any], file: Path) -> dict[str, ScoreCalibration]:
    return {
        part: ScoreCalibration.from_settings(values, printable_path(file))
        for part, values in own.get("calibration", {}).items()
    }


def _dropped(preset: ResolvedPreset, own: Mapping[str, Any], **before: Any) -> tuple[str, ...]:
    """Names of the preset's rules that do not hold for a replaced network, which has none of its
    own.
    """
    names = (name for name, value in before.items() if value and name not in own)
    return (*preset.dropped, *(name for name in names if name not in preset.dropped))


def weights_file(name: str | Path, runtime: str, weights: Path | None = None) -> Path:
    """The file that a runtime loads for the name of shipped weights or a path.

    A path with the other runtime's suffix stands for its sibling, where that exists; where it does
    not, or is older, ``"auto"`` takes a ``.safetensors`` file as it is.

    Raises:
        ConfigError: Unknown runtime.
        WeightsError: There is no such file or name.
    """
    weights = WEIGHTS_FOLDER if weights is None else weights
    if runtime not in SUFFIXES:
        raise ConfigError(f"runtime is one of {', '.join(SUFFIXES)}, not {runtime!r}")
    suffix = SUFFIXES[runtime]
    path = Path(name)
    if path.suffix not in SUFFIXES.values():
        shipped = weights / f"{path.name}{suffix}"
        if path.name == str(name) and shipped.is_file():
            return shipped
        kind = "is a folder" if path.is_dir() else "no such weights"
        raise WeightsError(f"{name}: {kind}; {_inventory(weights)}, or give a {suffix} file")
    wanted = path.with_suffix(suffix)
    if runtime == "auto" and path.suffix != suffix and path.is_file():
        exported = wanted.is_file() and wanted.stat().st_mtime >= path.stat().st_mtime
        return wanted if exported else path
    if wanted.is_file():
        return wanted
    if path.is_file():
        hint = (
            "make it with spotter export, or take runtime='torch'"
            if suffix == ".onnx"
            else "take runtime='onnx'"
        )
        raise WeightsError(f"{path}: runtime {runtime!r} needs {wanted.name}; {hint}")
    raise WeightsError(f"{path}: no such weights file")


def language_file(name: str | Path, weights: Path | None = None) -> Path:
    """The file of a language model by its path or the name of a shipped one.

    Raises:
        WeightsError: There is no such file or name.
    """
    weights = WEIGHTS_FOLDER if weights is None else weights
    path = Path(name)
    shipped = weights / f"{path.name}{LANGUAGE_SUFFIX}"
    if path.name == str(name) and shipped.is_file():
        return shipped
    if not path.is_file():
        names = sorted(file.stem for file in weights.glob(f"*{LANGUAGE_SUFFIX}"))
        raise WeightsError(
            f"{name}: no such language model; shipped: {', '.join(names) or 'none'}; or give a"
            f" {LANGUAGE_SUFFIX} file"
        )
    return path


def _find_preset(model: str | Path, weights: Path) -> tuple[Preset, Path]:
    """A preset, and the folder that its files are relative to."""
    path = Path(model)
    if path.suffix in PLAIN_SUFFIXES:
        return read_preset(path), path.parent
    if path.suffix in SUFFIXES.values():
        raise ConfigError(f"{model}: one file is no preset; give it as detector or as recognizer")
    presets = _presets(weights)
    name = str(model)
    if name not in presets:
        raise ConfigError(f"no model {printable_path(name)!r}; {_inventory(weights)}")
    return parse_preset(presets[name], name, f"{weights / 'presets.json'}: {name}"), weights


def _beside(folder: Path, name: str) -> str | Path:
    """A file named in a preset is relative to its file; a bare name is that of a shipped file."""
    files = (*SUFFIXES.values(), LANGUAGE_SUFFIX)
    return folder / name if Path(name).suffix in files else name


def _language(
    folder: Path, language: Mapping[str, Any] | str | None
) -> Mapping[str, Any] | str | Path | None:
    if isinstance(language, Mapping):
        return {**language, "model": _beside(folder, language["model"])}
    return _beside(folder, language) if language else None


def _presets(weights: Path) -> dict[str, Any]:
    file = weights / "presets.json"
    return read_presets(file) if file.is_file() else {}


def _inventory(weights: Path) -> str:
    names = ", ".join(sorted(_presets(weights))) or "no preset"
    files = sorted({p.stem for p in weights.glob("*") if p.suffix in SUFFIXES.values()})
    return f"shipped presets: {names} (of {', '.join(files) or 'no weights'})"
