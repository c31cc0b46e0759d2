"""Language without a network: word lists, a character n-gram, and CTC decoding that uses both.

Nothing but numpy and rapidfuzz is imported, so that all of it runs without torch.
"""

from spotter.decoding.beam_search import CTCBeamSearch, Hypothesis, align
from spotter.decoding.corpus import WordSource, fold, read_word_counts
from spotter.decoding.evidence import (
    ctc_log_probability,
    lock_clear_frames,
    protected_characters,
)
from spotter.decoding.language_decoder import CaseFolding, LanguageDecoder, implausibility
from spotter.decoding.language_model import LanguageModel
from spotter.decoding.ngram import CharacterNGram
from spotter.decoding.word_prior import WordPrior

__all__ = [
    "CTCBeamSearch",
    "CaseFolding",
    "CharacterNGram",
    "Hypothesis",
    "LanguageDecoder",
    "LanguageModel",
    "WordPrior",
    "WordSource",
    "align",
    "ctc_log_probability",
    "fold",
    "implausibility",
    "lock_clear_frames",
    "protected_characters",
    "read_word_counts",
]
