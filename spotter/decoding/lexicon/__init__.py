"""Word lists, edit distances, and the nearest word of a list."""

from spotter.decoding.lexicon.distances import (
    VISUAL_COSTS,
    Costs,
    edit_distance,
    weighted_edit_distance,
)
from spotter.decoding.lexicon.lexicon import Lexicon

__all__ = ["VISUAL_COSTS", "Costs", "Lexicon", "edit_distance", "weighted_edit_distance"]
