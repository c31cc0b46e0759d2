"""The base of decoders that write a word character by character."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from spotter.charset import Charset
from spotter.models.recognition.prediction.base import (
    Decoded,
    Prediction,
    no_loss,
    read_until_end,
    rows_of,
)
from spotter.models.token_maps import AttentionTokenMap
from spotter.structures import TextRecSample

Projection = Callable[[Tensor], Tensor]


class TeacherForced(NamedTuple):
    """Outputs of the decoder at S steps.

    Attributes:
        logits: (N, S, K).
        glimpses: (N, S, C), frames weighted by the attention of each step.
        hidden: (N, S, H), the states before the classifier (and before any projection).
    """

    logits: Tensor
    glimpses: Tensor
    hidden: Tensor


class AutoregressivePrediction(Prediction):
    """Each step is fed the previous character: the true one in training, else the predicted one.

    Args:
        in_channels: C of the frames.
        charset: The character set; K = end + characters.
        max_length: Longest word; S = max_length + 1 steps.
        init_cfg: mmengine's initialisation, if any.
    """

    token_map: AttentionTokenMap

    def __init__(
        self,
        in_channels: int,
        charset: Charset,
        max_length: int = 25,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(in_channels, charset, max_length, init_cfg)
        self.token_map = AttentionTokenMap(charset)

    def forward(self, features: Tensor, mask: Tensor | None = None, height: int = 1) -> Tensor:
        """Logits (N, max_length + 1, K) of frames (N, T, C), decoded greedily.

        The number of steps is fixed, so that the graph can be traced and exported.
        """
        return self.decode_free(features, mask, early_stop=False)[1]

    @abstractmethod
    def forward_train(
        self,
        features: Tensor,
        tokens: Tensor,
        mask: Tensor | None = None,
        projection: Projection | None = None,
    ) -> TeacherForced:
        """Teacher-forced pass.

        Args:
            features: Frames (N, T, C).
            tokens: (N, S+1) ``BOS c1 .. EOS PAD ..`` as :meth:`AttentionTokenMap.encode` gives;
                step t is fed token t and predicts token t+1.
            mask: (N, T) bool, true where a frame is not padding.
            projection: Applied to the states (N, S, H) before the classifier.
        """

    @abstractmethod
    def decode_free(
        self,
        features: Tensor,
        mask: Tensor | None = None,
        early_stop: bool = True,
        projection: Projection | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Tokens (N, S) and logits (N, S, K), see :meth:`decode_greedily`.

        Args:
            features: Frames (N, T, C).
            mask: (N, T) bool, true where a frame is not padding.
            early_stop: Leave the loop when all words have ended; changes no result.
            projection: Applied to the states before the classifier.
        """

    def teacher_logits(self, features: Tensor, tokens: Tensor, mask: Tensor | None) -> Tensor:
        """Logits (N, S, K) of :meth:`forward_train`."""
        return self.forward_train(features, tokens, mask).logits

    def loss(
        self,
        features: Tensor,
        data_samples: Sequence[TextRecSample],
        mask: Tensor | None = None,
        height: int = 1,
    ) -> dict[str, Tensor]:
        """``loss_attention``: cross-entropy per character and end token, fp32."""
        indices, texts = self.labelled(data_samples, self.max_length)
        if not texts:
            return {"loss_attention": no_loss(self, features)}
        features, mask = rows_of(indices, features, mask)
        tokens = self.token_map.encode(texts)[0].to(features.device)
        logits = self.teacher_logits(features, tokens, mask)
        return {"loss_attention": self.cross_entropy(logits, tokens)}

    def cross_entropy(self, logits: Tensor, tokens: Tensor) -> Tensor:
        """Mean over all characters and end tokens, fp32.

        Args:
            logits: (N, S, K).
            tokens: (N, S+1) that they were fed with.
        """
        return F.cross_entropy(
            logits.float().flatten(0, 1), tokens[:, 1:].flatten(), ignore_index=self.token_map.pad
        )

    @torch.no_grad()
    def decode(self, logits: Tensor, mask: Tensor | None = None) -> list[Decoded]:
        """Readings of logits (N, S, K), each up to its first EOS."""
        return read_until_end(self.token_map, logits)

    def decode_greedily(
        self, advance: Callable[[Tensor], Tensor], features: Tensor, early_stop: bool
    ) -> tuple[Tensor, Tensor]:
        """Greedy decoding; each step is fed the character that the previous step predicted.

        Args:
            advance: Gives the logits (N, K) of the next step from the previous tokens (N,).
            features: Frames (N, T, C); only their number and device count here.
            early_stop: Leave the loop when all words have ended; changes no result.

        Returns:
            Tokens (N, S): characters, EOS, then PAD; and logits (N, S, K), zero after the EOS;
            S = max_length + 1. Neither depends on the other words of the batch.
        """
        previous = torch.full_like(features[:, 0, 0], self.token_map.bos, dtype=torch.long)
        ended = torch.zeros_like(previous, dtype=torch.bool)
        all_logits, all_tokens = [], []
        steps = self.max_length + 1
        for _ in range(steps):
            logits = advance(previous).masked_fill(ended[:, None], 0.0)
            previous = logits.argmax(-1)
            all_logits.append(logits)
            all_tokens.append(previous.masked_fill(ended, self.token_map.pad))
            ended = ended | (previous == self.token_map.eos)
            if early_stop and bool(ended.all()):
                break
        tokens = torch.stack(all_tokens, 1)
        logits = torch.stack(all_logits, 1)
        missing = steps - len(all_tokens)
        if missing:
            tokens = F.pad(tokens, (0, missing), value=self.token_map.pad)
            logits = F.pad(logits, (0, 0, 0, missing))
        return tokens, logits

    def teacher_tokens(self, tokens: Tensor) -> Tensor:
        """Input (N, S+1) of :meth:`teacher_logits` from decoded tokens (N, S).

        Puts BOS first, and an EOS in the last place of a word that never ended.
        """
        unended = (tokens != self.token_map.eos).all(1)
        tokens = tokens.clone()
        tokens[:, -1] = torch.where(unended, self.token_map.eos, tokens[:, -1])
        return F.pad(tokens, (1, 0), value=self.token_map.bos)

    def charset_parameters(self) -> dict[str, int]:
        """The classifier's and the embedding's rows."""
        return {"classifier.weight": 0, "classifier.bias": 0, "embedding.weight": 0}
