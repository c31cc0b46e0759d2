"""What a training session is asked for, and what it reports."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class SessionSettings:
    """Arguments of a training session.

    Attributes:
        kind: ``"detector"`` or ``"recognizer"``.
        minutes: Minutes of training.
        state: Folder of the training state.
        data_root: Folder of the data sets.
        weights_folder: Folder of the shipped weights, from which a fresh state starts.
        unreleased: Folder of weights that are not good enough to ship yet; a fresh state starts
            from those of its model, if there are any.
        config: Config file instead of the kind's own.
        synthetic: Number of synthetic samples to draw into the state's folder first.
        signs: For a recognizer, number of words of shop fronts and logos to draw in addition.
        pages: Number of pages and screens to draw in addition; for a recognizer, of their words.
        unlabelled: LMDB of crops without labels (``tools/mine_crops.py``) for a recognizer to
            learn from as well: the shipped preset reads them, with its language, and the readings
            it is sure of become labels (one round of self-training per version of the weights).
        photos: Folders of photos without labels for a recognizer to learn from as well: the shipped
            preset labels the words that it reads alike in many views
            (:class:`spotter.labeling.photo_labels.LabelRules`), once per version of the weights.
        photo_labels: For each of those folders one of label files that exist already, such as
            those on which the shipped preset and an independent reader agree
            (``tools/label_photos.py --by agreement``); empty: see ``photos``.
        workers: Loader processes and synthesis processes; ``None``: none on two cores or fewer,
            else one per core.
        peak: Peak of the learning rate as a factor of the config's.
        peers: Folder shared with sessions of the same model that train at the same time, each from
            a state of its own: they average their weights periodically, and each sees the samples
            in its own order.
        options: Overrides of config values.
        note: Goes into the log.
    """

    kind: str
    minutes: float
    state: Path
    data_root: Path
    weights_folder: Path
    unreleased: Path | None = None
    config: Path | None = None
    synthetic: int = 0
    signs: int = 0
    pages: int = 0
    unlabelled: Path | None = None
    photos: tuple[Path, ...] = ()
    photo_labels: tuple[Path, ...] = ()
    workers: int | None = None
    peak: float = 1.0
    peers: Path | None = None
    options: dict[str, Any] = field(default_factory=dict)
    note: str = ""


@dataclass
class SessionReport:
    """Result of one training session; a line of the model's log.

    Attributes:
        model: Name of the model.
        date: Day on which the session ended.
        minutes: Minutes of training, validation not counted; includes those of interrupted sessions
            before it, which have no line of their own.
        iterations: Iterations so far, over all sessions.
        samples: Samples seen in these minutes, including those of the session's peers.
        machine: Device and threads.
        started_from: ``"state"``, ``"shipped weights"``, ``"unreleased weights"``,
            ``"initialised from NAME"`` or ``"scratch"``.
        init_from: The shipped model that it is a deeper or wider version of; empty: none.
        score: The model's own validation score.
        metric: Which of ``metrics`` that is; empty in logs from before it was recorded.
        metrics: All validation scores.
        preset: Scores of the default preset with these weights.
        shipped_preset: The same in the same run with the weights shipped before.
        shipped: Whether the weights became the shipped ones.
        note: What was tried in this session.
    """

    model: str
    date: str
    minutes: float
    iterations: int
    samples: int
    machine: str
    started_from: str
    score: float
    metrics: dict[str, float] = field(default_factory=dict)
    preset: dict[str, float] = field(default_factory=dict)
    shipped_preset: dict[str, float] = field(default_factory=dict)
    shipped: bool = False
    note: str = ""
    init_from: str = ""
    metric: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        return asdict(self)
