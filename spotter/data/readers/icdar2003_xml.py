"""ICDAR 2003 and 2005 robust reading (Lucas et al., ICDAR 2003): one XML file of upright boxes."""

from __future__ import annotations

from spotter.data.readers.tagged_rectangles import TaggedRectanglesReader
from spotter.registry import READERS


@READERS.register_module()
class ICDAR2003XMLReader(TaggedRectanglesReader):
    """Photos of ``words.xml`` (boxes with words) or ``locations.xml`` (boxes alone).

    Of a rectangle only ``x``, ``y``, ``width``, ``height`` and ``tag`` are read: ``offset`` (a
    shear) and ``rotation`` are not applied, for the competitions scored upright boxes, and the
    characters' ``segmentation`` is left aside.

    Arguments and errors are those of :class:`TaggedRectanglesReader`.
    """
