"""Decoder evaluation: a new decoder is trained on a frozen encoder (SeqCLR, section 4.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from spotter.errors import ConfigError
from spotter.methods.base import Method, encode_frames, freeze
from spotter.methods.recognizers import encoder_of, losses_of_frames
from spotter.registry import MODELS
from spotter.structures import TextRecSample

ENCODER = ("transformation", "feature_extraction", "sequence_modeling")
"""Names of the stages in front of the decoder."""


@MODELS.register_module()
class DecoderEvaluation(Method):
    """Trains the recognizer's decoder on plain labelled batches, and nothing else.

    The frozen stages are in evaluation mode also in training, so that running statistics and
    dropout are frozen with the weights. ``load_from`` of the run fills the encoder:
    ``dict(path=..., prefixes=["transformation.", "feature_extraction.", "sequence_modeling."])``
    leaves the decoder at its random start.

    Args:
        recognizer: Config of the recognizer, with the decoder to train.
        frozen: Names of the frozen stages.
        remember_frames: Encode every training crop once only and keep its frames (T, C) in memory,
            by the crop's ``img_path``. For pipelines that give a crop the same pixels each time, at
            one width: then an iteration costs what the decoder costs. The first two stages must be
            frozen; a third one that learns belongs to the decoder.
        init_cfg: mmengine's initialisation, if any.

    Raises:
        ConfigError: The recognizer has no such stage; or frames are to be remembered, and a stage
            of the encoder learns or (in training) a crop has no path or is padded.
    """

    def __init__(
        self,
        recognizer: Mapping[str, Any] | nn.Module,
        frozen: Sequence[str] = ENCODER,
        remember_frames: bool = False,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(recognizer, init_cfg)
        stages = dict(encoder_of(self.recognizer).named_children())
        unknown = [name for name in frozen if name not in stages]
        if unknown:
            raise ConfigError(
                f"DecoderEvaluation: no stage {', '.join(unknown)}; there are {', '.join(stages)}"
            )
        if remember_frames and set(ENCODER[:2]) - set(frozen):
            raise ConfigError("DecoderEvaluation: only a frozen encoder's frames can be remembered")
        self.stage = "sequence" if ENCODER[2] in frozen else "visual"
        self.frozen = tuple(frozen)
        self.frames: dict[str, Tensor] | None = {} if remember_frames else None
        freeze(*(stages[name] for name in frozen))

    def check_loaded(self, missing: Sequence[str]) -> None:
        """Refuse to evaluate a stage that is frozen at its random start.

        Args:
            missing: Names in the recognizer that no file has filled.

        Raises:
            ConfigError: One of them is of a frozen stage.
        """
        random = [stage for stage in self.frozen if any(f"{stage}." in name for name in missing)]
        if random:
            raise ConfigError(
                f"DecoderEvaluation: the weights have no {', '.join(random)}, which is frozen; take"
                " it out of model.frozen, or build it as the recipe of the weights does"
            )

    def train(self, mode: bool = True) -> DecoderEvaluation:
        """Set the mode of all but the frozen stages."""
        super().train(mode)
        for name in self.frozen:
            encoder_of(self.recognizer).get_submodule(name).eval()
        return self

    def forward(self, inputs: Any, data_samples: Any = None, mode: str = "tensor") -> Any:
        """As the recognizer's: a batch has no branches here."""
        if mode == "loss":
            return self.loss(inputs, data_samples)
        return self.recognizer(inputs, data_samples, mode)

    def loss(self, inputs: Any, data_samples: Any) -> dict[str, Tensor]:
        """The recognizer's losses on images (N, 3, H, W) and their samples."""
        if self.frames is None:
            return self.recognizer(inputs, data_samples, "loss")
        height, encoder = 1, encoder_of(self.recognizer)
        if encoder.prediction.flatten_height:
            height = encoder.extract(inputs[:1]).shape[2]
        frames = self._remembered(inputs, data_samples)
        return losses_of_frames(self.recognizer, frames, data_samples, None, height)

    def _remembered(self, images: Tensor, samples: Sequence[TextRecSample]) -> Tensor:
        """Frames (N, T, C'), encoded now where they have not been before."""
        assert self.frames is not None
        paths = [sample.img_path or "" for sample in samples]
        if "" in paths or any(sample.valid_ratio < 1.0 for sample in samples):
            raise ConfigError("remember_frames needs crops with a path each, and without padding")
        new = [number for number, path in enumerate(paths) if path not in self.frames]
        if new:
            encoded, _ = encode_frames(self.recognizer, images[new], None, self.stage)
            for number, frames in zip(new, encoded.detach(), strict=True):
                self.frames[paths[number]] = frames
        remembered = torch.stack([self.frames[path] for path in paths])
        if self.stage == "visual":
            return encoder_of(self.recognizer).sequence_modeling(remembered)
        return remembered
