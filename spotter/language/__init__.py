"""Language without a network: word lists, a character n-gram, and CTC decoding that uses both.

Only numpy is imported, so that all of it serves the ONNX road.
"""

from spotter.language.beam_search import CTCBeamSearch, align
from spotter.language.corpus import WordSource, fold, read_word_counts
from spotter.language.decoder import CaseFolding, LanguageDecoder
from spotter.language.model import LanguageModel
from spotter.language.ngram import CharacterNGram
from spotter.language.word_prior import WordPrior

__all__ = [
    "CTCBeamSearch",
    "CaseFolding",
    "CharacterNGram",
    "LanguageDecoder",
    "LanguageModel",
    "WordPrior",
    "WordSource",
    "align",
    "fold",
    "read_word_counts",
]
