"""Words to train a language model on."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch.utils.data import Dataset

from spotter.charset import Charset
from spotter.data.randomness import rng
from spotter.data.spelling import SpellingNoise, substitute
from spotter.decoding.corpus import read_word_counts
from spotter.errors import ConfigError
from spotter.registry import DATASETS
from spotter.structures import LanguageSample

SPLITS = ("train", "heldout", "all")
_BUCKETS = 10_000


def is_heldout(word: str, share: float) -> bool:
    """Whether a word is held out of training. The choice depends on the hash of the word only.

    Args:
        word: The word, folded to the charset.
        share: Of all words that are held out.
    """
    return zlib.crc32(word.encode()) % _BUCKETS < share * _BUCKETS


@DATASETS.register_module()
class TextCorpusDataset(Dataset):
    """Words by their frequency, perhaps misspelt.

    An item is ``{"inputs": str, "data_samples": LanguageSample}``.

    Words are folded to the charset (a set with one case folds case; characters outside of it are
    dropped), so the punctuation of running text falls away from its words.

    Args:
        files: Frequency lists, name lists or running text, see
            :func:`spotter.decoding.read_word_counts`.
        charset: Character set.
        max_length: Longest word; longer ones are left out.
        split: ``"train"``: words are drawn by their frequency, held-out ones never;
            ``"heldout"``: each held-out word once, none drawn; ``"all"``: drawn from all.
        heldout: Share of the distinct words that is held out.
        power: Frequencies are raised to it before words are drawn.
        least: Words that come more rarely are left out.
        noise: Settings of :class:`SpellingNoise`; ``None``: words as they are. Not with
            ``"heldout"``.
        length: Words per epoch; default: the number of distinct words. ``"heldout"``: the first
            so many.
        test_noise: Share of the characters that are replaced in ``misspelt`` of a held-out word.

    Raises:
        ConfigError: An unknown split, noise in held-out words, or no word left.
        AnnotationError: A file cannot be read.
    """

    def __init__(
        self,
        files: str | Path | Sequence[str | Path],
        charset: str = "36",
        max_length: int = 25,
        split: str = "train",
        heldout: float = 0.02,
        power: float = 1.0,
        least: float = 0.0,
        noise: Mapping[str, Any] | None = None,
        length: int | None = None,
        test_noise: float = 0.1,
    ) -> None:
        if split not in SPLITS:
            raise ConfigError(f"split is one of {', '.join(SPLITS)}, not {split!r}")
        if noise is not None and split == "heldout":
            raise ConfigError("held-out words are not misspelt at random: noise must be None")
        self.charset = Charset.load(charset)
        self.split = split
        self.test_noise = test_noise
        counts = self._counts([files] if isinstance(files, str | Path) else files, max_length)
        kept = {
            word: count
            for word, count in counts.items()
            if count >= least
            and (split == "all" or is_heldout(word, heldout) == (split != "train"))
        }
        if not kept:
            raise ConfigError(f"no word of the files is left for split {split!r}")
        self.words = sorted(kept)
        self._cumulative = np.cumsum([kept[word] ** power for word in self.words])
        self.noise = None
        if noise is not None:
            self.noise = SpellingNoise(**{"characters": self.charset.characters, **noise})
        self.length = len(self.words) if length is None else length
        if split == "heldout":
            self.length = min(self.length, len(self.words))

    @property
    def metainfo(self) -> dict[str, Any]:
        """What mmengine's evaluators ask a dataset for."""
        return {"name": "text"}

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, Any]:
        if not 0 <= index < len(self):
            raise IndexError(f"index {index} of a dataset of {len(self)} words")
        if self.split == "heldout":
            word = self.words[index]
            seed = zlib.crc32(word.encode())
            misspelt = substitute(word, self.test_noise, self.charset.characters, seed)
            return {"inputs": word, "data_samples": LanguageSample(word, misspelt)}
        drawn = rng.random_sample() * self._cumulative[-1]
        place = int(np.searchsorted(self._cumulative, drawn, "right"))
        word = self.words[min(place, len(self.words) - 1)]
        written = word if self.noise is None else self.noise(word, rng)
        return {"inputs": written, "data_samples": LanguageSample(word)}

    def _counts(self, files: Sequence[str | Path], max_length: int) -> dict[str, float]:
        merged: dict[str, float] = {}
        for file in files:
            for word, count in read_word_counts(file).items():
                folded = self.charset.normalize(word)
                if 0 < len(folded) <= max_length:
                    merged[folded] = merged.get(folded, 0.0) + count
        return merged
