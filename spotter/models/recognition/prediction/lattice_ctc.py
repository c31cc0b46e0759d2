"""Connectionist temporal classification over all readings that a label allows.

A label that leaves out marks or case names a set of readings (:class:`spotter.label_lattice
.LabelLattice`), and the loss is the negative log of the probability of all paths that spell any of
them: CTC's forward algorithm (Graves et al., ICML 2006, section 4.1) on a graph with more states,
as in graph-based CTC (Moritz et al., ICASSP 2021) and CTC with optional tokens. What the label does
not tell (commas, case) does not change the loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from spotter.label_lattice import LabelLattice

# Stands for log 0: finite, so that no gradient becomes NaN.
_NEVER = -1e30
_IMPOSSIBLE = 1e20


@dataclass(frozen=True)
class _Graph:
    """The lattices of a batch. N words of at most L characters, each in at most A forms.

    Attributes:
        forms: (N, L, A) classes of each character's forms, padded with 0.
        exists: (N, L, A) bool, false for padding.
        gaps: (N, K) bool, the classes that may stand between characters: the blank and the marks.
        doubled: (2, R) word and place of each character that repeats the one before it.
        lengths: (N,) characters of each word.
    """

    forms: Tensor
    exists: Tensor
    gaps: Tensor
    doubled: Tensor
    lengths: Tensor


def lattice_ctc_loss(
    log_probabilities: Tensor, lattices: Sequence[LabelLattice], frames: Tensor
) -> Tensor:
    """Negative log-probability that CTC reads one of the readings of each word's lattice.

    Any number of marks may stand before, between and after the characters of a label. A lattice
    that allows a single reading gives the loss of ordinary CTC.

    Args:
        log_probabilities: (N, T, K) log-softmax of the logits; class 0 is the blank.
        lattices: N lattices.
        frames: (N,) number of frames of each word that are not padding.

    Returns:
        (N,) float32; 0 for a word that has more characters than frames.
    """
    logs = log_probabilities.float()
    graph = _graph(lattices, logs.shape[2], logs.device)
    words, total, _ = logs.shape
    length, width = graph.forms.shape[1:]
    gap_logs = logs.masked_fill(~graph.gaps[:, None], _NEVER).logsumexp(2)
    index = graph.forms.flatten(1)[:, None].expand(words, total, -1)
    form_logs = logs.gather(2, index).view(words, total, length, width)
    form_logs = form_logs.masked_fill(~graph.exists[:, None], _NEVER)
    active = torch.arange(total, device=logs.device) < frames.to(logs.device)[:, None]
    whole = bool(active.all())

    # Before the first frame a path stands in the first gap.
    gaps = logs.new_full((words, length + 1), _NEVER)
    gaps[:, 0] = 0.0
    forms = logs.new_full((words, length, width), _NEVER)
    for gap_log, form_log, going in zip(
        gap_logs.unbind(1), form_logs.unbind(1), active.unbind(1), strict=True
    ):
        reached = torch.logaddexp(gaps, F.pad(forms.logsumexp(2), (1, 0), value=_NEVER))
        entered = _entered(reached, gaps, forms, graph)
        next_gaps = reached + gap_log[:, None]
        next_forms = torch.logaddexp(forms, entered) + form_log
        if whole:
            gaps, forms = next_gaps, next_forms
        else:
            gaps = torch.where(going[:, None], next_gaps, gaps)
            forms = torch.where(going[:, None, None], next_forms, forms)
    ends = torch.logaddexp(gaps, F.pad(forms.logsumexp(2), (1, 0), value=_NEVER))
    loss = -ends.gather(1, graph.lengths[:, None])[:, 0]
    return torch.where(loss < _IMPOSSIBLE, loss, torch.zeros_like(loss))


def _entered(reached: Tensor, gaps: Tensor, forms: Tensor, graph: _Graph) -> Tensor:
    """(N, L, A) log-probability of the paths from which each form may be begun.

    That is any path that stands at or after the character before. Where a character repeats, the
    same form needs a frame of the gap first, or CTC would merge the two.
    """
    entered = reached[:, :-1, None].expand_as(forms)
    if not graph.doubled.shape[1]:
        return entered
    word, place = graph.doubled
    width = forms.shape[2]
    same = torch.eye(width, dtype=torch.bool, device=forms.device)
    others = forms[word, place - 1][:, None].expand(-1, width, -1).masked_fill(same, _NEVER)
    apart = torch.logaddexp(gaps[word, place][:, None], others.logsumexp(2))
    return entered.index_put((word, place), apart)


def _graph(lattices: Sequence[LabelLattice], classes: int, device: torch.device) -> _Graph:
    length = max((len(lattice.steps) for lattice in lattices), default=0)
    width = max((len(step) for lattice in lattices for step in lattice.steps), default=1)
    forms = torch.zeros((len(lattices), length, width), dtype=torch.long)
    exists = torch.zeros_like(forms, dtype=torch.bool)
    gaps = torch.zeros((len(lattices), classes), dtype=torch.bool)
    gaps[:, 0] = True
    doubled: list[tuple[int, int]] = []
    for n, lattice in enumerate(lattices):
        gaps[n, list(lattice.marks)] = True
        for place, step in enumerate(lattice.steps):
            forms[n, place, : len(step)] = torch.tensor(step)
            exists[n, place, : len(step)] = True
            if place and step == lattice.steps[place - 1]:
                doubled.append((n, place))
    places = torch.tensor(doubled, dtype=torch.long).view(-1, 2).T
    lengths = torch.tensor([len(lattice.steps) for lattice in lattices])
    return _Graph(*(each.to(device) for each in (forms, exists, gaps, places, lengths)))
