"""A spotter of two tiny networks."""

from tests.unit.pipeline.conftest import pair, spotter

__all__ = ["pair", "spotter"]
