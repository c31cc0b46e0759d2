"""The state of a conversion, from which an interrupted one continues."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from spotter.errors import ConfigError
from spotter.io.writing import write_file

FILE_NAME = "conversion.json"


@dataclass
class Counts:
    """Counts of what a source was converted to.

    Attributes:
        samples: Photos or word crops in the converted set.
        words: Words in them that have a text.
        unlabelled: Words in them whose text is unknown.
        ignored: Words in them that neither train nor score (``###``); with ``--crops``, where they
            are left out, those of the source.
        left_out: Words that ``--crops`` leaves out for another reason, by reason.
        flattened: Curved outlines of which only the smallest rectangle is in the set.
        refused: Malformed entries and unreadable images, which are not in the set.
    """

    samples: int = 0
    words: int = 0
    unlabelled: int = 0
    ignored: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    flattened: int = 0
    refused: int = 0


@dataclass
class Record:
    """``conversion.json`` of a converted set.

    Attributes:
        settings: All that the set depends on besides its source.
        position: Samples of the source that are done.
        counts: What became of them.
        refused_size: Bytes of the list of refusals so far.
        writer: State of the writer.
        complete: The set is finished.
    """

    settings: dict[str, Any]
    position: int = 0
    counts: Counts = field(default_factory=Counts)
    refused_size: int = 0
    writer: dict[str, Any] | None = None
    complete: bool = False

    @classmethod
    def open(cls, root: Path, settings: dict[str, Any]) -> Record:
        """The record of a set that is begun, or a new one.

        Raises:
            ConfigError: The folder holds a set with other settings, or something else.
        """
        file = root / FILE_NAME
        if not file.exists():
            others = [path.name for path in root.iterdir()] if root.is_dir() else []
            if others:
                raise ConfigError(
                    f"{root}: is not empty ({others[0]}) and no conversion; name another folder"
                )
            return cls(settings)
        try:
            kept = json.loads(file.read_text(encoding="utf-8"))
            record = cls(**{**kept, "counts": Counts(**kept["counts"])})
        except (OSError, ValueError, KeyError, TypeError):
            raise ConfigError(f"{file}: not a record of a conversion") from None
        changed = [key for key in settings if record.settings.get(key) != settings[key]]
        if changed:
            was = record.settings.get(changed[0])
            raise ConfigError(
                f"{root}: was begun with {changed[0]} {was}; name another folder, or --restart"
            )
        return record

    def save(self, root: Path) -> None:
        """Write the record atomically."""
        write_file(root / FILE_NAME, json.dumps(asdict(self), indent=1) + "\n")


def forget(root: Path) -> None:
    """Remove what an earlier conversion wrote, except images.

    Raises:
        ConfigError: The folder holds something that was not converted here.
    """
    if not root.exists():
        return
    if not (root / FILE_NAME).is_file():
        raise ConfigError(f"{root}: holds no conversion that could be restarted")
    names = ("labels.jsonl", "gt.txt", "Label.txt", "rec_gt.txt", "annotations.json")
    texts = [*names, "annotations.words", "refused.txt"]
    files = [root / name for name in (*texts, *(f"{name}.part" for name in texts))]
    files += [root / "data.mdb", root / "lock.mdb", *(root / "gt").glob("gt_*.txt")]
    # The record goes last: as long as it is there, another restart can clear up the rest.
    for file in [*files, root / FILE_NAME]:
        file.unlink(missing_ok=True)
