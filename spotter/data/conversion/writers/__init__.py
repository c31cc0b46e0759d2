"""Layouts that sets are written in, one file each."""

from spotter.data.conversion.writers.base import Task, Writer
from spotter.data.conversion.writers.canonical import CanonicalWriter
from spotter.data.conversion.writers.coco import COCOWriter
from spotter.data.conversion.writers.icdar import ICDARWriter
from spotter.data.conversion.writers.lmdb import LMDBWriter
from spotter.data.conversion.writers.paddle import PaddleWriter

WRITERS: dict[str, type[Writer]] = {
    "canonical": CanonicalWriter,
    "lmdb": LMDBWriter,
    "icdar": ICDARWriter,
    "paddle": PaddleWriter,
    "coco": COCOWriter,
}

__all__ = ["WRITERS", "Task", "Writer"]
