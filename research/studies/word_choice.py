"""How often a reader prefers the true word to others of its length: a score for weak readers.

Reading against a given lexicon of 50 words is the older protocol of SVT. Here the other words are
drawn at random, and have the length of the true one, so that the width of a crop gives nothing
away: a reader that sees no characters is right in one of 50 cases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from spotter.methods.base import encode_frames
from spotter.models.recognition.prediction import AttentionPrediction

_SEQUENCES_AT_ONCE = 1000


def draw_choices(
    words: Sequence[str], vocabulary: Sequence[str], count: int = 50, seed: int = 0
) -> list[list[str]]:
    """For each word a list that it leads, with distinct others drawn from the vocabulary.

    The others have the word's length; where there are too few, those of the nearest lengths follow.

    Args:
        words: Non-empty words.
        vocabulary: Where the others are drawn from.
        count: Length of each list, if the vocabulary has as many words.
        seed: Of the draw.
    """
    generator = np.random.default_rng(seed)
    by_length: dict[int, list[str]] = {}
    for other in sorted(set(vocabulary)):
        by_length.setdefault(len(other), []).append(other)
    choices = []
    for word in words:
        chosen = [word]
        lengths = sorted((abs(length - len(word)), length) for length in by_length)
        for _, length in lengths:
            others = [other for other in by_length[length] if other != word]
            wanted = min(count - len(chosen), len(others))
            chosen += [others[i] for i in generator.permutation(len(others))[:wanted]]
            if len(chosen) == count:
                break
        choices.append(chosen)
    return choices


@torch.no_grad()
def log_likelihoods(recognizer: Any, frames: Tensor, choices: Sequence[Sequence[str]]) -> Tensor:
    """(N, W) log-probability of each of W words of each crop.

    Args:
        recognizer: With a CTC or an attention decoder.
        frames: (N, T, C) of the crops.
        choices: N lists of W words.
    """
    prediction = recognizer.prediction
    width = len(choices[0])
    words = [word for group in choices for word in group]
    encoded, lengths = prediction.token_map.encode(words)
    encoded = encoded.to(frames.device)
    if isinstance(prediction, AttentionPrediction):
        repeated = frames.repeat_interleave(width, 0)
        logits = prediction.forward_train(repeated, encoded).logits
        targets = encoded[:, 1:]
        losses = F.cross_entropy(
            logits.float().transpose(1, 2),
            targets.where(targets != prediction.token_map.pad, torch.tensor(-100)),
            reduction="none",
        ).sum(1)
    else:
        logits = prediction(frames).float().log_softmax(-1).repeat_interleave(width, 0)
        steps = torch.full((len(words),), logits.shape[1])
        losses = F.ctc_loss(logits.transpose(0, 1), encoded, steps, lengths, reduction="none")
    return -losses.view(len(choices), width)


@torch.no_grad()
def choice_accuracy(
    recognizer: Any, loader: Any, vocabulary: Sequence[str], count: int = 50, seed: int = 0
) -> dict[str, float]:
    """Share of words that get a higher probability than all others of their lists.

    Args:
        recognizer: In evaluation mode.
        loader: Batches of labelled crops, before the data preprocessor.
        vocabulary: Words to draw from; normalised to the recognizer's charset.
        count: Words to choose from.
        seed: Of the draw, which depends on the words alone: the same for all recognizers.

    Returns:
        ``choice``, and ``<source>/choice`` for each source.
    """
    normalize = recognizer.charset.normalize
    words = [word for word in map(normalize, vocabulary) if word]
    crops: list[tuple[str, str, Tensor]] = []
    for data in loader:
        batch: Mapping[str, Any] = recognizer.data_preprocessor(data)
        frames, _ = encode_frames(recognizer, batch["inputs"], batch["data_samples"])
        for sample, own in zip(batch["data_samples"], frames, strict=True):
            if text := normalize(sample.text):
                crops.append((text, sample.source, own))
    # Words of one length together: decoders take as many steps as the longest has characters.
    crops.sort(key=lambda crop: len(crop[0]))
    right: dict[str, list[bool]] = {}
    chunk = max(1, _SEQUENCES_AT_ONCE // count)
    for start in range(0, len(crops), chunk):
        texts, sources, frames_of = zip(*crops[start : start + chunk], strict=True)
        lists = draw_choices(texts, words, count, seed + start)
        scores = log_likelihoods(recognizer, torch.stack(frames_of), lists)
        for source, row in zip(sources, scores, strict=True):
            right.setdefault(source, []).append(bool((row[1:] < row[0]).all()))
    everything = [value for values in right.values() for value in values]
    shares = {f"{source}/choice": float(np.mean(values)) for source, values in right.items()}
    return {"choice": float(np.mean(everything)), **shares}
