"""DBNet and DBNet++: backbone, pyramid, differentiable-binarization head, post-processing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmengine.model import BaseModel
from torch import Tensor

from spotter.errors import ConfigError
from spotter.models.building import build_part
from spotter.models.widening import widen_state
from spotter.registry import MODELS
from spotter.structures import TextDetSample


@MODELS.register_module()
class DBNet(BaseModel):
    """Segmentation-based text detector (Liao et al., AAAI 2020; DBNet++, TPAMI 2022).

    Args:
        backbone: Config of a backbone that gives maps of strides 4, 8, 16 and 32.
        neck: Config of a neck that joins them at stride 4.
        head: Config of the head with its loss.
        postprocessor: Config of the step from map to words.
        data_preprocessor: Config of normalisation and padding.
        init_cfg: mmengine's initialisation, if any.

    Raises:
        ConfigError: A part's config has no ``type``.
    """

    def __init__(
        self,
        backbone: Mapping[str, Any],
        neck: Mapping[str, Any],
        head: Mapping[str, Any],
        postprocessor: Mapping[str, Any] | None = None,
        data_preprocessor: Mapping[str, Any] | None = None,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(build_part(data_preprocessor or {"type": "DetDataPreprocessor"}), init_cfg)
        self.backbone = build_part(backbone)
        self.neck = build_part(neck, in_channels=self.backbone.out_channels)
        self.head = build_part(head, in_channels=self.neck.out_channels)
        self.postprocessor = build_part(postprocessor or {"type": "DBPostprocessor"})

    def forward(
        self,
        inputs: Tensor,
        data_samples: list[TextDetSample] | Mapping[str, Tensor] | None = None,
        mode: str = "tensor",
    ) -> Tensor | dict[str, Tensor] | list[TextDetSample]:
        """Run the detector on normalised images.

        Args:
            inputs: (N, 3, H, W) float RGB, H and W multiples of 32.
            data_samples: Targets for ``"loss"``, also as maps (N, H, W) by name; geometry for
                ``"predict"``.
            mode: ``"tensor"`` gives the probability map (N, 1, H, W); ``"loss"`` a dict of
                scalars; ``"predict"`` the samples with ``predictions`` in photo pixels.

        Raises:
            ConfigError: The mode is unknown, or it needs ``data_samples`` and there are none.
        """
        features = self.neck(self.backbone(inputs))
        if mode == "tensor":
            return self.head(features)
        if mode not in ("loss", "predict"):
            raise ConfigError(f'mode must be "tensor", "loss" or "predict", not "{mode}"')
        if data_samples is None:
            raise ConfigError(f'mode "{mode}" needs data_samples')
        if mode == "loss":
            return self.head.loss(features, data_samples)
        if isinstance(data_samples, Mapping):
            raise ConfigError('mode "predict" needs samples, not maps')
        return self._predict(self.head(features), data_samples)

    def widen(self, state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
        """Tensors of a narrower detector in the shapes of this one, which then gives its map.

        Adaptive scale fusion, which takes means over channels, keeps its tensors as they are.

        Returns:
            The tensors, and the names of those that were widened.
        """
        levels = len(self.neck.lateral)
        parts = {f"head.{branch}.0.weight": levels for branch in ("probability", "threshold")}
        return (dict(state), []) if self.neck.asf else widen_state(state, self, parts)

    def _predict(self, maps: Tensor, data_samples: list[TextDetSample]) -> list[TextDetSample]:
        for probability, sample in zip(
            maps[:, 0].detach().float().cpu().numpy(), data_samples, strict=True
        ):
            height, width = sample.input_shape
            sample.predictions = self.postprocessor(
                probability[:height, :width], sample.scale, sample.original_shape
            )
        return data_samples
