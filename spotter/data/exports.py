"""What :mod:`spotter.data` offers; importing this registers all of it."""

from spotter import synthesis
from spotter.data.bucket_sampler import BucketBatchSampler
from spotter.data.datasets import ConcatDataset, TextDetDataset, TextRecDataset
from spotter.data.images import detector_input_size, image_size, read_image
from spotter.data.samplers import EndlessSampler, RatioSampler
from spotter.data.text_corpus import TextCorpusDataset

__all__ = [
    "BucketBatchSampler",
    "ConcatDataset",
    "EndlessSampler",
    "RatioSampler",
    "TextCorpusDataset",
    "TextDetDataset",
    "TextRecDataset",
    "detector_input_size",
    "image_size",
    "read_image",
    "synthesis",
]
