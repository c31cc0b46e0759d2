"""A spotter of two tiny networks."""

from tests.unit.pipeline.conftest import preset, spotter

__all__ = ["preset", "spotter"]
