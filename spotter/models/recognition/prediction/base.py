"""What every prediction stage shares: the decoded word, the charset's parameters, label choice."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.model import BaseModule
from torch import Tensor

from spotter.charset import Charset
from spotter.decoding.ctc import Decoded, decode_until_end
from spotter.label_lattice import leaves_out
from spotter.models.token_maps import (
    AttentionTokenMap,
    ClozeTokenMap,
    TokenMap,
    remap_rows,
    remap_tensor,
)
from spotter.structures import TextRecSample


class Prediction(BaseModule):
    """Fourth stage of a recognizer: from frames (N, T, C) to logits (N, S, K) and texts.

    Args:
        in_channels: C of the frames.
        charset: The character set.
        max_length: Longest word, in characters.
        init_cfg: mmengine's initialisation, if any.

    Attributes:
        token_map: Texts to targets.
        flatten_height: Whether the frames are all positions of the feature map, column by column
            (T = w·h), instead of its columns (T = w).
        completes_labels: Whether it learns from labels that leave out what the charset can express.
    """

    flatten_height = False
    completes_labels = False
    token_map: TokenMap

    def __init__(
        self,
        in_channels: int,
        charset: Charset,
        max_length: int = 25,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.in_channels = in_channels
        self.charset = charset
        self.max_length = max_length

    @abstractmethod
    def forward(self, features: Tensor, mask: Tensor | None = None, height: int = 1) -> Tensor:
        """Logits (N, S, K) of frames (N, T, C).

        Args:
            features: Frames.
            mask: (N, T) bool, true where a frame shows the crop and not padding.
            height: Rows of the feature map if the frames are flattened (T = w·height).
        """

    @abstractmethod
    def loss(
        self,
        features: Tensor,
        data_samples: Sequence[TextRecSample],
        mask: Tensor | None = None,
        height: int = 1,
    ) -> dict[str, Tensor]:
        """Training losses, fp32 scalars; samples without a label add nothing."""

    @abstractmethod
    def decode(self, logits: Tensor, mask: Tensor | None = None) -> list[Decoded]:
        """Greedy readings of logits (N, S, K)."""

    def charset_parameters(self) -> dict[str, int]:
        """Names of the parameters whose size follows the charset, and the dimension that does."""
        return {}

    def remap_charset(
        self, state_dict: Mapping[str, Tensor], old_charset: Charset
    ) -> tuple[dict[str, Tensor], list[str]]:
        """Fit the weights of another charset to this module's.

        Args:
            state_dict: Weights of this stage, trained with ``old_charset``.
            old_charset: Their character set.

        Returns:
            The weights for this module: rows of shared characters carried over, rows of new
            characters as this module has them now; and the new characters.
        """
        own = self.state_dict()
        remapped = dict(state_dict)
        for name, dim in self.charset_parameters().items():
            if name in remapped:
                remapped[name] = remap_tensor(
                    remapped[name], own[name], dim, old_charset, self.charset
                )
        return remapped, remap_rows(old_charset, self.charset)[1]

    def labelled(
        self, data_samples: Sequence[TextRecSample], limit: int | None = None
    ) -> tuple[list[int], list[str]]:
        """Indices and texts of the samples to learn from.

        Texts are normalised to the charset. Samples without a label are left out, and so are
        words longer than ``limit``, because a shortened label would teach a false end; labels that
        leave out what the charset can express (:meth:`leaves_out`), because they would teach that
        it is absent; and labels with characters outside of the charset, because ``Zrich`` is no
        label of ``Zürich``.
        """
        indices, texts = [], []
        for i, sample in enumerate(data_samples):
            if sample.text is None or self.leaves_out(sample):
                continue
            if self.charset.unspellable(sample.text):
                continue
            text = self.charset.normalize(sample.text)
            if limit is None or len(text) <= limit:
                indices.append(i)
                texts.append(text)
        return indices, texts

    def leaves_out(self, sample: TextRecSample) -> bool:
        """Whether the label alphabet of a sample can express less than the charset."""
        alphabet = sample.label_alphabet
        return alphabet is not None and leaves_out(alphabet, self.charset.characters)


def rows_of(indices: Sequence[int], *tensors: Tensor | None) -> list[Any]:
    """The rows of tensors (N, ..) that :meth:`Prediction.labelled` found; ``None`` stays it.

    Where all N were found, the tensors are given as they are.
    """
    return [t if t is None or len(t) == len(indices) else t[list(indices)] for t in tensors]


def no_loss(module: torch.nn.Module, features: Tensor) -> Tensor:
    """A zero that still touches the features and every parameter of the module.

    Distributed training waits for the gradient of each parameter, also when a batch has no label.
    """
    zero = features.float().sum() * 0.0
    for parameter in module.parameters():
        zero = zero + parameter.float().sum() * 0.0
    return zero


def read_until_end(token_map: AttentionTokenMap | ClozeTokenMap, logits: Tensor) -> list[Decoded]:
    """Greedy readings of logits (N, S, K), each up to its first end token (class 0)."""
    return decode_until_end(logits.float().cpu().numpy(), token_map.charset.characters)
