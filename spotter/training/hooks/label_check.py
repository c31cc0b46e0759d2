"""Reports before training which labels have characters outside of the model's charset."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

from mmengine.hooks import Hook
from mmengine.logging import print_log

from spotter.charset import Charset
from spotter.data.datasets import TextDataset, TextRecDataset
from spotter.errors import CharsetError
from spotter.label_lattice import leaves_out
from spotter.models.recognition.prediction.base import Prediction
from spotter.registry import HOOKS

_NAMED = 12


@HOOKS.register_module()
class LabelCheckHook(Hook):
    """Counts and names the labels of each training set that the model cannot learn.

    A label with characters outside the charset teaches nothing: such words are left out, where the
    data set asks for that by ``unspellable="leave_out"``, and otherwise the training does not
    begin. There is one line in the log per data set that has any, one per data set of whose cached
    images some could not be read, and one per data set from whose labels no decoder of the model
    learns, because they leave out what its charset can express (``label_alphabet``).

    Args:
        limit: Most labels that are checked per data set; of more, a sample at even distances.

    Raises:
        CharsetError: A label cannot be spelled, and its data set does not leave it out.
    """

    def __init__(self, limit: int = 20000) -> None:
        self.limit = limit

    def before_train(self, runner: Any) -> None:
        """Check the labels of all training sets."""
        decoders = [part for part in runner.model.modules() if isinstance(part, Prediction)]
        charset = decoders[0].charset if decoders else None
        completing = any(decoder.completes_labels for decoder in decoders)
        for dataset in _sources(runner.train_loop.dataloader.dataset):
            if dataset.cache is not None and dataset.cache.unreadable:
                count, total = dataset.cache.unreadable, len(dataset.cache)
                line = f"{_name(dataset)}: {count} of {total} images could not be read"
                print_log(line, "current", logging.WARNING)
            if charset is not None and isinstance(dataset, TextRecDataset):
                self._check(dataset, charset)
                if not completing:
                    _check_alphabet(dataset, charset)

    def _check(self, dataset: TextRecDataset, charset: Charset) -> None:
        words = total = 0
        found: Counter[str] = Counter()
        for label in dataset.labels(self.limit):
            total += 1
            characters = charset.unspellable(label)
            found.update(characters)
            words += bool(characters)
        if not words:
            return
        named = " ".join(f"{character} ({n})" for character, n in found.most_common(_NAMED))
        more = ", .." if len(found) > _NAMED else ""
        line = (
            f"{_name(dataset)}: {words} of {total} labels have characters outside the charset:"
            f" {named}{more}"
        )
        if dataset.unspellable != "leave_out":
            raise CharsetError(f"{line}; take another charset, or leave_out by unspellable")
        print_log(f"{line}; these words are left out", "current", logging.WARNING)


def _check_alphabet(dataset: TextRecDataset, charset: Charset) -> None:
    """Say that a data set teaches nothing, where that is so."""
    alphabet = dataset.label_alphabet
    if alphabet is not None and leaves_out(alphabet, charset.characters):
        line = (
            f"{_name(dataset)}: its labels leave out marks, case or spaces, and this decoder learns"
            " from none of them; complete them (spotter relabel), take CTC, or a smaller charset"
        )
        print_log(line, "current", logging.WARNING)


def _sources(dataset: Any) -> Iterator[TextDataset]:
    """The reading data sets that a data set is made of."""
    if isinstance(dataset, TextDataset):
        yield dataset
    for part in getattr(dataset, "datasets", None) or [getattr(dataset, "dataset", None)]:
        if part is not None:
            yield from _sources(part)


def _name(dataset: TextDataset) -> str:
    return dataset.name or type(dataset.reader).__name__
