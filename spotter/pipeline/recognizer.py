"""Text recognition: word crops to readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spotter.decoding import LanguageDecoder
from spotter.decoding.ctc import (
    Decoded,
    Decoder,
    attention_tokens,
    decode_ctc,
    decode_until_end,
    take_out_space,
)
from spotter.errors import ConfigError, WeightsError
from spotter.geometry import native_size
from spotter.pipeline.crops import cut_word
from spotter.runtime.input_size import RecInputSize
from spotter.runtime.preprocessing import Normalizer
from spotter.runtime.runtimes import Runtime

_DECODERS: dict[str, Decoder] = {
    "CTCPrediction": decode_ctc,
    "AttentionPrediction": decode_until_end,
    "ParallelPrediction": decode_until_end,
}


@dataclass(frozen=True)
class RawPrediction:
    """The output of the network for one crop, before any language model.

    Attributes:
        greedy: The greedy reading.
        logits: (T, K) for decoding with a language model; ``None`` without one.
        frames: (1, T, C) features from which a rescorer scores readings; ``None`` without one.
        spaces: Where a recognizer that knows the space sees one between two characters, as shares
            of the crop's width.
    """

    greedy: Decoded
    logits: np.ndarray | None = None
    frames: np.ndarray | None = None
    spaces: tuple[float, ...] = ()


class TextRecognizer:
    """A text recognizer: a loaded network and the settings in the header of its weights.

    Args:
        runtime: The loaded network.
        language: Corrects the readings of CTC networks, see
            :class:`spotter.decoding.LanguageDecoder`.

    Attributes:
        language: As given.

    Raises:
        WeightsError: The header describes an input or output that this version cannot serve.
        ConfigError: ``language`` is given for a recognizer that is not of CTC.
    """

    def __init__(self, runtime: Runtime, language: LanguageDecoder | None = None) -> None:
        self.runtime = runtime
        header = runtime.header
        name = header["name"]
        preprocessing = dict(header["preprocessing"])
        self._normalize = Normalizer(
            preprocessing.pop("mean", 127.5), preprocessing.pop("std", 127.5)
        )
        if preprocessing.get("mode") not in ("fixed", "buckets"):
            raise WeightsError(
                f"{name}: inference needs preprocessing mode 'fixed' or 'buckets',"
                f" not {preprocessing.get('mode')!r}"
            )
        self._size = _input_size(preprocessing, name)
        kind = prediction_kind(header)
        if kind not in _DECODERS or not header["charset"]:
            raise WeightsError(f"{name}: no decoder for the output of {kind!r}")
        self._decoder: Decoder = _DECODERS[kind]
        if language is not None and not reads_ctc(header):
            raise ConfigError(f"{name}: language corrects readings of CTC, not of {kind}")
        self.language = language
        self._rescores = language is not None and language.rescoring > 0 and runtime.rescores
        self._outputs: str = header["charset"]
        self._takes_out_space = reads_ctc(header) and " " in self._outputs
        self._characters = self._outputs.replace(" ", "" if self._takes_out_space else " ")

    def crop(self, img: np.ndarray, cut: np.ndarray, stretch: float = 1.0) -> np.ndarray:
        """Cut the network's input out of a photo, (h, w, 3) uint8 BGR.

        Args:
            img: The photo.
            cut: What is cut out (``Direction.cut``).
            stretch: Factor by which the input is widened.
        """
        native_width, native_height = native_size(cut)
        width = self._size(round(native_width * stretch), native_height)
        return cut_word(img, cut, width, self._size.height)

    def forward(self, crops: Sequence[np.ndarray]) -> list[RawPrediction]:
        """Run the network on crops of one size, as :meth:`crop` gives them."""
        images = self._normalize(crops)
        frames: Sequence[np.ndarray | None] = [None] * len(crops)
        if self._rescores:
            logits, all_frames = self.runtime.run_with_frames(images)
            frames = [each[None] for each in all_frames]
        else:
            logits = self.runtime.run(images)
        spaces: Sequence[tuple[float, ...]] = [()] * len(crops)
        if self._takes_out_space:
            seen = take_out_space(logits, self._outputs)
            logits, spaces = seen.logits, seen.spaces
        greedy = self._decoder(logits, self._characters, None)
        if self.language is None:
            return [
                RawPrediction(reading, spaces=each)
                for reading, each in zip(greedy, spaces, strict=True)
            ]
        each = zip(greedy, logits, frames, spaces, strict=True)
        return [RawPrediction(*parts) for parts in each]

    @property
    def characters(self) -> str:
        """The characters of classes 1 and up of :meth:`logits`; of CTC without the space."""
        return self._characters

    def logits(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """Logits (N, T, K) of N crops of one size, as :meth:`crop` gives them."""
        logits = self.runtime.run(self._normalize(crops))
        return take_out_space(logits, self._outputs).logits if self._takes_out_space else logits

    def decode(self, prediction: RawPrediction) -> Decoded:
        """The reading of a raw prediction, corrected by the language model if there is one."""
        if self.language is None or prediction.logits is None:
            return prediction.greedy
        frames = prediction.frames
        if frames is None:
            return self.language.reread(prediction.logits, self._characters, prediction.greedy)

        def rescorer(texts: list[str]) -> np.ndarray:
            return self.runtime.rescore(frames, attention_tokens(texts, self._characters))

        return self.language.reread(
            prediction.logits, self._characters, prediction.greedy, rescorer
        )


def prediction_kind(header: Mapping[str, Any]) -> str | None:
    """Name of a recognizer's prediction stage, by the header of its weights."""
    # Vision with language reads as its vision model does.
    config = header["config"].get("vision", header["config"])
    return config.get("prediction", {}).get("type")


def reads_ctc(header: Mapping[str, Any]) -> bool:
    """Whether a recognizer's output is one of CTC, which language can read again."""
    return prediction_kind(header) == "CTCPrediction"


def _input_size(preprocessing: dict[str, Any], name: str) -> RecInputSize:
    try:
        return RecInputSize(**preprocessing)
    except TypeError as error:
        raise WeightsError(f"{name}: preprocessing of the header: {error}") from None
