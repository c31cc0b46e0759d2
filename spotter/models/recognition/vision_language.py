"""A recognizer whose readings a language model corrects iteratively."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from mmengine.model import BaseModel
from torch import Tensor, nn

from spotter.charset import Charset
from spotter.errors import ConfigError
from spotter.models.language.base import places, remap_parameters, word_lengths
from spotter.models.recognition.four_stage import valid_ratios_of, with_readings
from spotter.models.recognition.prediction.base import Decoded, no_loss, read_until_end
from spotter.models.recognition.prediction.parallel import ParallelPrediction
from spotter.registry import MODELS
from spotter.structures import TextRecSample

MODALITIES = ("vision", "language", "fusion")


class VisionLanguageOutput(NamedTuple):
    """Logits (N, S, K) of all modalities.

    Attributes:
        vision: Of the vision model.
        language: Of the language model, one entry per round.
        fusion: Of the fusion, one entry per round; the last gives the reading.
        features: Vectors (N, S, C) behind the last entry of ``fusion``.
    """

    vision: Tensor
    language: list[Tensor]
    fusion: list[Tensor]
    features: Tensor | None = None

    def of(self, modality: str) -> list[Tensor]:
        """The logits of a modality, by round."""
        return [self.vision] if modality == "vision" else getattr(self, modality)

    def detached(self) -> VisionLanguageOutput:
        """The same without gradients."""
        return VisionLanguageOutput(
            self.vision.detach(),
            [logits.detach() for logits in self.language],
            [logits.detach() for logits in self.fusion],
        )


@MODELS.register_module()
class VisionLanguageRecognizer(BaseModel):
    """Vision, language and fusion models, with iterative correction (ABINet).

    Each round gives the language model the distributions of the round before, vision's in the first
    one, without gradients, so that the language model only learns to correct. Same contract as
    :class:`FourStageRecognizer`.

    Args:
        vision: Config of a recognizer whose prediction stage is a :class:`ParallelPrediction`.
        language: Config of a :class:`spotter.models.language.base.LanguageModel`; charset and
            longest word are those of the vision model.
        fusion: Config of the fusion.
        rounds: How often the language model is asked, at least 1; fixed in an exported graph.
        vision_weight: Of the vision model's loss.
        language_weight: Of the language model's, mean over rounds.
        fusion_weight: Of the fusion's, mean over rounds.
        charset: Character set instead of the one in the vision model's config.
        data_preprocessor: Config of the preprocessor; default: the vision model's.
        init_cfg: mmengine's initialisation, if any.

    Raises:
        ConfigError: Fewer than one round, or a vision model without a parallel decoder.
    """

    def __init__(
        self,
        vision: Mapping[str, Any] | nn.Module,
        language: Mapping[str, Any] | nn.Module,
        fusion: Mapping[str, Any] | None = None,
        rounds: int = 3,
        vision_weight: float = 1.0,
        language_weight: float = 1.0,
        fusion_weight: float = 1.0,
        charset: str | Mapping[str, str] | Charset | None = None,
        data_preprocessor: Mapping[str, Any] | nn.Module | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        if rounds < 1:
            raise ConfigError(f"rounds must be at least 1, not {rounds}")
        seeing: Any = vision
        if isinstance(vision, Mapping):
            own = {} if charset is None else {"charset": charset}
            seeing = MODELS.build({**vision, **own})
        if not isinstance(getattr(seeing, "prediction", None), ParallelPrediction):
            raise ConfigError(
                "the vision model needs a parallel decoder:"
                " prediction=dict(type='ParallelPrediction')"
            )
        # An auxiliary stage only guides the separate training of the vision model.
        seeing.drop_auxiliary()
        preprocessor: Any = data_preprocessor
        super().__init__(preprocessor or seeing.data_preprocessor, init_cfg)
        self.rounds = rounds
        self.weights = dict(
            zip(MODALITIES, (vision_weight, language_weight, fusion_weight), strict=True)
        )
        self.vision: Any = seeing
        shared = {"charset": seeing.charset, "max_length": seeing.max_length}
        self.language: Any = (
            MODELS.build({**language, **shared}) if isinstance(language, Mapping) else language
        )
        self.fusion: Any = MODELS.build(
            {
                "type": "GatedFusion",
                "vision_channels": seeing.prediction.in_channels,
                "language_channels": self.language.channels,
                "num_classes": seeing.prediction.token_map.num_classes,
                **(fusion or {}),
            }
        )

    @property
    def charset(self) -> Charset:
        """The character set that all models share."""
        return self.vision.charset

    @property
    def max_length(self) -> int:
        """Longest word, in characters."""
        return self.vision.max_length

    @property
    def prediction(self) -> ParallelPrediction:
        """The prediction stage of the vision model."""
        return self.vision.prediction

    def begin_as_vision(self, bias: float) -> None:
        """Let fusion begin with vision's readings, see :meth:`GatedFusion.start_from`."""
        self.fusion.start_from(self.prediction.classifier, bias)

    def read(
        self, inputs: Tensor, data_samples: Sequence[TextRecSample] | None = None
    ) -> VisionLanguageOutput:
        """Logits of all modalities and rounds.

        Args:
            inputs: Normalised RGB images (N, 3, H, W).
            data_samples: N samples, whose ``valid_ratio`` hides padding.
        """
        ratios = valid_ratios_of(data_samples)
        visual = self.vision.extract(inputs, ratios)
        mask = self.vision.frame_mask(visual, ratios)
        frames = self.vision.model_sequence(visual, mask)
        return self.read_frames(frames, mask, visual.shape[2])

    def read_frames(
        self, frames: Tensor, mask: Tensor | None = None, height: int = 1
    ) -> VisionLanguageOutput:
        """Logits of all modalities and rounds, from frames that are encoded already.

        Args:
            frames: (N, T, C) of the vision model's third stage.
            mask: (N, T) bool, true where a frame shows the crop; ``None``: everywhere.
            height: Rows of the feature map that the frames were flattened from.
        """
        height = height if self.prediction.flatten_height else 1
        seen, _ = self.prediction.glimpses(frames, mask, height)
        vision = self.prediction.classifier(self.prediction.dropout(seen))
        language, fusion = [], []
        previous, fused = vision, seen
        for _ in range(self.rounds):
            words = previous.detach().float().softmax(-1)
            likely = self.language(words.to(seen.dtype), word_lengths(words))
            fused, previous = self.fusion(seen, likely.features)
            language.append(likely.logits)
            fusion.append(previous)
        return VisionLanguageOutput(vision, language, fusion, fused)

    def forward(
        self,
        inputs: Tensor,
        data_samples: Sequence[TextRecSample] | None = None,
        mode: str = "tensor",
    ) -> Any:
        """Logits of the last round's fusion, losses or readings.

        Args:
            inputs: Normalised RGB images (N, 3, H, W).
            data_samples: N samples; needed by ``"loss"``.
            mode: As of :class:`FourStageRecognizer`.
        """
        output = self.read(inputs, data_samples)
        if mode == "loss":
            if data_samples is None:
                raise ConfigError("mode='loss' needs data_samples")
            return self.losses_of(output, data_samples)
        logits = output.fusion[-1]
        if mode == "tensor":
            return logits
        if mode != "predict":
            raise ConfigError(f"mode must be 'tensor', 'loss' or 'predict', not {mode!r}")
        return with_readings(data_samples, self.decode(logits))

    def losses_of(
        self, output: VisionLanguageOutput, data_samples: Sequence[TextRecSample]
    ) -> dict[str, Tensor]:
        """``loss_vision``, ``loss_language``, ``loss_fusion``: cross-entropy per character and end.

        Samples without a label add nothing; without any label the losses are zeros.
        """
        indices, texts = self.prediction.labelled(data_samples, self.max_length)
        if not texts:
            zero = no_loss(self, output.vision)
            return {f"loss_{modality}": zero for modality in MODALITIES}
        targets, lengths = self.prediction.token_map.encode(texts, self.max_length + 1)
        counted = places(lengths, self.max_length + 1).to(output.vision.device)
        wanted = targets.to(output.vision.device)[counted]
        losses = {}
        for modality in MODALITIES:
            rounds = [
                F.cross_entropy(logits[indices][counted].float(), wanted)
                for logits in output.of(modality)
            ]
            losses[f"loss_{modality}"] = self.weights[modality] * torch.stack(rounds).mean()
        return losses

    @torch.no_grad()
    def decode(self, logits: Tensor, mask: Tensor | None = None) -> list[Decoded]:
        """Readings of logits (N, S, K), each up to its first null."""
        return read_until_end(self.prediction.token_map, logits)

    def charset_parameters(self) -> dict[str, int]:
        """Names of all parameters whose size follows the charset, and the dimension that does."""
        parts = {
            "vision": self.vision.charset_parameters(),
            "language": self.language.charset_parameters(),
            "fusion": {"classifier.weight": 0, "classifier.bias": 0},
        }
        return {
            f"{part}.{name}": dim for part, names in parts.items() for name, dim in names.items()
        }

    def remap_charset(
        self, state_dict: Mapping[str, Tensor], old_charset: Charset
    ) -> tuple[dict[str, Tensor], list[str]]:
        """Weights of another charset fitted to this one's, and the characters that are new."""
        return remap_parameters(self, state_dict, old_charset)
