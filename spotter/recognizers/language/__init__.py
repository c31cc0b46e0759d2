"""Language models that correct what a vision model has read."""

from spotter.recognizers.language.cloze import ClozeLanguageModel
from spotter.recognizers.language.masked import MaskedLanguageModel

__all__ = ["ClozeLanguageModel", "MaskedLanguageModel"]
