"""Word crops in an LMDB, the layout in which recognition sets are shared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spotter.conversion.writers.base import Task, Writer, WriterState
from spotter.data.growing_lmdb import open_lmdb
from spotter.errors import ConfigError


class LMDBWriter(Writer):
    """``data.mdb`` with the keys ``num-samples``, ``image-000000001`` and ``label-000000001``.

    Image files go in as they are. The label of an unlabelled crop is empty.
    """

    tasks: tuple[Task, ...] = ("recognition",)

    def _open(self, state: WriterState) -> None:
        self._count: int = state.get("count", 0)
        self._pending: list[tuple[bytes, bytes]] = []
        self._environment = open_lmdb(self.root)
        with self._environment.begin() as transaction:
            present = transaction.get(b"num-samples")
        if not state and int(present or 0):
            self._environment.close()
            raise ConfigError(f"{self.root}: holds an LMDB already; name another folder")

    def write(self, sample: dict[str, Any], index: int) -> None:
        """See :meth:`Writer.write`."""
        data = self.images.encoded(sample)
        self._count += 1
        self._pending.append((b"image-%09d" % self._count, data))
        self._pending.append((b"label-%09d" % self._count, (sample["text"] or "").encode()))

    def checkpoint(self) -> WriterState:
        """See :meth:`Writer.checkpoint`."""
        with self._environment.begin(write=True) as transaction:
            for key, value in self._pending:
                transaction.put(key, value)
            transaction.put(b"num-samples", b"%d" % self._count)
        self._pending.clear()
        return {"count": self._count}

    def finish(self) -> list[Path]:
        """See :meth:`Writer.finish`."""
        self.checkpoint()
        self.close()
        return [self.root / "data.mdb"]

    def close(self) -> None:
        """See :meth:`Writer.close`."""
        self._environment.close()
