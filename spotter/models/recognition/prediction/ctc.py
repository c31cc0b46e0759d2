"""Connectionist temporal classification (Graves et al., ICML 2006; CRNN, Shi et al. 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spotter.charset import Charset
from spotter.decoding.ctc import decode_ctc, take_out_space
from spotter.errors import CharsetError
from spotter.label_lattice import LabelLattice
from spotter.models.recognition.prediction.base import Decoded, Prediction, no_loss, rows_of
from spotter.models.recognition.prediction.frame_alignment import UNDECIDED, evenly_spaced_targets
from spotter.models.recognition.prediction.lattice_ctc import lattice_ctc_loss
from spotter.models.token_maps import CTCTokenMap
from spotter.registry import MODELS
from spotter.structures import TextRecSample


@MODELS.register_module()
class CTCPrediction(Prediction):
    """A linear classifier per frame; blank is class 0.

    Args:
        in_channels: C of the frames.
        charset: The character set; K = characters + blank.
        max_length: Kept for symmetry with the other stages: the number of frames limits a word.
        dropout: Dropout before the classifier.
        init_cfg: mmengine's initialisation, if any.

    Attributes:
        alignment_weight: Factor of the frame alignment loss, which helps over CTC's first plateau
            (:mod:`spotter.models.recognition.prediction.frame_alignment`); 0 unless
            :class:`spotter.training.hooks.FrameAlignmentHook` sets it.
    """

    alignment_weight = 0.0
    completes_labels = True

    def __init__(
        self,
        in_channels: int,
        charset: Charset,
        max_length: int = 25,
        dropout: float = 0.0,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(in_channels, charset, max_length, init_cfg)
        self.token_map: CTCTokenMap = CTCTokenMap(charset)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(in_channels, self.token_map.num_classes)

    def forward(self, features: Tensor, mask: Tensor | None = None, height: int = 1) -> Tensor:
        """Logits (N, T, K) of frames (N, T, C)."""
        return self.classifier(self.dropout(features))

    def loss(
        self,
        features: Tensor,
        data_samples: Sequence[TextRecSample],
        mask: Tensor | None = None,
        height: int = 1,
    ) -> dict[str, Tensor]:
        """``loss_ctc``: negative log-likelihood per character, averaged over the words, fp32.

        Padded frames take no part. A word with more characters than frames adds nothing. For words
        whose labels leave out marks or case, all readings that the label allows count
        (:func:`lattice_ctc_loss`). With an ``alignment_weight`` there is ``loss_alignment``, a
        cross-entropy per frame of the other words, too.
        """
        indices, texts = self.labelled(data_samples)
        partial, lattices = self._lattices(data_samples)
        if not texts and not lattices:
            return {"loss_ctc": no_loss(self, features)}
        logits = self(features)
        per_word: list[Tensor] = []
        losses: dict[str, Tensor] = {}
        if texts:
            rows, valid = rows_of(indices, logits, mask)
            spelled, losses = self._plain_loss(rows, valid, texts)
            per_word.append(spelled)
        if lattices:
            rows, valid = rows_of(partial, logits, mask)
            per_word.append(self._lattice_loss(rows, valid, lattices))
        return {"loss_ctc": torch.cat(per_word).mean(), **losses}

    def _lattices(
        self, data_samples: Sequence[TextRecSample]
    ) -> tuple[list[int], list[LabelLattice]]:
        """Indices and lattices of the samples whose labels leave something out."""
        indices, lattices = [], []
        for i, sample in enumerate(data_samples):
            if sample.text is None or sample.label_alphabet is None or not self.leaves_out(sample):
                continue
            with suppress(CharsetError):
                characters = self.charset.characters
                lattice = LabelLattice.of(sample.text, sample.label_alphabet, characters)
                if lattice.steps:
                    indices.append(i)
                    lattices.append(lattice)
        return indices, lattices

    def _lattice_loss(
        self, logits: Tensor, mask: Tensor | None, lattices: Sequence[LabelLattice]
    ) -> Tensor:
        """(N,) losses per character of logits (N, T, K)."""
        frames = _valid_frames(logits, mask)
        loss = lattice_ctc_loss(logits.float().log_softmax(-1), lattices, frames)
        return loss / loss.new_tensor([len(lattice.steps) for lattice in lattices])

    def _plain_loss(
        self, logits: Tensor, mask: Tensor | None, texts: Sequence[str]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """(N,) losses per character of logits (N, T, K), and the losses beside them."""
        targets, lengths = self.token_map.encode(texts)
        frames = _valid_frames(logits, mask)
        loss = F.ctc_loss(
            logits.float().log_softmax(-1).transpose(0, 1),
            targets.to(logits.device),
            frames,
            lengths,
            blank=self.token_map.blank,
            reduction="none",
            zero_infinity=True,
        )
        losses = {}
        if self.alignment_weight > 0:
            losses["loss_alignment"] = self.alignment_weight * self._alignment(
                logits, [row[:n] for row, n in zip(targets.tolist(), lengths, strict=True)], frames
            )
        # Nothing to read is as much to learn as a word of a character every four frames.
        counts = torch.where(lengths > 0, lengths, (frames // 4).clamp(min=1))
        return loss / counts.to(loss), losses

    def _alignment(self, logits: Tensor, tokens: Sequence[Sequence[int]], frames: Tensor) -> Tensor:
        """Mean cross-entropy of the frames that the even alignment decides."""
        targets = evenly_spaced_targets(
            tokens, frames.tolist(), logits.shape[1], self.token_map.blank
        ).to(logits.device)
        total = F.cross_entropy(
            logits.float().flatten(0, 1),
            targets.flatten(),
            ignore_index=UNDECIDED,
            reduction="sum",
        )
        return total / (targets != UNDECIDED).sum().clamp(min=1)

    @torch.no_grad()
    def decode(self, logits: Tensor, mask: Tensor | None = None) -> list[Decoded]:
        """Greedy best path: repeats merged, blanks dropped.

        A character scores the highest probability among its run of frames. Spaces, where the
        charset has one, are left out of the readings.
        """
        padding = None if mask is None else mask.cpu().numpy()
        seen = take_out_space(logits.float().cpu().numpy(), self.charset.characters)
        return decode_ctc(seen.logits, seen.characters, padding)

    def charset_parameters(self) -> dict[str, int]:
        """The classifier's rows."""
        return {"classifier.weight": 0, "classifier.bias": 0}


def _valid_frames(logits: Tensor, mask: Tensor | None) -> Tensor:
    """(N,) int64, on the CPU: frames of each word of (N, T, K) that are not padding."""
    if mask is None:
        return torch.full((len(logits),), logits.shape[1], dtype=torch.long)
    return mask.sum(1).cpu()
