"""What methods need of the recognizers that they train."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from torch import Tensor, nn

from spotter.charset import Charset
from spotter.errors import ConfigError
from spotter.models.recognition.four_stage import FourStageRecognizer
from spotter.models.recognition.prediction.base import Prediction
from spotter.models.recognition.vision_language import VisionLanguageRecognizer
from spotter.structures import TextRecSample


class Recognizer(Protocol):
    """A recognizer as every method sees it; an ``nn.Module`` besides.

    Attributes:
        charset: Its character set.
        max_length: Longest word, in characters.
        prediction: Its prediction stage.
    """

    @property
    def charset(self) -> Charset: ...

    @property
    def max_length(self) -> int: ...

    @property
    def prediction(self) -> Prediction: ...

    def __call__(
        self,
        inputs: Tensor,
        data_samples: Sequence[TextRecSample] | None = None,
        mode: str = "tensor",
    ) -> Any:
        """Logits, losses or readings of images (N, 3, H, W)."""


def check_recognizer(model: nn.Module, method: str) -> None:
    """Refuse what is no recognizer.

    Args:
        model: What a method is given.
        method: Its name, for the error.

    Raises:
        ConfigError: The model lacks what :class:`Recognizer` has.
    """
    if not all(hasattr(model, name) for name in ("charset", "max_length", "prediction")):
        raise ConfigError(
            f"{method} trains a recognizer, a FourStageRecognizer or a VisionLanguageRecognizer;"
            f" {type(model).__name__} is none"
        )


def encoder_of(recognizer: Any) -> FourStageRecognizer:
    """The recognizer whose first three stages encode the crops.

    That of a :class:`VisionLanguageRecognizer` is its vision model.

    Raises:
        ConfigError: There is none.
    """
    encoder = recognizer
    if isinstance(recognizer, VisionLanguageRecognizer):
        encoder = recognizer.vision
    if not isinstance(encoder, FourStageRecognizer):
        raise ConfigError(
            f"{type(encoder).__name__} has no encoder of three stages: use a FourStageRecognizer"
        )
    return encoder


def losses_of_frames(
    recognizer: Any,
    frames: Tensor,
    data_samples: Sequence[TextRecSample],
    mask: Tensor | None,
    height: int,
) -> dict[str, Tensor]:
    """A recognizer's supervised losses on frames that are encoded already.

    Args:
        recognizer: The recognizer.
        frames: (N, T, C) of its third stage.
        data_samples: N samples.
        mask: (N, T) bool, true where a frame shows the crop; ``None``: everywhere.
        height: Rows of the feature map if the frames are flattened, else 1.
    """
    if isinstance(recognizer, VisionLanguageRecognizer):
        return recognizer.losses_of(recognizer.read_frames(frames, mask, height), data_samples)
    return recognizer.losses_of(frames, data_samples, mask, height)
