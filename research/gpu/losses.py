"""Losses of tensors that lie on the device already: those of the models, without lists of samples.

A list of a thousand labels costs the training process more time than the step costs the device.
The values are those of ``model(inputs, data_samples, mode="loss")``.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from research.gpu.batch_photometric import BatchPhotometric
from research.gpu.mixed_batches import TARGETS


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


def recognizer_losses(model: Any, inputs: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """``loss_ctc`` and, with a rescorer, ``loss_attention_rescorer`` of a FourStageRecognizer."""
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
    losses = {"loss_ctc": (loss / batch["lengths"].clamp(min=1)).mean()}
    if model.rescorer is not None:
        tokens = attention_tokens(batch["characters"], batch["lengths"], model.rescorer.token_map)
        said = model.rescorer.teacher_logits(frames, tokens, None)
        entropy = model.rescorer.cross_entropy(said, tokens)
        losses["loss_attention_rescorer"] = model.rescorer_weight * entropy
    return losses


def attention_tokens(characters: Tensor, lengths: Tensor, token_map: Any) -> Tensor:
    """``BOS c1 .. cn EOS PAD ..`` (N, L + 2) of characters (N, L) from 1, and lengths (N,)."""
    tokens = F.pad(characters, (1, 1), value=token_map.eos)
    tokens[:, 0] = token_map.bos
    places = torch.arange(tokens.shape[1], device=tokens.device)
    return tokens.masked_fill(places > lengths[:, None] + 1, token_map.pad)
