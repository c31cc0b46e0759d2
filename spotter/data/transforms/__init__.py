"""Transforms of training and evaluation pipelines, registered in ``TRANSFORMS``."""

from spotter.data.transforms.affine_crop import RandomAffineCrop
from spotter.data.transforms.branches import MultiBranch
from spotter.data.transforms.consistency_views import HideText, StrongView, WeakView
from spotter.data.transforms.db_targets import DBTargets
from spotter.data.transforms.det_photometric import RandomDegrade
from spotter.data.transforms.det_resize import ResizeByLimit
from spotter.data.transforms.image_views import ImageView
from spotter.data.transforms.loading import LoadCrop, LoadImage
from spotter.data.transforms.packing import PackDetInputs, PackRecInputs
from spotter.data.transforms.rec_augment import RecAugment
from spotter.data.transforms.rec_photometric import (
    ColorJitter,
    PhotometricTransform,
    RandomGrey,
    RandomInvert,
)
from spotter.data.transforms.rec_resize import RecInputSize, RecResize
from spotter.data.transforms.semimtr_views import ColorTextureView, WeakGeometricView
from spotter.data.transforms.seqclr_views import SeqCLRView

__all__ = [
    "ColorJitter",
    "ColorTextureView",
    "DBTargets",
    "HideText",
    "ImageView",
    "LoadCrop",
    "LoadImage",
    "MultiBranch",
    "PackDetInputs",
    "PackRecInputs",
    "PhotometricTransform",
    "RandomAffineCrop",
    "RandomDegrade",
    "RandomGrey",
    "RandomInvert",
    "RecAugment",
    "RecInputSize",
    "RecResize",
    "ResizeByLimit",
    "SeqCLRView",
    "StrongView",
    "WeakGeometricView",
    "WeakView",
]
