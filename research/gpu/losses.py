"""Losses of tensors that lie on the device already: those of the models, without lists of samples.

A list of a thousand labels costs the training process more time than the step costs the device.
The values are those of ``model(inputs, data_samples, mode="loss")``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from research.gpu.batch_photometric import BatchPhotometric
from research.gpu.mixed_batches import TARGETS
from spotter.charset import Charset
from spotter.errors import ConfigError
from spotter.models.recognition.four_stage import FourStageRecognizer
from spotter.training.weights import build_from_weights


def network_input(
    model: Any, images: Tensor, photometric: BatchPhotometric | None, dtype: torch.dtype
) -> Tensor:
    """(N, 3, H, W) normalised RGB, channels last, of (N, H, W, 3) uint8 BGR on the device."""
    batch = images.permute(0, 3, 1, 2).to(dtype)
    if photometric is not None:
        batch = photometric(batch)
    processor = model.data_preprocessor
    batch = (batch.flip(1) - processor.mean.to(dtype)) / processor.std.to(dtype)
    return batch.contiguous(memory_format=torch.channels_last)


def detector_losses(model: Any, inputs: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """``loss_...`` of a DBNet."""
    return model(inputs, {name: batch[name] for name in TARGETS}, mode="loss")


def recognizer_losses(
    model: Any, inputs: Tensor, batch: dict[str, Tensor], teacher: Teacher | None = None
) -> dict[str, Tensor]:
    """``loss_ctc`` and, with a rescorer, ``loss_attention_rescorer`` of a FourStageRecognizer.

    With a teacher, whose share of the loss is s: (1 - s) of the CTC loss, and ``loss_teacher``.
    """
    _, frames = model.encode(inputs)
    logits = model.prediction(frames)
    lengths = batch["host_lengths"]
    steps = torch.full_like(lengths, logits.shape[1])
    loss = F.ctc_loss(
        logits.float().log_softmax(-1).transpose(0, 1),
        batch["characters"],
        steps,
        lengths,
        blank=model.prediction.token_map.blank,
        reduction="none",
        zero_infinity=True,
    )
    # As in CTCPrediction: nothing to read counts as a character every four frames.
    counts = torch.where(batch["lengths"] > 0, batch["lengths"], max(1, logits.shape[1] // 4))
    losses = {"loss_ctc": (loss / counts).mean()}
    if teacher is not None:
        losses["loss_ctc"] = (1.0 - teacher.share) * losses["loss_ctc"]
        losses["loss_teacher"] = teacher.share * teacher.loss(logits, inputs, counts)
    if model.rescorer is not None:
        words = without_space(batch["characters"], batch["lengths"], model.charset)
        tokens = attention_tokens(*words, model.rescorer.token_map)
        said = model.rescorer.teacher_logits(frames, tokens, None)
        entropy = model.rescorer.cross_entropy(said, tokens)
        losses["loss_attention_rescorer"] = model.rescorer_weight * entropy
    return losses


class Teacher:
    """A recognizer whose frames a smaller one learns (Hinton et al., 2015, arXiv:1503.02531).

    Args:
        model: A FourStageRecognizer with CTC, with the charset and the frames of its pupil; it is
            not trained.
        share: Of the loss.
        temperature: Logits of both are divided by it, so that what is unlikely counts more.

    Raises:
        ConfigError: A share outside of (0, 1], or a temperature that is not positive.
    """

    def __init__(self, model: Any, share: float = 0.5, temperature: float = 2.0) -> None:
        if not 0 < share <= 1 or temperature <= 0:
            raise ConfigError(f"a teacher of share={share} and temperature={temperature}")
        self.model = model.eval().requires_grad_(False)
        self.share = share
        self.temperature = temperature

    def loss(self, logits: Tensor, inputs: Tensor, counts: Tensor) -> Tensor:
        """Divergence of the pupil's frames from the teacher's, per character as CTC's loss is.

        Args:
            logits: (N, T, K) of the pupil.
            inputs: (N, 3, H, W) that it saw.
            counts: (N,) characters by which each word's loss is divided.

        Returns:
            The mean over the words of temperature² · KL(teacher || pupil), summed over the frames.

        Raises:
            ConfigError: The teacher's frames or characters are others.
        """
        with torch.no_grad():
            _, frames = self.model.encode(inputs)
            taught = self.model.prediction(frames)
        if taught.shape != logits.shape:
            shapes = f"{tuple(taught.shape[1:])} instead of {tuple(logits.shape[1:])}"
            raise ConfigError(f"the teacher has frames of {shapes}")
        said = (logits.float() / self.temperature).log_softmax(-1)
        meant = (taught.float() / self.temperature).log_softmax(-1)
        divergence = F.kl_div(said, meant, reduction="none", log_target=True).sum((1, 2))
        return self.temperature**2 * (divergence / counts).mean()


def load_teacher(model: Any, settings: Mapping[str, Any], device: torch.device) -> Teacher:
    """The teacher of a model.

    Args:
        model: The pupil.
        settings: ``weights``, the file of a recognizer, and arguments of :class:`Teacher`.
        device: Where it runs.

    Raises:
        WeightsError: The file is missing or holds no model.
        ConfigError: It has other characters.
    """
    options = dict(settings)
    path = options.pop("weights")
    teacher, _ = build_from_weights(path)
    if not isinstance(teacher, FourStageRecognizer):
        raise ConfigError(f"{path}: a {type(teacher).__name__} is no teacher of this pupil")
    if teacher.charset.characters != model.charset.characters:
        raise ConfigError(f"{path}: the teacher's charset is not that of its pupil")
    moved = teacher.to(device).to(memory_format=torch.channels_last)
    return Teacher(moved, **options)


def without_space(characters: Tensor, lengths: Tensor, charset: Charset) -> tuple[Tensor, Tensor]:
    """Characters (N, L) and lengths (N,) as a rescorer counts them, which does not know the space.

    Args:
        characters: From 1, in a charset that may have a space.
        lengths: Of the texts; what follows is 0.
        charset: Of the characters.
    """
    if " " not in charset:
        return characters, lengths
    space = charset.index(" ") + 1
    spaces = characters == space
    kept = (characters - (characters > space).to(characters.dtype)).masked_fill(spaces, 0)
    order = spaces.int().argsort(dim=1, stable=True)
    return kept.gather(1, order), lengths - spaces.sum(1)


def attention_tokens(characters: Tensor, lengths: Tensor, token_map: Any) -> Tensor:
    """``BOS c1 .. cn EOS PAD ..`` (N, L + 2) of characters (N, L) from 1, and lengths (N,)."""
    tokens = F.pad(characters, (1, 1), value=token_map.eos)
    tokens[:, 0] = token_map.bos
    places = torch.arange(tokens.shape[1], device=tokens.device)
    return tokens.masked_fill(places > lengths[:, None] + 1, token_map.pad)
