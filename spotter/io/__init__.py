"""Reading pictures, documents and folders. All input is treated as untrusted.

Imports numpy, OpenCV and Pillow only.
"""

from spotter.io.documents import Page, read_pages
from spotter.io.images import IMAGE_SUFFIXES, ImageSource, image_size, read_image
from spotter.io.sources import DEFAULT_LIMITS, ReadLimits

__all__ = [
    "DEFAULT_LIMITS",
    "IMAGE_SUFFIXES",
    "ImageSource",
    "Page",
    "ReadLimits",
    "image_size",
    "read_image",
    "read_pages",
]
