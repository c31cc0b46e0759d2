"""Layouts that sets are written in, one file each."""

from spotter.conversion.writers.base import Task, Writer
from spotter.conversion.writers.canonical import CanonicalWriter
from spotter.conversion.writers.coco import COCOWriter
from spotter.conversion.writers.icdar import ICDARWriter
from spotter.conversion.writers.lmdb import LMDBWriter
from spotter.conversion.writers.paddle import PaddleWriter

WRITERS: dict[str, type[Writer]] = {
    "canonical": CanonicalWriter,
    "lmdb": LMDBWriter,
    "icdar": ICDARWriter,
    "paddle": PaddleWriter,
    "coco": COCOWriter,
}

__all__ = ["WRITERS", "Task", "Writer"]
