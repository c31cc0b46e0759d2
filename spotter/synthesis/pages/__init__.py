"""Pages and screens: documents, receipts, tables, labels, posters, displays, seals, screens."""

from spotter.synthesis.pages.synthesizer import PAGE_KINDS, PageSynthesizer

__all__ = ["PAGE_KINDS", "PageSynthesizer"]
