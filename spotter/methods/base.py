"""What all methods share: a recognizer from config, its losses on several views of the crops."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import torch
import torch.nn.functional as F
from mmengine.logging import MessageHub
from mmengine.model import BaseModel
from torch import Tensor, nn

from spotter.charset import Charset
from spotter.errors import ConfigError
from spotter.methods.recognizers import Recognizer, check_recognizer, encoder_of
from spotter.models.recognition.four_stage import FourStageRecognizer, valid_ratios_of
from spotter.registry import MODELS
from spotter.structures import TextRecSample

Views = Mapping[str, Tensor]
"""Images (N, 3, H, W) of each branch, as the data preprocessor gives them."""

Samples = Mapping[str, Sequence[TextRecSample]]
"""Data samples of each branch."""


class Method(BaseModel):
    """Trains the recognizer that it wraps; predicts with the bare recognizer.

    In training a batch is a dict of branches (:class:`spotter.data.transforms.MultiBranch`);
    in validation it is an ordinary batch, which goes to the recognizer as it is. What is saved for
    use (``best.safetensors``) is the part named by ``deployable``: heads, queues and target
    networks stay in the checkpoints of the run.

    Args:
        recognizer: Config of the recognizer, with its data preprocessor.
        init_cfg: mmengine's initialisation, if any.

    Attributes:
        recognizer: The recognizer that is trained.
        deployable: Name of the submodule, and of its config, that is used after training.
        branches: Names of the branches that :meth:`loss` reads.

    Raises:
        ConfigError: What is wrapped is no recognizer.
    """

    recognizer: Recognizer
    deployable = "recognizer"
    branches: tuple[str, ...] = ()

    def __init__(
        self, recognizer: Mapping[str, Any] | nn.Module, init_cfg: dict[str, Any] | None = None
    ) -> None:
        built: Any = recognizer
        if isinstance(recognizer, Mapping):
            built = MODELS.build(dict(recognizer))
        check_recognizer(built, type(self).__name__)
        super().__init__(built.data_preprocessor, init_cfg)
        self.recognizer = built

    @property
    def charset(self) -> Charset:
        """The recognizer's character set."""
        return self.recognizer.charset

    @property
    def network(self) -> nn.Module:
        """The recognizer, as the module that it is."""
        return cast(nn.Module, self.recognizer)

    def forward(
        self,
        inputs: Any,
        data_samples: Any = None,
        mode: str = "tensor",
    ) -> Any:
        """Losses of a batch of branches, or the output of the recognizer for a plain batch.

        Args:
            inputs: For ``"loss"`` a dict of branches, each (N, 3, H, W); otherwise (N, 3, H, W).
            data_samples: Lists of :class:`TextRecSample` in the same structure.
            mode: ``"loss"``, or ``"predict"`` and ``"tensor"`` of the recognizer.

        Raises:
            ConfigError: The batch lacks a branch that the method needs.
        """
        if mode != "loss":
            return self.recognizer(inputs, data_samples, mode)
        self._check_branches(inputs)
        return self.loss(inputs, data_samples or {})

    @abstractmethod
    def loss(self, inputs: Views, data_samples: Samples) -> dict[str, Tensor]:
        """Scalars: those with ``loss`` in their name are summed and trained, others are logged."""

    def _check_branches(self, inputs: Any) -> None:
        if not isinstance(inputs, Mapping):
            raise ConfigError(
                f"{type(self).__name__} trains on branches {', '.join(self.branches)}:"
                " use the transform MultiBranch"
            )
        missing = [name for name in self.branches if name not in inputs]
        if missing:
            raise ConfigError(
                f"{type(self).__name__}: the batch has no branch {', '.join(missing)}, only"
                f" {', '.join(inputs) or 'none'}; check MultiBranch and the sampler's ratios"
            )


def join_views(
    inputs: Views, data_samples: Samples, names: Sequence[str]
) -> tuple[Tensor, list[TextRecSample]]:
    """Several views as one batch, so that they are encoded together.

    Views of different widths are padded on the right to the widest, as the data preprocessor does
    within a view, and the samples' ``valid_ratio`` is lowered to match.

    Args:
        inputs: Branches, each (N, 3, H, W) with its own N and W.
        data_samples: Their samples; a branch may be missing.
        names: The branches to join, in order.

    Returns:
        Images of all views, and their samples.
    """
    width = max(inputs[name].shape[3] for name in names)
    images, joined = [], []
    for name in names:
        view = inputs[name]
        samples = list(data_samples.get(name) or (TextRecSample() for _ in range(len(view))))
        if view.shape[3] < width:
            share = view.shape[3] / width
            view = F.pad(view, (0, width - view.shape[3]))
            samples = [replace(s, valid_ratio=s.valid_ratio * share) for s in samples]
        images.append(view)
        joined += samples
    return torch.cat(images), joined


def encode_frames(
    recognizer: Any,
    images: Tensor,
    data_samples: Sequence[TextRecSample] | None,
    stage: str = "sequence",
) -> tuple[Tensor, Tensor | None]:
    """Frames (N, T, C) of a recognizer's encoder, and their mask.

    Args:
        recognizer: Any recognizer, see :func:`encoder_of`.
        images: (N, 3, H, W).
        data_samples: N samples, whose ``valid_ratio`` says where padding begins; or ``None``.
        stage: ``"sequence"``: stages 1 to 3; ``"visual"``: stages 1 and 2, their height averaged
            or flattened as the third stage would have it.

    Returns:
        Frames, and (N, T) bool that is true where a frame shows the crop (``None``: everywhere).
    """
    encoder, ratios = encoder_of(recognizer), valid_ratios_of(data_samples)
    visual = encoder.extract(images, ratios)
    mask = encoder.frame_mask(visual, ratios)
    if stage == "sequence":
        return encoder.model_sequence(visual, mask), mask
    return visual_frames(encoder, visual), mask


def visual_frames(encoder: FourStageRecognizer, visual: Tensor) -> Tensor:
    """Frames (N, T, C) of visual features (N, C, h, w), as the third stage receives them."""
    if encoder.prediction.flatten_height:
        return visual.permute(0, 3, 2, 1).flatten(1, 2)
    return visual.mean(2).transpose(1, 2)


def encoder_channels(recognizer: Any, stage: str) -> int:
    """C of the frames of :func:`encode_frames`.

    Raises:
        ConfigError: ``stage`` is neither ``"sequence"`` nor ``"visual"``.
    """
    if stage not in ("sequence", "visual"):
        raise ConfigError(f"stage must be 'sequence' or 'visual', not {stage!r}")
    encoder = encoder_of(recognizer)
    part = encoder.sequence_modeling if stage == "sequence" else encoder.feature_extraction
    return part.out_channels


def freeze_decoder(recognizer: Any, stage: str = "sequence") -> None:
    """Take what lies behind the encoder out of training.

    Distributed training waits for the gradient of every parameter with ``requires_grad``.

    Args:
        recognizer: Any recognizer, see :func:`encoder_of`.
        stage: Last stage of the encoder, see :func:`encode_frames`.
    """
    encoder = encoder_of(recognizer)
    freeze(encoder.prediction, encoder.auxiliary, encoder.rescorer)
    freeze(*(getattr(recognizer, name, None) for name in ("language", "fusion")))
    if stage == "visual":
        freeze(encoder.sequence_modeling)


def freeze(*modules: nn.Module | None) -> None:
    """Take the parameters of modules out of training; ``None`` is passed over."""
    for module in modules:
        if module is not None:
            module.requires_grad_(False)


def run_progress() -> float:
    """Finished share of the training run, in [0, 1]; 0 outside of one."""
    total = run_length()
    done = MessageHub.get_current_instance().runtime_info.get("iter", 0)
    return min(done / total, 1.0) if total else 0.0


def run_length() -> int:
    """Iterations of the training run; 0 outside of one."""
    return int(MessageHub.get_current_instance().runtime_info.get("max_iters") or 0)
