"""Autoregressive attention decoder (Bahdanau et al., ICLR 2015; ASTER, RARE and TRBA for words)."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from spotter.charset import Charset
from spotter.models.recognition.prediction.autoregressive import (
    AutoregressivePrediction,
    Projection,
    TeacherForced,
)
from spotter.registry import MODELS


class _Memory(NamedTuple):
    features: Tensor
    keys: Tensor
    hidden_mask: Tensor | None


@MODELS.register_module()
class AttentionPrediction(AutoregressivePrediction):
    """One LSTM cell that attends to the frames and is fed its previous character.

    With frames F and previous state s: e = wᵀ tanh(W_k F + W_q s + b), α = softmax(e),
    g = Σ α F, s' = LSTMCell([g, embedding(y)], s), logits = W s' + b.

    Args:
        in_channels: C of the frames.
        charset: The character set; K = end + characters.
        max_length: Longest word; S = max_length + 1 steps.
        hidden_channels: H, size of the state and of the attention layer.
        embedding_channels: Size of the characters' embeddings.
        dropout: Dropout before the classifier.
        init_cfg: mmengine's initialisation, if any.
    """

    def __init__(
        self,
        in_channels: int,
        charset: Charset,
        max_length: int = 25,
        hidden_channels: int = 256,
        embedding_channels: int = 256,
        dropout: float = 0.0,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(in_channels, charset, max_length, init_cfg)
        self.hidden_channels = hidden_channels
        self.key = nn.Linear(in_channels, hidden_channels, bias=False)
        self.query = nn.Linear(hidden_channels, hidden_channels)
        self.energy = nn.Linear(hidden_channels, 1, bias=False)
        self.embedding = nn.Embedding(self.token_map.num_tokens, embedding_channels)
        # The cell's input matrix in its two parts, so that the characters' part of all steps is
        # one product under teacher forcing.
        self.glimpse_gates = nn.Linear(in_channels, 4 * hidden_channels, bias=False)
        self.token_gates = nn.Linear(embedding_channels, 4 * hidden_channels)
        self.hidden_gates = nn.Linear(hidden_channels, 4 * hidden_channels, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(hidden_channels, self.token_map.num_classes)
        for layer in (self.glimpse_gates, self.token_gates, self.hidden_gates):
            nn.init.uniform_(layer.weight, -(hidden_channels**-0.5), hidden_channels**-0.5)

    def forward_train(
        self,
        features: Tensor,
        tokens: Tensor,
        mask: Tensor | None = None,
        projection: Projection | None = None,
    ) -> TeacherForced:
        """See the base class."""
        memory = self._memory(features, mask)
        token_gates = self.token_gates(self.embedding(tokens[:, :-1])).unbind(1)
        state = self._start(features)
        glimpses, states = [], []
        for gates in token_gates:
            glimpse, state = self._step(memory, gates, state)
            glimpses.append(glimpse)
            states.append(state[0])
        hidden = torch.stack(states, 1)
        return TeacherForced(self.classify(hidden, projection), torch.stack(glimpses, 1), hidden)

    def decode_free(
        self,
        features: Tensor,
        mask: Tensor | None = None,
        early_stop: bool = True,
        projection: Projection | None = None,
    ) -> tuple[Tensor, Tensor]:
        """See the base class."""
        memory = self._memory(features, mask)
        state = self._start(features)

        def advance(previous: Tensor) -> Tensor:
            nonlocal state
            gates = self.token_gates(self.embedding(previous))
            _, state = self._step(memory, gates, state)
            return self.classify(state[0], projection)

        return self.decode_greedily(advance, features, early_stop)

    def classify(self, hidden: Tensor, projection: Projection | None = None) -> Tensor:
        """Logits (.., K) of hidden states (.., H)."""
        if projection is not None:
            hidden = projection(hidden)
        return self.classifier(self.dropout(hidden))

    def _memory(self, features: Tensor, mask: Tensor | None) -> _Memory:
        return _Memory(features, self.key(features), None if mask is None else ~mask)

    def _start(self, features: Tensor) -> tuple[Tensor, Tensor]:
        zeros = features.new_zeros(features.shape[0], self.hidden_channels, dtype=torch.float32)
        return zeros, zeros

    def _step(
        self, memory: _Memory, token_gates: Tensor, state: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        hidden, cell = state
        energies = self.energy(torch.tanh(memory.keys + self.query(hidden)[:, None, :])).float()
        if memory.hidden_mask is not None:
            energies = energies.masked_fill(memory.hidden_mask[:, :, None], float("-inf"))
        attention = energies.softmax(1).to(memory.features.dtype)
        glimpse = torch.matmul(attention.transpose(1, 2), memory.features)[:, 0]
        gates = self.glimpse_gates(glimpse) + self.hidden_gates(hidden) + token_gates
        update, forget, candidate, output = gates.float().chunk(4, dim=-1)
        cell = forget.sigmoid() * cell + update.sigmoid() * candidate.tanh()
        return glimpse, (output.sigmoid() * cell.tanh(), cell)
