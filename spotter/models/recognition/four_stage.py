"""The four-stage recognizer (Baek et al., ICCV 2019, "What is wrong with scene text recognition").

Transformation, feature extraction, sequence modeling and prediction are swapped by config.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn

from spotter.charset import Charset
from spotter.errors import ConfigError
from spotter.models.building import build_part
from spotter.models.recognition.padding import column_mask
from spotter.models.recognition.prediction.base import Decoded, Prediction
from spotter.registry import MODELS
from spotter.structures import TextRecSample

if TYPE_CHECKING:
    from spotter.models.recognition.prediction.transformer import TransformerPrediction


@MODELS.register_module()
class FourStageRecognizer(BaseModel):
    """Reads one word per crop.

    Args:
        transformation: Config of the first stage, (N, 3, H, W) to (N, 3, H', W').
        feature_extraction: Config of the second, (N, 3, H, W) to (N, C, h, w).
        sequence_modeling: Config of the third, (N, T, C) to (N, T, C').
        prediction: Config of the fourth, (N, T, C') to logits (N, S, K).
        charset: ``"36"``, ``"62"``, ``"94"``, ``"latin"``, a file, or a :class:`Charset`;
            ``dict(characters="...")`` gives the characters themselves.
        data_preprocessor: Config of the preprocessor.
        max_length: Longest word that attention decoders write, in characters.
        auxiliary: Config of a second prediction stage on the same frames that trains along and
            takes no part in reading, with its ``weight`` (default 1): an attention decoder that
            guides CTC (GTC, Hu et al., AAAI 2020). :meth:`drop_auxiliary` removes it.
        rescorer: Config of a decoder on the same frames that trains along with its ``weight``
            (default 1) and afterwards rescores what the prediction stage finds likely (two-pass
            decoding, Sainath et al., Interspeech 2019; CTC and attention: Zhang et al., 2020).
        init_cfg: mmengine's initialisation, if any.

    Raises:
        ConfigError: If a stage is missing its ``type``.
        CharsetError: If the charset does not exist.
    """

    def __init__(
        self,
        transformation: Mapping[str, Any] | None,
        feature_extraction: Mapping[str, Any],
        sequence_modeling: Mapping[str, Any] | None,
        prediction: Mapping[str, Any],
        charset: str | Mapping[str, str] | Charset = "94",
        data_preprocessor: Mapping[str, Any] | nn.Module | None = None,
        max_length: int = 25,
        auxiliary: Mapping[str, Any] | None = None,
        rescorer: Mapping[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(_build_preprocessor(data_preprocessor), init_cfg)
        self.charset = (
            Charset(charset["characters"])
            if isinstance(charset, Mapping)
            else Charset.load(charset)
        )
        self.max_length = max_length
        self.transformation = build_part(transformation or {"type": "NoTransformation"})
        self.feature_extraction = build_part(feature_extraction)
        self.sequence_modeling = build_part(
            sequence_modeling or {"type": "NoSequence"},
            in_channels=self.feature_extraction.out_channels,
        )
        shared = {
            "in_channels": self.sequence_modeling.out_channels,
            "charset": self.charset,
            "max_length": max_length,
        }
        self.prediction: Prediction = build_part(prediction, **shared)
        self.auxiliary, self.auxiliary_weight = self._build_second(auxiliary, shared)
        # What is rescored are words.
        words = {**shared, "charset": self.charset.without_space()}
        second, self.rescorer_weight = self._build_second(rescorer, words)
        self.rescorer = cast("TransformerPrediction | None", second)

    def _build_second(
        self, config: Mapping[str, Any] | None, shared: dict[str, Any]
    ) -> tuple[Prediction | None, float]:
        """A further prediction stage on the same frames, and the weight of its loss."""
        if config is None:
            return None, 0.0
        config = dict(config)
        weight = float(config.pop("weight", 1.0))
        stage: Prediction = build_part(config, **shared)
        stage.flatten_height = self.prediction.flatten_height
        return stage, weight

    def extract(self, inputs: Tensor, valid_ratios: Tensor | None = None) -> Tensor:
        """Visual features (N, C, h, w) of images (N, 3, H, W): the first two stages.

        Args:
            inputs: Normalised RGB images.
            valid_ratios: (N,) share of each width that is not padding; ``None``: no padding.
        """
        images = self.transformation(inputs)
        if valid_ratios is not None and getattr(self.feature_extraction, "masks_padding", False):
            return self.feature_extraction(images, valid_ratios)
        return self.feature_extraction(images)

    def model_sequence(self, visual: Tensor, mask: Tensor | None = None) -> Tensor:
        """Frames (N, T, C') of visual features (N, C, h, w): the third stage.

        The height is averaged (T = w), or flattened column by column (T = w·h) where the
        prediction stage asks for it, so that padding always comes last.
        """
        if self.prediction.flatten_height:
            frames = visual.permute(0, 3, 2, 1).flatten(1, 2)
        else:
            frames = visual.mean(2).transpose(1, 2)
        return self.sequence_modeling(frames, mask)

    def encode(self, inputs: Tensor, valid_ratios: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Visual features (N, C, h, w) and frames (N, T, C') of images (N, 3, H, W)."""
        visual = self.extract(inputs, valid_ratios)
        return visual, self.model_sequence(visual, self.frame_mask(visual, valid_ratios))

    def forward_with_frames(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, S, K) and frames (N, T, C') of images (N, 3, H, W) without padding."""
        visual, frames = self.encode(inputs)
        height = visual.shape[2] if self.prediction.flatten_height else 1
        return self.prediction(frames, None, height), frames

    def frame_mask(self, visual: Tensor, valid_ratios: Tensor | None) -> Tensor | None:
        """(N, T) bool, true for frames that show the crop; ``None`` if there is no padding."""
        if valid_ratios is None:
            return None
        mask = column_mask(valid_ratios.to(visual.device), visual.shape[3])
        if self.prediction.flatten_height:
            mask = mask.repeat_interleave(visual.shape[2], dim=1)
        return mask

    def forward(
        self,
        inputs: Tensor,
        data_samples: Sequence[TextRecSample] | None = None,
        mode: str = "tensor",
    ) -> Any:
        """Logits, losses or readings.

        Args:
            inputs: Normalised RGB images (N, 3, H, W).
            data_samples: N samples; needed by ``"loss"``. Their ``valid_ratio`` hides padding.
            mode: ``"tensor"``: logits (N, S, K); ``"loss"``: dict of fp32 scalars; ``"predict"``:
                the samples (new ones if none are given) with ``predicted_text``,
                ``character_scores`` and ``score``.
        """
        ratios = valid_ratios_of(data_samples)
        visual = self.extract(inputs, ratios)
        mask = self.frame_mask(visual, ratios)
        frames = self.model_sequence(visual, mask)
        height = visual.shape[2] if self.prediction.flatten_height else 1
        if mode == "loss":
            if data_samples is None:
                raise ConfigError("mode='loss' needs data_samples")
            return self.losses_of(frames, data_samples, mask, height)
        logits = self.prediction(frames, mask, height)
        if mode == "tensor":
            return logits
        if mode != "predict":
            raise ConfigError(f"mode must be 'tensor', 'loss' or 'predict', not {mode!r}")
        return with_readings(data_samples, self.prediction.decode(logits, mask))

    def losses_of(
        self,
        frames: Tensor,
        data_samples: Sequence[TextRecSample],
        mask: Tensor | None,
        height: int,
    ) -> dict[str, Tensor]:
        """Losses of the prediction stages on frames (N, T, C'), for methods that encode once."""
        losses = self.prediction.loss(frames, data_samples, mask, height)
        return {**losses, **self.auxiliary_losses(frames, data_samples, mask, height)}

    def auxiliary_losses(
        self,
        frames: Tensor,
        data_samples: Sequence[TextRecSample],
        mask: Tensor | None,
        height: int,
    ) -> dict[str, Tensor]:
        """Weighted losses of the stages that train along; none if there is no such."""
        losses: dict[str, Tensor] = {}
        for kind, stage, weight in (
            ("auxiliary", self.auxiliary, self.auxiliary_weight),
            ("rescorer", self.rescorer, self.rescorer_weight),
        ):
            if stage is not None:
                own = stage.loss(frames, data_samples, mask, height)
                losses.update({f"{name}_{kind}": value * weight for name, value in own.items()})
        return losses

    def drop_auxiliary(self) -> None:
        """Remove the stage that only guides training."""
        self.auxiliary = None
        self.auxiliary_weight = 0.0

    def charset_parameters(self) -> dict[str, int]:
        """Names of all parameters whose size follows the charset, and the dimension that does."""
        return {
            f"{prefix}.{name}": dim
            for prefix, stage in self._charset_stages()
            for name, dim in stage.charset_parameters().items()
        }

    def remap_charset(
        self, state_dict: Mapping[str, Tensor], old_charset: Charset
    ) -> tuple[dict[str, Tensor], list[str]]:
        """Fit a recognizer's weights trained with another charset to this one's.

        Args:
            state_dict: Weights of a whole recognizer.
            old_charset: The charset that they were trained with.

        Returns:
            The weights for this recognizer, and the characters that are new to them.
        """
        remapped = dict(state_dict)
        new_characters: list[str] = []
        for prefix, stage in self._charset_stages():
            start = f"{prefix}."
            own = {k[len(start) :]: v for k, v in remapped.items() if k.startswith(start)}
            old = old_charset.without_space() if prefix == "rescorer" else old_charset
            fitted, new = stage.remap_charset(own, old)
            new_characters += [each for each in new if each not in new_characters]
            remapped.update({start + k: v for k, v in fitted.items()})
        return remapped, new_characters

    def _charset_stages(self) -> list[tuple[str, Prediction]]:
        stages = {
            "prediction": self.prediction,
            "auxiliary": self.auxiliary,
            "rescorer": self.rescorer,
        }
        return [(name, stage) for name, stage in stages.items() if stage is not None]


def with_readings(
    data_samples: Sequence[TextRecSample] | None, readings: Sequence[Decoded]
) -> list[TextRecSample]:
    """The samples, or new ones, with ``predicted_text``, ``character_scores`` and ``score``."""
    samples = list(data_samples or (TextRecSample() for _ in readings))
    for sample, reading in zip(samples, readings, strict=True):
        sample.predicted_text = reading.text
        sample.character_scores = reading.character_scores
        sample.score = reading.score
    return samples


def valid_ratios_of(data_samples: Sequence[TextRecSample] | None) -> Tensor | None:
    """(N,) share of each width that is not padding; ``None`` if there is no padding."""
    if not data_samples or all(sample.valid_ratio >= 1.0 for sample in data_samples):
        return None
    return torch.tensor([sample.valid_ratio for sample in data_samples], dtype=torch.float32)


def _build_preprocessor(config: Mapping[str, Any] | nn.Module | None) -> nn.Module | None:
    if config is None or isinstance(config, nn.Module):
        return config
    importlib.import_module("spotter.data.preprocessor")
    return MODELS.build(dict(config))
