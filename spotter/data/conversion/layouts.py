"""All layouts by the names that ``tools/convert_dataset.py`` knows them by."""

from __future__ import annotations

from spotter.data.conversion.layout import Layout
from spotter.data.conversion.scene_layouts import SCENE_LAYOUTS
from spotter.data.conversion.word_layouts import WORD_LAYOUTS

LAYOUTS: dict[str, Layout] = {**SCENE_LAYOUTS, **WORD_LAYOUTS}
