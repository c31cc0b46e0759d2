"""Street View Text (Wang et al., ICCV 2011): one XML file with upright boxes and a lexicon each."""

from __future__ import annotations

from typing import Any

from spotter.data.readers.tagged_rectangles import TaggedRectanglesReader
from spotter.registry import READERS


@READERS.register_module()
class SVTXMLReader(TaggedRectanglesReader):
    """Photos of Street View Text, ``train.xml`` or ``test.xml``, with their words in capitals.

    Every sample also has ``lexicon``, the photo's own word list. Not every word of a photo is
    labelled: of no use to train or to score a detector's precision.

    Arguments and errors are those of :class:`TaggedRectanglesReader`.
    """

    def _parse(self, index: int) -> dict[str, Any]:
        words = (self._images[index].findtext("lex") or "").split(",")
        lexicon = [word.strip() for word in words if word.strip()]
        return {**super()._parse(index), "lexicon": lexicon}
