"""Convert a data set: every sample, its image, and a list of refused entries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from spotter.conversion.images import ImageMode, ImageStore
from spotter.conversion.record import Counts, Record
from spotter.conversion.writers import WRITERS, Task, Writer
from spotter.conversion.writers.base import GrowingFile
from spotter.data.readers import Reader
from spotter.errors import AnnotationError, ConfigError, SpotterError

REFUSALS = "refused.txt"
_SAMPLES_PER_CHECKPOINT = 500


def convert(
    reader: Reader,
    task: Task,
    root: str | Path,
    target: str,
    images: ImageMode = "keep",
    source: Path | None = None,
    settings: dict[str, Any] | None = None,
    advance: Callable[[int], None] = lambda done: None,
) -> Counts:
    """Write all samples of a reader in another layout.

    The set's folder also gets ``conversion.json``, from which an interrupted conversion goes on,
    and ``refused.txt`` if anything was refused: a line per entry that says where and why.

    Args:
        reader: Any reader; one that is not ``strict`` leaves out malformed entries, and they are
            listed.
        task: Kind of its samples.
        root: Folder of the converted set; made when missing, completed when begun.
        target: Key of :data:`WRITERS`.
        images: See :class:`ImageStore`.
        source: See :class:`ImageStore`.
        settings: What else tells this conversion from others into the same folder.
        advance: Called with the number of samples that are done.

    Returns:
        Counts of the samples; for a set that is complete already, those of the earlier run.

    Raises:
        ConfigError: The folder holds something else, or the layout does not hold such samples.
        AnnotationError: Nothing at all could be converted.
    """
    root = Path(root)
    if target not in WRITERS:
        raise ConfigError(f"{target}: no such target; one of {', '.join(WRITERS)}")
    kind = WRITERS[target]
    if task not in kind.tasks:
        raise ConfigError(_wrong_kind(target, task))
    settings = {"target": target, "task": task, "images": images, **(settings or {})}
    record = Record.open(root, settings)
    if record.complete:
        advance(len(reader))
    else:
        root.mkdir(parents=True, exist_ok=True)
        store = ImageStore(root, images, source, kind.flat_images)
        writer = kind(root, store, task, record.writer)
        _Conversion(reader, root, record, writer, advance).run()
    if not record.counts.samples:
        raise AnnotationError(f"{root}: nothing could be converted, see {root / REFUSALS}")
    return record.counts


class _Conversion:
    def __init__(
        self,
        reader: Reader,
        root: Path,
        record: Record,
        writer: Writer,
        advance: Callable[[int], None],
    ) -> None:
        self.reader = reader
        self.root = root
        self.record = record
        self.writer = writer
        self.advance = advance
        self.refused = GrowingFile(root / REFUSALS, record.refused_size)

    def run(self) -> None:
        record = self.record
        if record.writer is None:
            self.note(self.reader.refusals)
            record.counts.left_out = dict(getattr(self.reader, "left_out", Counter()))
            record.counts.ignored = record.counts.left_out.pop("ignored", 0)
        self.save()
        self.advance(record.position)
        try:
            for index in range(record.position, len(self.reader)):
                self.one(index)
                self.advance(1)
                record.position = index + 1
                if record.position % _SAMPLES_PER_CHECKPOINT == 0:
                    self.save()
            self.save()
            self.writer.finish()
            if record.counts.refused:
                self.refused.finish()
            else:
                self.refused.part.unlink()
            record.complete = True
            record.save(self.root)
        finally:
            self.writer.close()
            self.refused.close()

    def one(self, index: int) -> None:
        try:
            sample = self.reader[index]
            self.check(sample)
            self.writer.write(sample, index)
        except SpotterError as error:
            self.note([str(error)])
            return
        counts = self.record.counts
        counts.samples += 1
        words = sample["instances"] if self.writer.task == "detection" else [sample]
        for word in words:
            if word.get("ignore", False):
                counts.ignored += 1
            elif word["text"] is None:
                counts.unlabelled += 1
            else:
                counts.words += 1

    def check(self, sample: dict[str, Any]) -> None:
        """Some layouts hold photos or word crops, and the user may have named the wrong one."""
        if self.writer.task == "detection" and "instances" not in sample:
            raise AnnotationError(f"{sample.get('img_path')}: is a word crop, not a labelled photo")
        if self.writer.task == "recognition" and "text" not in sample:
            raise AnnotationError(f"{sample.get('img_path')}: is a labelled photo, not a word crop")

    def note(self, refusals: Sequence[str]) -> None:
        for line in refusals:
            self.refused.write(line + "\n")
        self.record.counts.refused += len(refusals)

    def save(self) -> None:
        self.record.writer = self.writer.checkpoint()
        self.record.refused_size = self.refused.size()
        self.record.counts.flattened = getattr(self.writer, "flattened", 0)
        self.record.save(self.root)


def _wrong_kind(target: str, task: Task) -> str:
    fitting = ", ".join(name for name, writer in WRITERS.items() if task in writer.tasks)
    if task == "detection":
        return (
            f"{target} holds word crops, and these are photos: add --crops, or write to {fitting}"
        )
    return f"{target} holds photos, and these are word crops: write to {fitting}"
