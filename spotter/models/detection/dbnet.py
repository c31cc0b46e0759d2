"""DBNet and DBNet++: backbone, pyramid, differentiable-binarization head, post-processing."""

from __future__ import annotations

from collections.abc import Mapping

from mmengine.model import BaseModel
from torch import Tensor

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
    """

    def __init__(
        self,
        backbone: dict,
        neck: dict,
        head: dict,
        postprocessor: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | list | None = None,
    ) -> None:
        super().__init__(
            MODELS.build(data_preprocessor or {"type": "DetDataPreprocessor"}), init_cfg
        )
        self.backbone = MODELS.build(backbone)
        self.neck = MODELS.build({"in_channels": self.backbone.out_channels, **neck})
        self.head = MODELS.build({"in_channels": self.neck.out_channels, **head})
        self.postprocessor = MODELS.build(postprocessor or {"type": "DBPostprocessor"})

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
        """
        features = self.neck(self.backbone(inputs))
        if mode == "tensor":
            return self.head(features)
        if mode not in ("loss", "predict"):
            raise ValueError(f'mode must be "tensor", "loss" or "predict", not "{mode}"')
        if data_samples is None:
            raise ValueError(f'mode "{mode}" needs data_samples')
        if mode == "loss":
            return self.head.loss(features, data_samples)
        if isinstance(data_samples, Mapping):
            raise ValueError('mode "predict" needs samples, not maps')
        return self._predict(self.head(features), data_samples)

    def _predict(self, maps: Tensor, data_samples: list[TextDetSample]) -> list[TextDetSample]:
        for probability, sample in zip(
            maps[:, 0].detach().float().cpu().numpy(), data_samples, strict=True
        ):
            height, width = sample.input_shape
            sample.predictions = self.postprocessor(
                probability[:height, :width], sample.scale, sample.original_shape
            )
        return data_samples
