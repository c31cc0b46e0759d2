"""Systems to compare, ours and baselines, behind one base class."""

from benchmarks.systems.base import System, TimedSpot
from benchmarks.systems.baselines import RapidOCRSystem, baseline_system, present_baselines
from benchmarks.systems.ours import OurSystem, Settings, our_system

__all__ = [
    "OurSystem",
    "RapidOCRSystem",
    "Settings",
    "System",
    "TimedSpot",
    "baseline_system",
    "our_system",
    "present_baselines",
]
