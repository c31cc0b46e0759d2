"""Text detection: resize, normalise, run the network, post-process; whole photos or windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spotter.errors import ConfigError, WeightsError
from spotter.geometry import short_side, sliding_windows
from spotter.pipeline.db_postprocessor import postprocessor_of
from spotter.pipeline.lengthening import ResponseMap
from spotter.pipeline.multi_scale import (
    KEPT_HEIGHT,
    LARGE_HEIGHT,
    MAX_PASSES,
    SMALL_SIDE,
    SmallText,
    add_small_words,
    first_scale,
    largest_scale,
    legible,
    small_text,
    windows_around,
)
from spotter.pipeline.tiling import SearchedWindow, merge_windows, whole_words, without_rim
from spotter.runtime.input_size import detector_input_size, resize_image
from spotter.runtime.preprocessing import Normalizer
from spotter.runtime.runtimes import Runtime
from spotter.structures import TextInstance

if TYPE_CHECKING:
    from spotter.hub.resolution import ResolvedPreset

# A very long strip enlarged to the limit of its short side would fill any memory.
_MAX_INPUT_PIXELS = 4096 * 4096
_MAX_INPUT_SIDE = 4096
_LARGEST_SCALE = 100
# Inputs so many times as long as the bound are run in parts.
_LONG = 1.5
# Scale of a coarse pass, as a share of the usual one.
_COARSE = 0.5
# Least height of the words of the coarse pass of a thorough search whose outlines stay, as a
# multiple of the usual one.
_HUGE = 2.0


@dataclass
class Detections:
    """What was found in a photo.

    Attributes:
        words: In pixels of the photo, with ``detection_score`` and without text.
        notes: What may have been missed and why, one sentence each.
        passes: The legible words of each pass, if there were several.
        response: Of the first pass.
    """

    words: list[TextInstance]
    notes: list[str] = field(default_factory=list)
    passes: list[list[TextInstance]] = field(default_factory=list)
    response: ResponseMap | None = None


def scaled_header(header: Mapping[str, Any], scale: float) -> dict[str, Any]:
    """A detector's header with another scale; the limit on its input size is scaled, too."""
    own = header["preprocessing"]
    bound = round(own["limit_side"] * scale / own.get("scale", 1.0))
    return {**header, "preprocessing": {**own, "scale": scale, "limit_side": bound}}


def open_detector(
    runtime: Runtime,
    preset: ResolvedPreset,
    limit_side: int | None = None,
    limit_type: str | None = None,
    tile: int | None = None,
    batch_size: int = 1,
    scale: float | None = None,
) -> TextDetector:
    """The detector of a preset.

    Scale and post-processing of the preset hold unless the caller gives another size.

    Args:
        runtime: The loaded network.
        preset: The preset.
        limit_side: See :class:`TextDetector`, and so the others.
        limit_type: See there.
        tile: See there.
        batch_size: See there.
        scale: See there.
    """
    limited = limit_side is not None or limit_type is not None
    options: Mapping[str, Any] = {}
    used = scale
    if scale is None and not limited:
        used, options = preset.scale, preset.postprocessing
    return TextDetector(
        runtime,
        limit_side,
        limit_type,
        tile,
        batch_size,
        used,
        options,
        scale is None,
        preset.finer_passes,
        preset.thorough,
        preset.coarse_pass,
    )


class TextDetector:
    """A text detector: a loaded network and the settings in the header of its weights.

    Args:
        runtime: The loaded network.
        limit_side: Overrides the header's input size, see :func:`detector_input_size`.
        limit_type: ``"max"`` or ``"min"``; overrides the header's.
        tile: Photos larger than this are also searched at their own resolution, in square windows
            with sides of this many pixels; ``None``: photos are searched as a whole only.
        batch_size: Number of inputs of one size that are run together.
        scale: Factor by which photos and the limit on the input size are enlarged. Default: the
            header's. At most 100, and not together with ``limit_side`` or ``limit_type``.
        postprocessing: Arguments of the post-processor that replace the header's.
        adaptive: Choose the scales for each photo, see :mod:`spotter.pipeline.multi_scale`. Has no
            effect with ``limit_side``, ``limit_type`` or ``tile``.
        finer_passes: How often small text is looked for at a finer scale, at most.
        thorough: Search all of a photo that is not small at half the scale, at the scale, and at
            twice the scale, for large and for small words, if ``adaptive``.
        coarse_pass: Outline large words at half the scale, too, if ``adaptive``.

    Raises:
        WeightsError: The header describes another kind of detector.
        ConfigError: ``scale``, a limit or ``tile`` is out of range, or they exclude each other.
    """

    def __init__(
        self,
        runtime: Runtime,
        limit_side: int | None = None,
        limit_type: str | None = None,
        tile: int | None = None,
        batch_size: int = 1,
        scale: float | None = None,
        postprocessing: Mapping[str, Any] | None = None,
        adaptive: bool = False,
        finer_passes: int = MAX_PASSES,
        thorough: bool = False,
        coarse_pass: bool = True,
    ) -> None:
        self.runtime = runtime
        header = runtime.header
        if scale is not None:
            if not 0 < scale <= _LARGEST_SCALE:
                raise ConfigError(
                    f"scale must be positive and at most {_LARGEST_SCALE}, not {scale:g}"
                )
            if limit_side is not None or limit_type is not None:
                raise ConfigError("scale and limit_side or limit_type exclude each other")
            header = scaled_header(header, scale)
        if postprocessing:
            own_options = {**header["postprocessing"], **postprocessing}
            header = {**header, "postprocessing": own_options}
        preprocessing = header["preprocessing"]
        try:
            self._normalize = Normalizer(preprocessing["mean"], preprocessing["std"])
            self.limit_side = int(limit_side or preprocessing["limit_side"])
            self.limit_type = limit_type or preprocessing["limit_type"]
        except KeyError as error:
            raise WeightsError(f"{header['name']}: preprocessing lacks {error}") from None
        self._divisor = int(preprocessing.get("size_divisor", 32))
        # A caller's own bound is meant in pixels of the photo as it is.
        own = limit_side is None and limit_type is None
        self._scale = float(preprocessing.get("scale", 1.0)) if own else 1.0
        if self.limit_type not in ("max", "min"):
            raise ConfigError(f"limit_type is 'max' or 'min', not {self.limit_type!r}")
        if min(self.limit_side, self.limit_side if tile is None else tile) < self._divisor:
            raise ConfigError(f"limit_side and tile must be at least {self._divisor} pixels")
        self.tile = tile
        self._finer_passes = finer_passes
        self._adaptive = adaptive and own and tile is None and self.limit_type == "max"
        self._thorough = thorough
        self._coarse_pass = coarse_pass
        self.batch_size = max(1, batch_size)
        self._postprocess = postprocessor_of(header)

    def find(self, photos: Sequence[np.ndarray]) -> list[list[TextInstance]]:
        """Words of photos.

        Args:
            photos: (H, W, 3) uint8 BGR, of any sizes.

        Returns:
            Per photo the words in its pixels, with ``detection_score`` and without text.
        """
        return [each.words for each in self.search(photos)]

    def search(self, photos: Sequence[np.ndarray]) -> list[Detections]:
        """As :meth:`find`, with notes on what may have been missed."""
        if self.tile is not None:
            return [Detections(self._find_tiled(photo, self.tile)) for photo in photos]
        return self._search_all_scales(photos) if self._adaptive else self._search_once(photos)

    def _search_once(self, photos: Sequence[np.ndarray]) -> list[Detections]:
        """Photos at one scale, and a note where that is too small for some of the text."""
        jobs = [(photo, self.input_size(photo)) for photo in photos]
        small: dict[int, SmallText] = {}
        found = [Detections(words) for words in self._run(jobs, small)]
        for index, (photo, (width, _)) in enumerate(jobs):
            scale = width / photo.shape[1]
            if scale < 1.0 and len(small[index].boxes) > len(found[index].words) / 2:
                found[index].notes.append(
                    f"the photo was searched at {scale:.2g} times its size, which is too small for"
                    " some of its text; leave out limit_side, or give tile"
                )
        return found

    def _search_all_scales(self, photos: Sequence[np.ndarray]) -> list[Detections]:
        """Photos at the scale of the first pass, and parts of them at finer ones."""
        jobs = [(photo, self.input_size(photo)) for photo in photos]
        small: dict[int, SmallText] = {}
        maps: dict[int, ResponseMap] = {}
        found = [Detections(words) for words in self._run(jobs, small, maps)]
        for index, (photo, (width, _)) in enumerate(jobs):
            found[index].response = maps[index]
            scale, missed = width / photo.shape[1], small[index]
            height, photo_width = photo.shape[:2]
            largest = largest_scale(self._scale, max(height, photo_width))
            is_small = min(height, photo_width) < SMALL_SIDE
            whole_passes = 1 if is_small else 2 * self._thorough
            if self._coarse_pass and (is_small or not self._thorough):
                found[index].passes = self._outline_large(photo, found[index].words, scale)
            for number in range(self._finer_passes + 2 * self._thorough):
                if number < whole_passes:
                    missed = SmallText.whole(photo_width, height)
                finer = missed.next_scale(scale, largest)
                if finer is None:
                    break
                windows, missed = self._search_windows(photo, missed, finer)
                words = found[index].words
                if not found[index].passes:
                    found[index].passes.append(legible(words, scale))
                whole = whole_words(windows, photo_width, height)
                found[index].passes.append(legible(whole, finer))
                # At a coarse scale, only huge words are outlined better than at the usual one.
                is_coarse = self._thorough and not is_small and number == 0
                kept = KEPT_HEIGHT * (_HUGE if is_coarse else 1.0)
                found[index].words = add_small_words(
                    words, scale, windows, photo_width, height, kept
                )
                scale = finer
            if missed.height is not None and len(missed.boxes) > len(found[index].words) / 2:
                found[index].notes.append(
                    "some text is too small to be told apart; a sharper or closer photo may help"
                )
        return found

    def _outline_large(
        self, photo: np.ndarray, words: list[TextInstance], scale: float
    ) -> list[list[TextInstance]]:
        """Legible words of a pass and of a coarse one, which outlines large words as a whole.

        Args:
            photo: (H, W, 3) uint8.
            words: Those of the pass.
            scale: Of the pass.

        Returns:
            Both lists; none if no word is large.
        """
        if not any(short_side(word.polygon) * scale >= LARGE_HEIGHT for word in words):
            return []
        coarse = scale * _COARSE
        [seen] = self._run([(photo, self._scaled_size(photo, coarse))])
        return [legible(words, scale), legible(seen, coarse)]

    def _search_windows(
        self, photo: np.ndarray, missed: SmallText, scale: float
    ) -> tuple[list[SearchedWindow], SmallText]:
        """What windows around small text show at a scale, and what is too small even there."""
        boxes = windows_around(missed.boxes, photo.shape[1], photo.shape[0], scale)
        jobs = []
        for x0, y0, x1, y1 in boxes:
            window = photo[y0:y1, x0:x1]
            jobs.append((window, self._scaled_size(window, scale)))
        small: dict[int, SmallText] = {}
        windows = []
        for box, (_, size), words in zip(boxes, jobs, self._run(jobs, small), strict=True):
            offset = np.array(box[:2], np.float32)
            moved = [replace(word, polygon=word.polygon + offset) for word in words]
            windows.append(SearchedWindow(box, size[0] / (box[2] - box[0]), moved))
        parts = [
            replace(small[index], boxes=small[index].boxes + np.array([*window.box[:2]] * 2))
            for index, window in enumerate(windows)
            # What shows no word when enlarged is texture rather than small text.
            if window.words or small[index].height is not None
        ]
        return windows, SmallText.of(parts)

    def _scaled_size(self, image: np.ndarray, scale: float) -> tuple[int, int]:
        """Width and height of the input that shows an image (H, W, 3) at a scale."""
        width, height = (max(1, round(side * scale / self._divisor)) for side in image.shape[1::-1])
        return width * self._divisor, height * self._divisor

    def _find_tiled(self, photo: np.ndarray, tile: int) -> list[TextInstance]:
        height, width = photo.shape[:2]
        whole = (0, 0, width, height)
        jobs, boxes = [(photo, self.input_size(photo))], [whole]
        if max(width, height) > tile:
            for box in sliding_windows(width, height, tile, tile // 4):
                window = photo[box[1] : box[3], box[0] : box[2]]
                jobs.append((window, self.window_size(window, tile)))
                boxes.append(box)
        windows = []
        for box, (_, size), words in zip(boxes, jobs, self._run(jobs), strict=True):
            offset = np.array(box[:2], np.float32)
            moved = [replace(word, polygon=word.polygon + offset) for word in words]
            windows.append(SearchedWindow(box, size[0] / (box[2] - box[0]), moved))
        return windows[0].words if len(windows) == 1 else merge_windows(windows, width, height)

    def input_size(self, photo: np.ndarray) -> tuple[int, int]:
        """Width and height in pixels at which a photo (H, W, 3) is first searched."""
        height, width = photo.shape[:2]
        if self._adaptive:
            scale = first_scale(width, height, self._scale, self.limit_side)
            if self._thorough and min(width, height) >= SMALL_SIDE:
                scale *= _COARSE
            side = max(1, round(max(width, height) * scale))
            return detector_input_size(width, height, side, "max", self._divisor, scale)
        size = detector_input_size(
            width, height, self.limit_side, self.limit_type, self._divisor, self._scale
        )
        if size[0] * size[1] > _MAX_INPUT_PIXELS:
            size = detector_input_size(width, height, _MAX_INPUT_SIDE, "max", self._divisor)
        return size

    def window_size(self, window: np.ndarray, tile: int) -> tuple[int, int]:
        """Width and height in pixels at which a window of at most ``tile`` pixels is searched."""
        height, width = window.shape[:2]
        bound = round(tile * self._scale)
        return detector_input_size(width, height, bound, "max", self._divisor, self._scale)

    def _run(
        self,
        jobs: Sequence[tuple[np.ndarray, tuple[int, int]]],
        small: dict[int, SmallText] | None = None,
        maps: dict[int, ResponseMap] | None = None,
    ) -> list[list[TextInstance]]:
        """Words of (image, input size) pairs, each in pixels of its image.

        Args:
            jobs: The pairs.
            small: Takes what is too small in each, by its index.
            maps: Takes the probability map of each, by its index.
        """
        found: list[list[TextInstance]] = [[] for _ in jobs]
        by_size: dict[tuple[int, int], list[int]] = {}
        for index, (_, size) in enumerate(jobs):
            by_size.setdefault(size, []).append(index)
        for (width, height), members in by_size.items():
            for start in range(0, len(members), self.batch_size):
                chunk = members[start : start + self.batch_size]
                inputs = [resize_image(jobs[index][0], width, height) for index in chunk]
                for index, probability in zip(chunk, self._maps(inputs), strict=True):
                    size = jobs[index][0].shape[:2]
                    scale = (width / size[1], height / size[0])
                    found[index] = self._postprocess(probability, scale, size)
                    if small is not None:
                        small[index] = small_text(probability, found[index], scale)
                    if maps is not None:
                        maps[index] = ResponseMap(probability, scale)
        return found

    def _maps(self, inputs: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        """Probability maps (H, W) of images of one size; of long ones, put together from parts."""
        height, width = inputs[0].shape[:2]
        side = self.limit_side // self._divisor * self._divisor
        if not self._adaptive or max(width, height) <= _LONG * side:
            return list(self.runtime.run_pixels(inputs, self._normalize)[:, 0])
        stitched = []
        for image in inputs:
            whole: np.ndarray = np.zeros((height, width), np.float32)
            for x0, y0, x1, y1 in sliding_windows(width, height, side, side // 4):
                part = np.ascontiguousarray(image[y0:y1, x0:x1])
                seen = self.runtime.run_pixels([part], self._normalize)[0, 0]
                # The border of a part shows less than its inside; of two parts, the surer one.
                place = whole[y0:y1, x0:x1]
                np.maximum(place, without_rim(seen, (x0, y0, x1, y1), width, height), out=place)
            stitched.append(whole)
        return stitched
