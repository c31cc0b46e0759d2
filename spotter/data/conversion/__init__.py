"""Conversion of data sets: any layout that a reader knows to one of those that are written here."""

from spotter.data.conversion.conversion import convert
from spotter.data.conversion.layouts import LAYOUTS, Layout
from spotter.data.conversion.source import Source
from spotter.data.conversion.writers import WRITERS

__all__ = ["LAYOUTS", "WRITERS", "Layout", "Source", "convert"]
