"""All layouts by their names in ``spotter convert``."""

from __future__ import annotations

from spotter.conversion.layout import Layout
from spotter.conversion.scene_layouts import SCENE_LAYOUTS
from spotter.conversion.word_layouts import WORD_LAYOUTS

LAYOUTS: dict[str, Layout] = {**SCENE_LAYOUTS, **WORD_LAYOUTS}
