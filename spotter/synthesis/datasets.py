"""Synthetic samples as datasets: drawn when asked for, never stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
from mmengine.dataset import Compose
from torch.utils.data import Dataset

from spotter.errors import ConfigError
from spotter.registry import DATASETS, TRANSFORMS
from spotter.synthesis.fonts import FontBank
from spotter.synthesis.pages import PageSynthesizer
from spotter.synthesis.scenes import SceneSynthesizer
from spotter.synthesis.text import PRINTABLE, TextSource, open_text_source
from spotter.synthesis.words import WordSynthesizer

_MAX_REDRAWS = 50


def _listed(paths: str | Sequence[str] | None) -> list[str] | None:
    return [paths] if isinstance(paths, str) else None if paths is None else list(paths)


class SyntheticDataset(Dataset):
    """An endless source with the interface of a finite dataset.

    Sample ``i`` depends on ``(seed, i)`` alone, whichever process draws it. A training that must
    never see a sample twice takes a ``length`` beyond its number of draws.

    Args:
        length: Number of samples per epoch.
        pipeline: Transforms or their configs, in order.
        fonts: Font files or folders; default: the system's.
        words: Files or folders of words, see :func:`open_text_source`; default: our short list.
        backgrounds: Photos or folders of them; default: painted surfaces.
        charset: Characters that labels may hold.
        seed: First part of every sample's seed.
        preload: Measure the fonts and decode the photos now, so that forked loader workers share
            them; takes some seconds per thousand files.
        name: Name of the source, given to every sample as ``source``.

    Raises:
        ConfigError: A source holds nothing usable, or fifty samples in a row were refused by the
            pipeline.
    """

    def __init__(
        self,
        length: int = 1_000_000,
        pipeline: Sequence[Any] = (),
        fonts: str | Sequence[str] | None = None,
        words: str | Sequence[str] | None = None,
        backgrounds: str | Sequence[str] | None = None,
        charset: str = PRINTABLE,
        seed: int = 0,
        preload: bool = False,
        name: str = "",
    ) -> None:
        if length < 1:
            raise ConfigError(f"length {length} of a synthetic dataset is not positive")
        self.length = length
        self.name = name
        self.pipeline = Compose(
            [TRANSFORMS.build(step) if isinstance(step, Mapping) else step for step in pipeline]
        )
        self.synthesizer = self._build(
            FontBank(_listed(fonts)),
            open_text_source(_listed(words), charset),
            _listed(backgrounds),
            seed,
        )
        if preload:
            self.synthesizer.fonts.preload()
            self.synthesizer.backgrounds.preload()

    def _build(
        self, fonts: FontBank, source: TextSource, backgrounds: list[str] | None, seed: int
    ) -> Any:
        raise NotImplementedError

    @property
    def metainfo(self) -> dict[str, Any]:
        """What mmengine's evaluators ask a dataset for."""
        return {"name": self.name}

    def __len__(self) -> int:
        return self.length

    def sample(self, index: int) -> dict[str, Any]:
        """The canonical sample before the pipeline, the caller's to modify."""
        raise NotImplementedError

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < self.length:
            raise IndexError(f"index {index} of a dataset of {self.length} samples")
        # The arrays are small: handing rows to threads costs more than it saves.
        cv2.setNumThreads(1)
        for attempt in range(_MAX_REDRAWS):
            packed = self.pipeline(self.sample(index + attempt * self.length))
            if packed is not None:
                return packed
        raise ConfigError(f"the pipeline refused {_MAX_REDRAWS} samples in a row")


@DATASETS.register_module()
class SyntheticWordDataset(SyntheticDataset):
    """Word crops: ``img``, ``img_shape``, ``ori_shape`` and ``text`` go into the pipeline.

    Arguments are those of :class:`SyntheticDataset`.
    """

    def _build(
        self, fonts: FontBank, source: TextSource, backgrounds: list[str] | None, seed: int
    ) -> WordSynthesizer:
        return WordSynthesizer(fonts, source, backgrounds, seed)

    def sample(self, index: int) -> dict[str, Any]:
        """``{"img", "img_shape", "ori_shape", "text", "source"}``."""
        image, text = self.synthesizer.sample(index)
        shape = image.shape[:2]
        return {
            "img": image,
            "img_shape": shape,
            "ori_shape": shape,
            "text": text,
            "source": self.name,
        }


@DATASETS.register_module()
class SyntheticSceneDataset(SyntheticDataset):
    """Photos of many words: ``img``, ``img_shape``, ``ori_shape`` and ``instances``.

    Args:
        size: Height and width of a scene in pixels.
        curved: Share of blocks that are words along circles, arcs and waves.
        **kwargs: Those of :class:`SyntheticDataset`.
    """

    def __init__(
        self, size: Sequence[int] = (640, 640), curved: float = 0.0, **kwargs: Any
    ) -> None:
        self.size = (int(size[0]), int(size[1]))
        self.curved = curved
        super().__init__(**kwargs)

    def _build(
        self, fonts: FontBank, source: TextSource, backgrounds: list[str] | None, seed: int
    ) -> SceneSynthesizer:
        return SceneSynthesizer(fonts, source, backgrounds, self.size, seed, self.curved)

    def sample(self, index: int) -> dict[str, Any]:
        """``{"img", "img_shape", "ori_shape", "instances", "source"}``."""
        scene = self.synthesizer.sample(index)
        shape = scene["img"].shape[:2]
        return {**scene, "img_shape": shape, "ori_shape": shape, "source": self.name}


@DATASETS.register_module()
class SyntheticPageDataset(SyntheticDataset):
    """Pages and screens: ``img``, ``img_shape``, ``ori_shape`` and ``instances``.

    Args:
        size: Largest height and width of a page in pixels.
        **kwargs: Those of :class:`SyntheticDataset`.
    """

    def __init__(self, size: Sequence[int] = (960, 960), **kwargs: Any) -> None:
        self.size = (int(size[0]), int(size[1]))
        super().__init__(**kwargs)

    def _build(
        self, fonts: FontBank, source: TextSource, backgrounds: list[str] | None, seed: int
    ) -> PageSynthesizer:
        return PageSynthesizer(fonts, source, backgrounds, self.size, seed)

    def sample(self, index: int) -> dict[str, Any]:
        """``{"img", "img_shape", "ori_shape", "instances", "kind", "look", "source"}``."""
        page = self.synthesizer.sample(index)
        shape = page["img"].shape[:2]
        return {**page, "img_shape": shape, "ori_shape": shape, "source": self.name}
