"""ResNet's weights without a network."""

from __future__ import annotations

from typing import Any
from urllib.error import URLError

import pytest
import torchvision

from spotter.errors import ConfigError
from spotter.models.detection.backbones.resnet import ResNet


def test_weights_that_cannot_be_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(name: str, **_: Any) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr(torchvision.models, "get_model", offline)
    with pytest.raises(ConfigError, match="resnet18 cannot be downloaded") as caught:
        ResNet(18, pretrained=True)
    assert "model.backbone.pretrained=False" in str(caught.value)
    with pytest.raises(ConfigError, match="depth must be one of"):
        ResNet(34)
