"""Language without a network: word lists, a character n-gram, and CTC decoding that uses both.

Only numpy is imported, so that all of it serves the ONNX road.
"""

from spotter.decoding.beam_search import CTCBeamSearch, align
from spotter.decoding.corpus import WordSource, fold, read_word_counts
from spotter.decoding.language_decoder import CaseFolding, LanguageDecoder
from spotter.decoding.language_model import LanguageModel
from spotter.decoding.ngram import CharacterNGram
from spotter.decoding.word_prior import WordPrior

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
