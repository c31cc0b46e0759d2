"""Autoregressive transformer decoder (Vaswani et al., NeurIPS 2017; for words NRTR, ICDAR 2019)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spotter.charset import Charset
from spotter.errors import ConfigError
from spotter.models.recognition.layers import attend, sinusoid
from spotter.models.recognition.prediction.autoregressive import (
    AutoregressivePrediction,
    Projection,
    TeacherForced,
)
from spotter.registry import MODELS

_Pair = tuple[Tensor, Tensor]


class DecoderLayer(nn.Module):
    """Pre-norm causal self-attention, attention to the frames, and MLP, all residual.

    Args:
        channels: C of tokens and frames.
        heads: Attention heads.
        expansion: Width of the MLP relative to C.
        dropout: Dropout after each of the three.

    Raises:
        ConfigError: If the heads do not divide the channels.
    """

    def __init__(self, channels: int, heads: int, expansion: float, dropout: float) -> None:
        super().__init__()
        if channels % heads:
            raise ConfigError(f"{heads} attention heads do not divide {channels} channels")
        hidden = int(channels * expansion)
        self.heads = heads
        self.self_norm = nn.LayerNorm(channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.self_out = nn.Linear(channels, channels)
        self.frame_norm = nn.LayerNorm(channels)
        self.query = nn.Linear(channels, channels)
        self.key_value = nn.Linear(channels, 2 * channels)
        self.frame_out = nn.Linear(channels, channels)
        self.mlp_norm = nn.LayerNorm(channels)
        self.expand = nn.Linear(channels, hidden)
        self.project = nn.Linear(hidden, channels)
        self.dropout = nn.Dropout(dropout)

    def remember(self, frames: Tensor) -> _Pair:
        """Keys and values (N, heads, T, D) of frames (N, T, C)."""
        keys, values = self.key_value(frames).chunk(2, dim=-1)
        return self._split(keys), self._split(values)

    def forward(
        self,
        tokens: Tensor,
        memory: _Pair,
        shown: Tensor | None = None,
        past: _Pair | None = None,
    ) -> tuple[Tensor, _Pair, Tensor]:
        """One layer.

        Args:
            tokens: (N, S, C); one of them (S = 1) where there is a past.
            memory: Of :meth:`remember`.
            shown: (N, 1, 1, T) bool, true for frames that are no padding.
            past: Keys and values (N, heads, P, D) of the tokens before.

        Returns:
            (N, S, C), keys and values of all tokens so far, and what each token took from the
            frames (N, S, C).
        """
        q, k, v = map(self._split, self.qkv(self.self_norm(tokens)).chunk(3, dim=-1))
        if past is None:
            length = tokens.shape[1]
            ones = torch.ones(length, length, dtype=torch.bool, device=tokens.device)
            mixed = attend(q, k, v, ones.tril())
        else:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
            mixed = attend(q, k, v)
        tokens = tokens + self.dropout(self.self_out(self._join(mixed)))
        looked = attend(self._split(self.query(self.frame_norm(tokens))), *memory, shown)
        glimpses = self.frame_out(self._join(looked))
        tokens = tokens + self.dropout(glimpses)
        hidden = self.project(F.gelu(self.expand(self.mlp_norm(tokens))))
        return tokens + self.dropout(hidden), (k, v), glimpses

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)

    @staticmethod
    def _join(x: Tensor) -> Tensor:
        return x.transpose(1, 2).flatten(2)


@MODELS.register_module()
class TransformerPrediction(AutoregressivePrediction):
    """Layers of causal self-attention and attention to the frames.

    As a rescorer beside CTC it gives the probability of a whole reading, each character given the
    ones before it, in one pass (:meth:`log_probability`).

    Args:
        in_channels: C of the frames.
        charset: The character set; K = end + characters.
        max_length: Longest word; S = max_length + 1 steps.
        channels: Inner channels.
        num_layers: Layers.
        heads: Attention heads.
        expansion: Width of the MLPs relative to ``channels``.
        dropout: Dropout after attentions and MLP.
        init_cfg: mmengine's initialisation, if any.

    Raises:
        ConfigError: If the heads do not divide the channels.
    """

    def __init__(
        self,
        in_channels: int,
        charset: Charset,
        max_length: int = 25,
        channels: int = 256,
        num_layers: int = 1,
        heads: int = 4,
        expansion: float = 2.0,
        dropout: float = 0.1,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(in_channels, charset, max_length, init_cfg)
        self.channels = channels
        self.frames = nn.Linear(in_channels, channels)
        self.frame_norm = nn.LayerNorm(channels)
        self.embedding = nn.Embedding(self.token_map.num_tokens, channels)
        self.layers = nn.ModuleList(
            DecoderLayer(channels, heads, expansion, dropout) for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(channels)
        self.classifier = nn.Linear(channels, self.token_map.num_classes)
        nn.init.normal_(self.embedding.weight, std=channels**-0.5)

    def forward_train(
        self,
        features: Tensor,
        tokens: Tensor,
        mask: Tensor | None = None,
        projection: Projection | None = None,
    ) -> TeacherForced:
        """See the base class; glimpses are those of the last layer.

        Frames of one crop (1, T, C) serve any number of words.
        """
        shown = None if mask is None else mask[:, None, None, :]
        x = self._embed(tokens[:, :-1], 0)
        glimpses = x
        for layer, (keys, values) in zip(self.layers, self._memories(features), strict=True):
            memory = (keys.expand(x.shape[0], -1, -1, -1), values.expand(x.shape[0], -1, -1, -1))
            x, _, glimpses = layer(x, memory, shown)
        hidden = self.norm(x)
        return TeacherForced(self._classify(hidden, projection), glimpses, hidden)

    def decode_free(
        self,
        features: Tensor,
        mask: Tensor | None = None,
        early_stop: bool = True,
        projection: Projection | None = None,
    ) -> tuple[Tensor, Tensor]:
        """See the base class."""
        shown = None if mask is None else mask[:, None, None, :]
        memories = self._memories(features)
        pasts: list[_Pair | None] = [None] * len(self.layers)
        said = 0

        def advance(previous: Tensor) -> Tensor:
            nonlocal said
            x = self._embed(previous[:, None], said)
            said += 1
            for place, layer in enumerate(self.layers):
                x, pasts[place], _ = layer(x, memories[place], shown, pasts[place])
            return self._classify(self.norm(x), projection)[:, 0]

        return self.decode_greedily(advance, features, early_stop)

    def log_probability(
        self, features: Tensor, tokens: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        """(N,) log P(word | frames) of words (N, S+1), ``BOS c1 .. EOS PAD ..``; fp32.

        Args:
            features: Frames (N, T, C), or (1, T, C) of the one crop that all words are read from.
            tokens: As :meth:`AttentionTokenMap.encode` gives them.
            mask: (N, T) bool, true where a frame is not padding.
        """
        logs = self.teacher_logits(features, tokens, mask).float().log_softmax(-1)
        targets = tokens[:, 1:]
        counted = targets != self.token_map.pad
        chosen = logs.gather(2, targets.masked_fill(~counted, 0)[:, :, None])[:, :, 0]
        return (chosen * counted).sum(1)

    def _classify(self, hidden: Tensor, projection: Projection | None) -> Tensor:
        return self.classifier(hidden if projection is None else projection(hidden))

    def _memories(self, features: Tensor) -> list[_Pair]:
        frames = self.frames(features)
        places = sinusoid(frames.shape[1], self.channels, frames.device).to(frames.dtype)
        frames = self.frame_norm(frames + places)
        return [layer.remember(frames) for layer in cast(Iterable[DecoderLayer], self.layers)]

    def _embed(self, tokens: Tensor, first: int) -> Tensor:
        embedded = self.embedding(tokens) * self.channels**0.5
        places = sinusoid(first + tokens.shape[1], self.channels, tokens.device)[first:]
        return embedded + places.to(embedded.dtype)
