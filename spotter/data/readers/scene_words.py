"""Words of labelled photos, one sample per word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from spotter.data.readers.base import ARCHIVE_KEYS, Reader, built_reader
from spotter.geometry import grow_quad, native_size
from spotter.registry import READERS


@READERS.register_module()
class SceneWordsReader(Reader):
    """The word crops of a detection reader, cut when they are loaded.

    A sample is ``{"img_path", "polygon": (N, 2) float32, "text"}``, with ``resize_to`` where the
    photos ask for it, and with ``context`` where there is some. Ignored words are left out, and so
    are those without text unless ``unlabelled``.

    Args:
        reader: Canonical samples of photos, such as a detection reader, or a reader's config.
        margin: Share of the word's shorter side by which quadrilaterals are grown on every side.
        context: Share of the shorter side, after that, by which a crop shows more than the word on
            every side. It is told in the sample, so that ``RecAugment`` can cut the word out anew
            each time, as a detector would: with some of its neighbours, or a little too tight.
        min_height: Least height of a word in pixels of the photo.
        max_length: Longest text that is kept; ``None``: any.
        unlabelled: Keep words whose text is unknown, with ``text`` None.

    Attributes:
        context: As given.
        left_out: How many words are no samples, by reason.
    """

    def __init__(
        self,
        reader: Iterable[Mapping[str, Any]] | Mapping[str, Any],
        margin: float = 0.0,
        context: float = 0.0,
        min_height: float = 4.0,
        max_length: int | None = None,
        unlabelled: bool = False,
    ) -> None:
        photos = built_reader(reader)
        self.context = context
        self._words: list[dict[str, Any]] = []
        self.left_out: Counter[str] = Counter()
        for photo in photos:
            place: dict[str, Any] = {
                key: photo[key] for key in ("img_path", *ARCHIVE_KEYS, "resize_to") if key in photo
            }
            for instance in photo["instances"]:
                polygon = instance["polygon"]
                reason = _objection(instance, min_height, max_length, unlabelled)
                if reason is not None:
                    self.left_out[reason] += 1
                    continue
                word = {**place, "polygon": polygon, "text": instance["text"]}
                if len(polygon) == 4:
                    word["polygon"] = grow_quad(grow_quad(polygon, margin), context)
                    if context:
                        word["context"] = context
                self._words.append(word)
        super().__init__()
        self.refusals = list(getattr(photos, "refusals", ()))

    def _total(self) -> int:
        return len(self._words)

    def _read(self, index: int) -> dict[str, Any]:
        word = self._words[index]
        return {**word, "polygon": word["polygon"].copy()}


def _objection(
    word: dict[str, Any], min_height: float, max_length: int | None, unlabelled: bool
) -> str | None:
    """Why a word is left out, or ``None``."""
    polygon, text = word["polygon"], word["text"]
    if word["ignore"]:
        return "ignored"
    if len(polygon) < 4:
        return "no quadrilateral"
    if text is None and not unlabelled:
        return "unlabelled"
    if text is not None and max_length is not None and len(text) > max_length:
        return f"longer than {max_length} characters"
    if native_size(polygon)[1] < min_height:
        return f"lower than {min_height:g} pixels"
    return None
