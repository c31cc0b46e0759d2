"""Language models that correct what a vision model has read."""

from spotter.models.language.cloze import ClozeLanguageModel
from spotter.models.language.masked import MaskedLanguageModel

__all__ = ["ClozeLanguageModel", "MaskedLanguageModel"]
