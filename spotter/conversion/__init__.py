"""Conversion of data sets: any layout that a reader knows to one of those that are written here."""

from spotter.conversion.conversion import convert
from spotter.conversion.layouts import LAYOUTS, Layout
from spotter.conversion.source import Source
from spotter.conversion.writers import WRITERS

__all__ = ["LAYOUTS", "WRITERS", "Layout", "Source", "convert"]
