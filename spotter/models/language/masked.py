"""Masked-token language model (BERT, Devlin et al., NAACL 2019), over characters."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spotter.models.language.base import LanguageModel, LanguageOutput, places
from spotter.models.recognition.layers import TransformerLayer
from spotter.registry import MODELS


@MODELS.register_module()
class MaskedLanguageModel(LanguageModel):
    """Self-attention over a word some of whose characters are hidden by a mask token.

    It is trained by :meth:`predict_masked` on random masks. :meth:`forward` predicts what
    :class:`ClozeLanguageModel` does, each character from all others, by masking one place at a
    time: S passes, as one batch of N·S words. Arguments are those of
    :class:`spotter.models.language.base.LanguageModel`.
    """

    def build_layer(self, heads: int, expansion: float, dropout: float) -> nn.Module:
        """One layer."""
        return TransformerLayer(self.channels, heads, expansion, dropout)

    def predict_masked(self, words: Tensor, lengths: Tensor) -> LanguageOutput:
        """Every place from what is shown of the word.

        Args:
            words: (N, S, K + 1) distributions; hidden places have the mask token.
            lengths: (N,), null included.
        """
        tokens = self.embed(words) + self.positions(words)
        visible = places(lengths, words.shape[1])
        for layer in self.layers:
            tokens = layer(tokens, visible)
        features = self.norm(tokens)
        return LanguageOutput(features, self.classifier(features))

    def forward(self, words: Tensor, lengths: Tensor) -> LanguageOutput:
        """See :class:`LanguageModel`."""
        n, s, k = words.shape
        if k < self.token_map.num_tokens:
            words = torch.cat([words, torch.zeros_like(words[..., :1])], dim=-1)
        order = torch.arange(s, device=words.device)
        own = (order[:, None] == order[None, :])[None, :, :, None]
        token = torch.zeros_like(words[:1, :1])
        token[..., self.token_map.mask] = 1.0
        masked = torch.where(own, token[:, None], words[:, None])
        features = self.predict_masked(
            masked.reshape(n * s, s, -1), lengths.repeat_interleave(s, dim=0)
        ).features
        # The prediction at place i of the word whose place i was hidden.
        features = features.reshape(n, s, s, -1).diagonal(dim1=1, dim2=2).transpose(1, 2)
        return LanguageOutput(features, self.classifier(features))
