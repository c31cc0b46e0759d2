"""RapidOCR as an independent reader (extra ``bench``)."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np

from spotter.errors import ConfigError, GeometryError
from spotter.geometry import order_vertices
from spotter.structures import TextInstance

ENGINES = {
    "rapidocr": "RapidOCR, words",
    "rapidocr-lines": "RapidOCR, lines",
    "rapidocr-openvino": "RapidOCR, words, OpenVINO",
}
"""Ways to run it: word boxes, as spotting is scored, and its normal mode, lines, both on ONNX
Runtime, its default; and words on OpenVINO."""

_KEPT: list[Any] = []
"""Engines of RapidOCR on OpenVINO, which stay to the end of the process. Each opens three cores, of
which the first goes first: from then on signals are handled on freed memory (see ``_core`` of
:mod:`spotter.runtime.openvino`), and the process dies at the next one."""


class RapidOCREngine:
    """RapidOCR 3 with the models of its package.

    Args:
        engine: A key of :data:`ENGINES`.
        threads: Threads per operator.

    Attributes:
        name: Of the engine, for tables.
        words: Whether photos are spotted as words, not as lines.

    Raises:
        ConfigError: The package is not installed.
    """

    def __init__(self, engine: str, threads: int) -> None:
        if not rapidocr_installed():
            raise ConfigError("RapidOCR is needed: pip install 'scene-text-spotter[bench]'")
        from rapidocr import RapidOCR

        self.name = ENGINES[engine]
        self.words = engine != "rapidocr-lines"
        params: dict[str, Any] = {"Global.log_level": "critical"}
        if engine == "rapidocr-openvino":
            from rapidocr import EngineType

            params["EngineConfig.openvino.inference_num_threads"] = threads
            for part in ("Det", "Cls", "Rec"):
                params[f"{part}.engine_type"] = EngineType.OPENVINO
        else:
            params["EngineConfig.onnxruntime.intra_op_num_threads"] = threads
            params["EngineConfig.onnxruntime.inter_op_num_threads"] = 1
        self._engine = RapidOCR(params=params)
        if engine == "rapidocr-openvino":
            _KEPT.append(self._engine)

    def spot(self, image: np.ndarray | str, words: bool | None = None) -> Any:
        """RapidOCR's own output for a photo.

        Args:
            image: (H, W, 3) uint8 BGR, or the path of a file that RapidOCR opens by itself.
            words: Whether boxes of words are wanted, not of lines only; ``None``: as the engine's
                name says.
        """
        return self._call(image, use_det=True, words=self.words if words is None else words)

    def word_outlines(self, image: np.ndarray) -> list[np.ndarray]:
        """Where the words of a photo (H, W, 3) uint8 BGR are: quadrilaterals (4, 2) float32."""
        found = text_instances(self.spot(image, words=True), words=True)
        return [word.polygon for word in found if str(word.text).strip()]

    def read_word(self, crop: np.ndarray) -> tuple[str | None, float]:
        """Text and score of a word crop (H, W, 3) uint8 BGR: recognition without detection."""
        output = self._call(crop, use_det=False, words=False)
        if not getattr(output, "txts", None):
            return None, 0.0
        return output.txts[0], float(output.scores[0])

    @property
    def characters(self) -> list[str]:
        """Classes 1 and up of :meth:`frame_probabilities`."""
        return list(self._recognizer.postprocess_op.character[1:])

    def frame_probabilities(self, crop: np.ndarray) -> np.ndarray:
        """(T, K) probabilities per frame of a word crop (H, W, 3) uint8 BGR; class 0 is the blank.

        The crop is not turned, unlike by :meth:`read_word`.
        """
        recognizer = self._recognizer
        _, height, width = recognizer.rec_image_shape[:3]
        ratio = max(width / height, crop.shape[1] / crop.shape[0])
        batch = recognizer.resize_norm_img(crop, ratio)[None].astype(np.float32)
        return np.asarray(recognizer.session(batch))[0]

    @property
    def _recognizer(self) -> Any:
        if self._engine.text_rec is None:
            # The engine loads its parts when they are first used.
            self.read_word(np.full((48, 96, 3), 255, np.uint8))
        return self._engine.text_rec

    def _call(self, image: np.ndarray | str, use_det: bool, words: bool) -> Any:
        # The engine keeps the options of a call for the next one, so each call gives them all.
        return self._engine(
            image, use_det=use_det, use_cls=True, use_rec=True, return_word_box=words
        )


def rapidocr_installed() -> bool:
    """Whether the package can be imported."""
    return importlib.util.find_spec("rapidocr") is not None


def text_instances(output: Any, words: bool) -> list[TextInstance]:
    """RapidOCR's output as words or lines; those without text or a proper outline are left out.

    Args:
        output: Of the engine.
        words: Whether it holds boxes of words, which are taken then, or of lines only.

    Returns:
        Quadrilaterals (4, 2) float32 in pixels of the photo, with text and score in [0, 1].
    """
    if getattr(output, "txts", None) is None:
        return []
    if words:
        read = [word for line in output.word_results or () for word in line if len(word) == 3]
    else:
        read = list(zip(output.txts, output.scores, output.boxes, strict=True))
    found = []
    for text, score, box in read:
        if box is None or not text:
            continue
        try:
            polygon = order_vertices(np.asarray(box, np.float32))
        except GeometryError:
            continue
        found.append(TextInstance(polygon, text, detection_score=float(score)))
    return found
