"""Fine-tuning of the shipped recognizer on labelled or drawn words."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spotter.charset import Charset
from spotter.errors import CharsetError, ConfigError
from spotter.look_alikes import look_alikes
from spotter.own_data.settings import TuningSettings, loader, own_config, validation_loader
from spotter.training.fine_tuning import resizing
from spotter.training.hooks.shared_parts import composed_parts

_FEW = 400
# Below this, what is read of the words that are held back is too uncertain to end a training.
_FEW_HELD_BACK = 100
_VALIDATION_LIMIT = 300
_LETTERS_NAMED = 12
# Share of new characters from which the output layer has to be learned rather than adjusted.
_MOSTLY_NEW = 0.2


@dataclass(frozen=True)
class WordSets:
    """Training and validation words of a recognizer, each the config of a reader.

    Attributes:
        labelled: Own labels to train on; ``None``: there are none.
        drawn: Drawn words to train on; ``None``: there are none.
        held_back: Words that are not trained on.
        count: How many labelled words there are.
        held_back_count: How many are held back.
        texts: The labels.
    """

    labelled: dict[str, Any] | None
    drawn: dict[str, Any] | None
    held_back: dict[str, Any]
    count: int
    held_back_count: int
    texts: Sequence[str] = ()


def reader_of(lines: Path, photos: bool, context: float) -> dict[str, Any]:
    """The config of a reader of the words of a file of JSON lines.

    Args:
        lines: Words or labelled photos, see :func:`spotter.own_data.labels.write_lines`.
        photos: Which of the two.
        context: Room around words of photos, see :class:`spotter.data.readers.SceneWordsReader`.
    """
    reader = {"type": "CanonicalReader", "annotation_file": str(lines)}
    if not photos:
        return reader
    room = {"context": context} if context else {"margin": 0.1}
    return {"type": "SceneWordsReader", "reader": reader, **room}


def choose_alphabet(
    wanted: str | Path | None, start: str, texts: Sequence[str]
) -> tuple[Charset, str]:
    """The characters of the recognizer, and one line about labels with other characters.

    Args:
        wanted: Name or file of an alphabet; ``None``: the characters of the start, and those of the
            labels that it lacks.
        start: Characters of the recognizer that training starts from.
        texts: The labels.

    Raises:
        CharsetError: No such alphabet, or one that spells none of the labels.
    """
    if wanted is None:
        own = Charset(start)
        new = Counter("".join(own.unspellable(text) for text in texts))
        characters = "".join(sorted(c for c in new if c.isprintable() and not c.isspace()))
        return Charset(start + characters), ""
    charset = Charset.load(wanted)
    outside: Counter[str] = Counter()
    words = 0
    for text in texts:
        missing = charset.unspellable(text)
        outside.update(missing)
        words += bool(missing)
    if texts and words == len(texts):
        raise CharsetError(f"the alphabet {wanted} spells none of the {words} labels")
    if not words:
        return charset, ""
    named = " ".join(c for c, _ in outside.most_common(_LETTERS_NAMED))
    return charset, f"{words} of {len(texts)} labels are left out: the alphabet lacks {named}"


def spellable(text: str | None, charset: Charset, longest: int) -> bool:
    """Whether a label can be learned: all its characters are known, and it is not too long."""
    return bool(text) and len(text or "") <= longest and not charset.unspellable(text or "")


def word_config(
    settings: TuningSettings,
    start: Path,
    header: Mapping[str, Any],
    charset: Charset,
    sets: WordSets,
    recommended: Mapping[str, Any],
) -> dict[str, Any]:
    """The config of the training.

    Args:
        settings: What the user wants.
        start: Weights to start from.
        header: Their header.
        charset: Characters of the recognizer.
        sets: Its data.
        recommended: See :func:`spotter.training.header.make_header`.

    Raises:
        ConfigError: The start is no recognizer of one width or of buckets.
    """
    size = resizing(header)
    if size.get("mode") != "buckets":
        raise ConfigError(f"{start}: fine-tuning needs a recognizer with width buckets")
    few = 0 < sets.count < _FEW
    new = _new_share(sets.texts or [charset.characters], header["charset"])
    batch = settings.batch_size or (16 if few else 64)
    iterations = settings.iterations or _iterations(sets, batch, new)
    lr = settings.lr or (1e-3 if new > _MOSTLY_NEW else 3e-4)
    uncertain = sets.held_back_count < _FEW_HELD_BACK
    metric = "recognition/exact_" + ("one_minus_ned" if uncertain else "accuracy")
    model = _model(header, charset, recommended)
    config = own_config(settings, start, iterations, lr, metric, patience=6, validations=20)
    if uncertain or new > _MOSTLY_NEW:
        # Words of new characters are read late; first those of known ones are forgotten.
        hooks = config["custom_hooks"]
        config["custom_hooks"] = [hook for hook in hooks if hook["type"] != "EarlyStopHook"]
    if uncertain and settings.minutes is None:
        # The early weights are not chosen by what few words happen to show.
        config["train_cfg"]["val_begin"] = iterations // 2
    config.update(
        task="recognition",
        model=model,
        preprocessing=dict(header["preprocessing"]),
        recommended=dict(recommended),
        train_dataloader=_training_loader(sets, size, batch),
        val_dataloader=validation_loader(
            _dataset("held_back", sets.held_back, {"type": "RecResize", **size})
            | {"stop": _VALIDATION_LIMIT}
        ),
        val_evaluator={"type": "WordAccuracy", "charset": None},
    )
    if few:
        config["custom_hooks"].append({"type": "FixedNormsHook"})
    if new > _MOSTLY_NEW and model.get("prediction", {}).get("type") == "CTCPrediction":
        config["custom_hooks"] += _start_of_new(charset, header["charset"], iterations)
    if few and sets.drawn is None:
        config["optim_wrapper"]["paramwise_cfg"] = {"custom_keys": _frozen_layers(model)}
    return config


def _model(
    header: Mapping[str, Any], charset: Charset, recommended: Mapping[str, Any]
) -> dict[str, Any]:
    """The start's model with another alphabet."""
    model = copy.deepcopy(dict(header["config"]))
    model["charset"] = {"characters": charset.characters}
    if recommended.get("language") is None:
        # The rescorer compares hypotheses of a language model and is not used without one.
        model.pop("rescorer", None)
    return model


def _new_share(texts: Sequence[str], known: str) -> float:
    """Share of the characters of texts that a recognizer does not know."""
    characters = "".join("".join(text.split()) for text in texts)
    return sum(character not in known for character in characters) / max(1, len(characters))


def _iterations(sets: WordSets, batch: int, new: float) -> int:
    """Iterations by the number of labels: more passes over few labels, and for new characters."""
    if not sets.count:
        return 20000 if new > _MOSTLY_NEW else 6000
    crops = (24000 if new > _MOSTLY_NEW else 16000) if sets.count < _FEW else 15 * sets.count
    return min(20000, max(300, crops // batch))


def _start_of_new(charset: Charset, known: str, iterations: int) -> list[dict[str, Any]]:
    """Hooks that help CTC over the start of an alphabet of mostly new characters."""
    hooks: list[dict[str, Any]] = [
        {"type": "FrameAlignmentHook", "iterations": max(1, iterations // 5)}
    ]
    unlike = [c for c in charset.characters if not {c, *look_alikes(c)} & set(known)]
    new = "".join(unlike)
    if composed_parts(new):
        hooks.append({"type": "SharedPartsHook", "characters": new})
    return hooks


def _frozen_layers(model: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """The first half of the extractor: few words do not improve it, and training it takes most
    time.
    """
    if model["feature_extraction"].get("type") != "CompactMixer":
        return {}
    names = ("stem", "stages.0.", "merges.0.", "stages.1.", "merges.1.")
    return {f"feature_extraction.{name}": {"lr_mult": 0.0} for name in names}


def _training_loader(sets: WordSets, size: Mapping[str, Any], batch: int) -> dict[str, Any]:
    augment = {"type": "RecAugment", **size}
    # Drawn words are blurred and noisy already; degraded twice, many would be illegible.
    mild = {"geometric": 0.5, "color": 0.3}
    mild |= dict.fromkeys(("blur", "resample", "noise", "jpeg"), 0.05)
    parts = [
        _dataset(name, reader, {**augment, **extra})
        for name, reader, extra in (("own", sets.labelled, {}), ("drawn", sets.drawn, mild))
        if reader is not None
    ]
    # Few crops would be known by heart.
    ratios = [1.0, 2.0 if sets.count < _FEW else 1.0][: len(parts)]
    both = {"type": "ConcatDataset", "datasets": parts, "ratios": ratios}
    buckets = {key: size.get(key) for key in ("widths", "stretch", "height")}
    return loader(
        both,
        batch,
        {"type": "RatioSampler"},
        batch_sampler={"type": "BucketBatchSampler", **buckets},
    )


def _dataset(name: str, reader: dict[str, Any], resize: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "TextRecDataset",
        "name": name,
        "unspellable": "leave_out",
        "reader": reader,
        "pipeline": [{"type": "LoadCrop"}, resize, {"type": "PackRecInputs"}],
    }
