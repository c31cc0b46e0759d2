"""Readers: one file per annotation layout; each is a sequence of canonical samples.

Nothing but a reader knows how a benchmark lays out its files. A detection sample is
``{"img_path", "instances": [{"polygon", "text", "ignore"}]}``; a recognition sample is
``{"img_path", "text"}``, ``{"img_path", "polygon", "text"}`` for a word inside a photo, or
``{"lmdb_path", "key", "text"}``. ``text`` is ``None`` for an
unlabelled word and never ``""``.
"""

from spotter.data.readers.base import Reader
from spotter.data.readers.folder import ImageFolderReader
from spotter.data.readers.icdar_detection import ICDARDetectionReader
from spotter.data.readers.icdar_words import ICDARWordListReader
from spotter.data.readers.lmdb import LMDBReader, read_lmdb_image
from spotter.data.readers.scene_words import SceneWordsReader
from spotter.data.readers.svt_xml import SVTXMLReader
from spotter.data.readers.word_list import WordListReader

__all__ = [
    "ICDARDetectionReader",
    "ICDARWordListReader",
    "ImageFolderReader",
    "LMDBReader",
    "Reader",
    "SVTXMLReader",
    "SceneWordsReader",
    "WordListReader",
    "read_lmdb_image",
]
