"""Readers: one file per annotation layout; each is a sequence of canonical samples.

Nothing but a reader knows how a benchmark lays out its files. A detection sample is
``{"img_path", "instances": [{"polygon", "text", "ignore"}]}``; a recognition sample is
``{"img_path", "text"}``, ``{"img_path", "polygon", "text"}`` for a word inside a photo, or
``{"lmdb_path", "key", "text"}``. Images of tar archives have ``tar_path``, ``key``, ``offset`` and
``size`` instead of ``img_path``. ``text`` is ``None`` for an unlabelled word and never ``""``.
"""

from spotter.data.readers.art import ArTReader
from spotter.data.readers.base import Reader
from spotter.data.readers.canonical import CanonicalReader
from spotter.data.readers.coco_instances import COCOInstancesReader
from spotter.data.readers.coco_text import COCOTextReader
from spotter.data.readers.ctw1500_offsets import CTW1500OffsetReader
from spotter.data.readers.ctw1500_text import CTW1500TextReader
from spotter.data.readers.ctw1500_xml import CTW1500XMLReader
from spotter.data.readers.cute80 import CUTE80Reader
from spotter.data.readers.doctr import DocTRReader
from spotter.data.readers.doctr_words import DocTRWordsReader
from spotter.data.readers.folder import ImageFolderReader
from spotter.data.readers.hiertext import HierTextReader
from spotter.data.readers.icdar2003_xml import ICDAR2003XMLReader
from spotter.data.readers.icdar2013 import ICDAR2013Reader
from spotter.data.readers.icdar_detection import ICDARDetectionReader
from spotter.data.readers.icdar_mlt import ICDARMLTReader
from spotter.data.readers.icdar_words import ICDARWordListReader
from spotter.data.readers.iiit5k import IIIT5KReader
from spotter.data.readers.label_studio import LabelStudioReader
from spotter.data.readers.labelme import LabelMeReader
from spotter.data.readers.lmdb import LMDBReader, read_lmdb_value
from spotter.data.readers.mined_words import MinedWordsReader
from spotter.data.readers.mjsynth import MJSynthReader
from spotter.data.readers.mmocr import MMOCRReader
from spotter.data.readers.mmocr_words import MMOCRWordsReader
from spotter.data.readers.msra_td500 import MSRATD500Reader
from spotter.data.readers.neighbouring_words import NeighbouringWordsReader
from spotter.data.readers.paddleocr import PaddleOCRReader
from spotter.data.readers.pseudo_labels import PseudoLabelReader
from spotter.data.readers.scene_words import SceneWordsReader
from spotter.data.readers.selected import SelectedReader
from spotter.data.readers.svt_xml import SVTXMLReader
from spotter.data.readers.svtp import SVTPReader
from spotter.data.readers.synthtext import SynthTextReader
from spotter.data.readers.textocr import TextOCRReader
from spotter.data.readers.total_text import TotalTextReader
from spotter.data.readers.total_text_lines import TotalTextLinesReader
from spotter.data.readers.total_text_mat import TotalTextMatReader
from spotter.data.readers.unlabelled_crops import UnlabelledCropsReader
from spotter.data.readers.webdataset import WebDatasetReader
from spotter.data.readers.word_json_lines import WordJSONLinesReader
from spotter.data.readers.word_list import WordListReader

__all__ = [
    "ArTReader",
    "COCOInstancesReader",
    "COCOTextReader",
    "CTW1500OffsetReader",
    "CTW1500TextReader",
    "CTW1500XMLReader",
    "CUTE80Reader",
    "CanonicalReader",
    "DocTRReader",
    "DocTRWordsReader",
    "HierTextReader",
    "ICDAR2003XMLReader",
    "ICDAR2013Reader",
    "ICDARDetectionReader",
    "ICDARMLTReader",
    "ICDARWordListReader",
    "IIIT5KReader",
    "ImageFolderReader",
    "LMDBReader",
    "LabelMeReader",
    "LabelStudioReader",
    "MJSynthReader",
    "MMOCRReader",
    "MMOCRWordsReader",
    "MSRATD500Reader",
    "MinedWordsReader",
    "NeighbouringWordsReader",
    "PaddleOCRReader",
    "PseudoLabelReader",
    "Reader",
    "SVTPReader",
    "SVTXMLReader",
    "SceneWordsReader",
    "SelectedReader",
    "SynthTextReader",
    "TextOCRReader",
    "TotalTextLinesReader",
    "TotalTextMatReader",
    "TotalTextReader",
    "UnlabelledCropsReader",
    "WebDatasetReader",
    "WordJSONLinesReader",
    "WordListReader",
    "read_lmdb_value",
]
