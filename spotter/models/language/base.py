"""What the language models share: tokens in, a vector and logits for every place out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from spotter.charset import Charset
from spotter.errors import ConfigError
from spotter.models.recognition.layers import sinusoid
from spotter.models.token_maps import ClozeTokenMap, remap_rows, remap_tensor


class LanguageOutput(NamedTuple):
    """The output of a language model for N words at S places.

    Attributes:
        features: (N, S, C).
        logits: (N, S, K).
    """

    features: Tensor
    logits: Tensor


class LanguageModel(BaseModule):
    """Predicts the character at every place of a word from those at the other places.

    Words are (N, S, K) distributions over null and characters (one-hot for texts, a recognizer's
    softmax in fusion), where a word of n characters has a null at place n; N lengths, null
    included, say which places exist. What follows them is ignored.

    Args:
        charset: The character set, or its name; K = null + characters.
        max_length: Longest word; S = max_length + 1 places.
        channels: C.
        num_layers: Layers.
        heads: Attention heads.
        expansion: Width of the MLPs relative to C.
        dropout: Dropout after attention and MLP.
        init_cfg: mmengine's initialisation, if any.

    Attributes:
        token_map: Texts to tokens.

    Raises:
        ConfigError: The heads do not divide the channels.
    """

    def __init__(
        self,
        charset: str | Mapping[str, str] | Charset = "36",
        max_length: int = 25,
        channels: int = 512,
        num_layers: int = 4,
        heads: int = 8,
        expansion: float = 4.0,
        dropout: float = 0.1,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if channels % heads:
            raise ConfigError(f"{heads} attention heads do not divide {channels} channels")
        self.charset = (
            Charset(charset["characters"])
            if isinstance(charset, Mapping)
            else Charset.load(charset)
        )
        self.token_map = ClozeTokenMap(self.charset)
        self.max_length = max_length
        self.channels = channels
        # Rows: null, characters, the mask token.
        self.embedding = nn.Linear(self.token_map.num_tokens, channels, bias=False)
        self.layers = nn.ModuleList(
            self.build_layer(heads, expansion, dropout) for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(channels)
        self.classifier = nn.Linear(channels, self.token_map.num_classes)

    @abstractmethod
    def build_layer(self, heads: int, expansion: float, dropout: float) -> nn.Module:
        """One layer."""

    @abstractmethod
    def forward(self, words: Tensor, lengths: Tensor) -> LanguageOutput:
        """Every place predicted from the others.

        Args:
            words: (N, S, K) distributions, or with a last class for the mask (N, S, K + 1).
            lengths: (N,) places that exist, null included; at least 1.
        """

    def embed(self, words: Tensor) -> Tensor:
        """(N, S, C) of distributions over K or K + 1 tokens, without positions."""
        return torch.matmul(words, self.embedding.weight[:, : words.shape[-1]].t())

    def positions(self, words: Tensor) -> Tensor:
        """(S, C) codes of the places."""
        codes = sinusoid(words.shape[1], self.channels, words.device)
        return codes.to(self.embedding.weight.dtype)

    def one_hot(self, tokens: Tensor) -> Tensor:
        """(N, S, K + 1) float of tokens (N, S)."""
        eye = torch.eye(self.token_map.num_tokens, device=self.embedding.weight.device)
        return eye[tokens.to(eye.device)]

    def encode(self, texts: Sequence[str], steps: int | None = None) -> tuple[Tensor, Tensor]:
        """Words (N, S, K + 1) and lengths (N,) of texts within the charset, on the model's device.

        Args:
            texts: N words.
            steps: S; default: that of the longest word and its end.

        Raises:
            CharsetError: A text is too long or outside the charset.
        """
        tokens, lengths = self.token_map.encode(texts, steps)
        return self.one_hot(tokens), lengths.to(self.embedding.weight.device)

    def charset_parameters(self) -> dict[str, int]:
        """Names of the parameters whose size follows the charset, and the dimension that does."""
        return {"embedding.weight": 1, "classifier.weight": 0, "classifier.bias": 0}

    def remap_charset(
        self, state_dict: Mapping[str, Tensor], old_charset: Charset
    ) -> tuple[dict[str, Tensor], list[str]]:
        """Weights of another charset fitted to this one's, and the characters that are new."""
        return remap_parameters(self, state_dict, old_charset)


def remap_parameters(
    module: Any, state_dict: Mapping[str, Tensor], old_charset: Charset
) -> tuple[dict[str, Tensor], list[str]]:
    """Fit a state dict of another charset to a module with ``charset_parameters``.

    Returns:
        The weights: rows of shared characters carried over, rows of new ones as the module has
        them now; and the new characters.
    """
    own, remapped = module.state_dict(), dict(state_dict)
    for name, dim in module.charset_parameters().items():
        if name in remapped:
            remapped[name] = remap_tensor(
                remapped[name], own[name], dim, old_charset, module.charset
            )
    return remapped, remap_rows(old_charset, module.charset)[1]


def word_lengths(logits: Tensor) -> Tensor:
    """(N,) place of the first null of logits or distributions (N, S, K), plus one; S if none."""
    ended = (logits.argmax(-1) == 0).long()
    # The first null is where the number of nulls so far becomes one.
    before = (ended.cumsum(1) == 0).sum(1) + 1
    return before.clamp(max=logits.shape[1])


def places(lengths: Tensor, steps: int) -> Tensor:
    """(N, S) bool, true for the places that exist."""
    return torch.arange(steps, device=lengths.device)[None, :] < lengths[:, None]
