"""Bidirectional cloze network (BCN of ABINet, Fang et al., CVPR 2021, section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spotter.models.language.base import LanguageModel, LanguageOutput, places
from spotter.registry import MODELS


class ClozeLayer(nn.Module):
    """Cross-attention from the places to the characters, and an MLP; pre-norm, both residual.

    A place attends neither to its own character (diagonal mask) nor to anything behind the end of
    the word. Besides the characters it may attend to one learned vector, so that the only place of
    a word has something to attend to.

    Args:
        channels: C.
        heads: Attention heads.
        expansion: Width of the MLP relative to C.
        dropout: Dropout after attention and MLP.
    """

    def __init__(self, channels: int, heads: int, expansion: float, dropout: float) -> None:
        super().__init__()
        hidden = int(channels * expansion)
        self.heads = heads
        self.attention_norm = nn.LayerNorm(channels)
        self.query = nn.Linear(channels, channels)
        self.key_value = nn.Linear(channels, 2 * channels)
        self.company = nn.Parameter(torch.zeros(1, 1, channels))
        self.out = nn.Linear(channels, channels)
        self.mlp_norm = nn.LayerNorm(channels)
        self.expand = nn.Linear(channels, hidden)
        self.project = nn.Linear(hidden, channels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, queries: Tensor, characters: Tensor, hidden: Tensor) -> Tensor:
        """Places (N, S, C) after attention to characters (N, S, C).

        Args:
            queries: The places.
            characters: Embedded characters with their positions; the same for every layer, so that
                no information about a character reaches its own place through its neighbours.
            hidden: (N, 1, S, S + 1) bool, true where a place may not attend; the last column is the
                learned vector.
        """
        n, s, c = queries.shape
        company = self.company.expand(n, 1, c)
        memory = torch.cat([characters, company], dim=1)
        shape = (n, -1, self.heads, c // self.heads)
        query = self.query(self.attention_norm(queries)).view(shape).transpose(1, 2)
        key, value = self.key_value(memory).chunk(2, dim=-1)
        key, value = key.view(shape).transpose(1, 2), value.view(shape).transpose(1, 2)
        energies = torch.matmul(query, key.transpose(2, 3)).float() * (c // self.heads) ** -0.5
        attention = energies.masked_fill(hidden, float("-inf")).softmax(-1).to(value.dtype)
        mixed = torch.matmul(attention, value).transpose(1, 2).reshape(n, s, c)
        queries = queries + self.dropout(self.out(mixed))
        inner = torch.relu(self.expand(self.mlp_norm(queries)))
        return queries + self.dropout(self.project(inner))


@MODELS.register_module()
class ClozeLanguageModel(LanguageModel):
    """Every character of a word predicted from all others, in one pass.

    The queries are the codes of the places, keys and values the characters; a diagonal mask hides
    each character from its own place. Arguments are those of
    :class:`spotter.models.language.base.LanguageModel`.
    """

    def build_layer(self, heads: int, expansion: float, dropout: float) -> nn.Module:
        """One layer."""
        return ClozeLayer(self.channels, heads, expansion, dropout)

    def forward(self, words: Tensor, lengths: Tensor) -> LanguageOutput:
        """See :class:`LanguageModel`; changing the character at a place changes nothing there."""
        steps = words.shape[1]
        positions = self.positions(words)
        characters = self.embed(words) + positions
        order = torch.arange(steps, device=words.device)
        own = order[:, None] == order[None, :]
        absent = ~places(lengths, steps)
        hidden = own[None] | absent[:, None, :]
        # The learned vector is never hidden.
        hidden = torch.cat([hidden, torch.zeros_like(hidden[:, :, :1])], dim=2)[:, None]
        queries = positions.expand(words.shape[0], -1, -1)
        for layer in self.layers:
            queries = layer(queries, characters, hidden)
        features = self.norm(queries)
        return LanguageOutput(features, self.classifier(features))
