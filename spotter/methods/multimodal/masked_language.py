"""Training of a language model on words: stage 2 of SemiMTR (Aberdam et al., 2022) and ABINet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.model import BaseModel
from torch import Tensor, nn

from spotter.errors import ConfigError
from spotter.models.language import MaskedLanguageModel
from spotter.models.language.base import LanguageModel, places
from spotter.registry import MODELS
from spotter.structures import LanguageSample


@MODELS.register_module()
class MaskedLanguageModeling(BaseModel):
    """Trains a language model to predict each character of a word from the others.

    A :class:`ClozeLanguageModel` is asked for all characters of the word at once, a
    :class:`MaskedLanguageModel` for those that were hidden: a random share of the places, of which
    eight in ten show the mask, one any character, one the true one (BERT). Where the input is
    misspelt (:class:`spotter.data.spelling.SpellingNoise`), the right spelling is asked for, place
    by place.

    Args:
        language: Config of the language model.
        mask_share: Share of the places that are hidden, at least one per word; masked models only.
        noise_rate: Share of wrong characters that correction expects in ``predict``.
        init_cfg: mmengine's initialisation, if any.

    Raises:
        ConfigError: A share outside (0, 1).
    """

    deployable = "language"

    def __init__(
        self,
        language: Mapping[str, Any] | nn.Module,
        mask_share: float = 0.15,
        noise_rate: float = 0.1,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(None, init_cfg)
        if not 0 < mask_share < 1 or not 0 < noise_rate < 1:
            raise ConfigError(
                f"MaskedLanguageModeling: mask_share={mask_share} and noise_rate={noise_rate} must"
                " lie between 0 and 1"
            )
        built: Any = MODELS.build(dict(language)) if isinstance(language, Mapping) else language
        self.language: LanguageModel = built
        self.mask_share = mask_share
        self.noise_rate = noise_rate

    def forward(
        self,
        inputs: Sequence[str],
        data_samples: Sequence[LanguageSample] | None = None,
        mode: str = "tensor",
    ) -> Any:
        """Logits (N, S, K) of words, their loss, or the samples with what the model makes of them.

        Args:
            inputs: N words as they are given, perhaps misspelt.
            data_samples: N samples with the right spelling.
            mode: ``"tensor"``, ``"loss"`` or ``"predict"``.
        """
        if mode == "tensor":
            return self.language(*self.language.encode(self._fit(inputs))).logits
        if data_samples is None or mode not in ("loss", "predict"):
            raise ConfigError("mode is 'tensor', 'loss' or 'predict', the latter with data_samples")
        if mode == "loss":
            return self.loss(inputs, data_samples)
        return self.predict(data_samples)

    def loss(
        self, inputs: Sequence[str], data_samples: Sequence[LanguageSample]
    ) -> dict[str, Tensor]:
        """``loss_language``: cross-entropy per place; and ``accuracy`` of this batch."""
        given = self._fit(inputs)
        wanted_texts = self._fit([sample.text for sample in data_samples])
        # No further than the longest word: most are short.
        steps = 1 + max(map(len, [*given, *wanted_texts]))
        words, lengths = self.language.encode(given, steps)
        targets, target_lengths = self.language.token_map.encode(wanted_texts, steps)
        targets, target_lengths = targets.to(words.device), target_lengths.to(words.device)
        counted = places(target_lengths, steps)
        if isinstance(self.language, MaskedLanguageModel):
            words, hidden = self._hide(words, lengths)
            logits = self.language.predict_masked(words, lengths).logits
            counted = counted & hidden
        else:
            logits = self.language(words, lengths).logits
        picked, wanted = logits[counted].float(), targets[counted]
        # The sum of nothing is zero where the mean of nothing is not a number.
        loss = F.cross_entropy(picked, wanted, reduction="sum") / max(len(wanted), 1)
        accuracy = (picked.argmax(-1) == wanted).float().sum() / max(len(wanted), 1)
        return {"loss_language": loss, "accuracy": accuracy.detach()}

    @torch.no_grad()
    def predict(self, data_samples: Sequence[LanguageSample]) -> list[LanguageSample]:
        """Fill the samples; see :class:`LanguageSample`."""
        texts = self._fit([sample.text for sample in data_samples])
        given = self._fit([sample.misspelt or sample.text for sample in data_samples])
        token_map, steps = self.language.token_map, 1 + max(map(len, [*texts, *given]))
        words, lengths = self.language.encode(texts, steps)
        targets = token_map.encode(texts, steps)[0].to(words.device)
        logs = self.language(words, lengths).logits.float().log_softmax(-1)
        best, logs = logs.argmax(-1), logs.gather(-1, targets[..., None])[..., 0]
        right = (best == targets).tolist()
        misspelt, given_lengths = self.language.encode(given, steps)
        likely = self.language(misspelt, given_lengths).logits.float().log_softmax(-1)
        restored = (likely.argmax(-1) == targets).tolist()
        corrected = self.correct(likely, misspelt.argmax(-1), given_lengths)
        for i, sample in enumerate(data_samples):
            n = int(lengths[i])
            sample.log_probabilities = logs[i, :n].tolist()
            sample.right = right[i][:n]
            if sample.misspelt is not None:
                sample.restored = restored[i][: n - 1]
                sample.corrected = corrected[i]
        return list(data_samples)

    def correct(self, logs: Tensor, written: Tensor, lengths: Tensor) -> list[str]:
        """The most probable words behind misspelt ones.

        By Bayes: P(c | written) is in proportion to P(c | all others) P(written | c), the latter
        being 1 - ``noise_rate`` for the character that stands there and an even share of the rest
        for any other.

        Args:
            logs: (N, S, K) log P(c | all others).
            written: (N, S) tokens.
            lengths: (N,) places of the words, null included; the end is taken as it is.
        """
        others = max(len(self.language.charset) - 1, 1)
        same = torch.zeros_like(logs).scatter_(-1, written[..., None], 1.0)
        channel = torch.log(
            same * (1.0 - self.noise_rate) + (1.0 - same) * (self.noise_rate / others)
        )
        posterior = logs + channel
        # A place stays a character, and the end the end.
        posterior[..., 0] = float("-inf")
        tokens = posterior.argmax(-1)
        inside = places(lengths.to(tokens.device) - 1, tokens.shape[1])
        return self.language.token_map.decode(tokens.masked_fill(~inside, 0))

    def _fit(self, texts: Sequence[str]) -> list[str]:
        charset, longest = self.language.charset, self.language.max_length
        # An insertion may have made a word of full length too long.
        return [charset.normalize(text)[:longest] for text in texts]

    def _hide(self, words: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Words (N, S, K + 1) with hidden places, and which those are (N, S)."""
        n, s, k = words.shape
        exists = places(lengths, s)
        order = torch.rand(n, s, device=words.device).masked_fill(~exists, 2.0)
        hidden = (order < self.mask_share) | (order == order.amin(1, keepdim=True))
        kind = torch.rand(n, s, 1, device=words.device)
        mask = self.language.one_hot(torch.tensor([self.language.token_map.mask]))[0]
        any_token = torch.randint(0, k - 1, (n, s), device=words.device)
        shown = torch.where(kind < 0.8, mask.expand_as(words), words)
        shown = torch.where((kind >= 0.8) & (kind < 0.9), self.language.one_hot(any_token), shown)
        return torch.where(hidden[..., None], shown, words), hidden
