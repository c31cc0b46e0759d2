"""Hooks of a run."""

from spotter.training.hooks.character_probe import CharacterProbeHook
from spotter.training.hooks.checkpoint import TimedCheckpointHook
from spotter.training.hooks.ema import EMAHook
from spotter.training.hooks.fine_tuning import (
    EarlyStopHook,
    FirstValidationHook,
    FixedNormsHook,
)
from spotter.training.hooks.frame_alignment import FrameAlignmentHook
from spotter.training.hooks.fusion_start import FusionStartHook
from spotter.training.hooks.label_check import LabelCheckHook
from spotter.training.hooks.progress import ProgressHook, RunInfoHook
from spotter.training.hooks.shared_parts import SharedPartsHook
from spotter.training.hooks.stop import InterruptHook, TimeLimitHook
from spotter.training.hooks.target_validation import TargetValidationHook
from spotter.training.hooks.timed_schedule import TimedScheduleHook

__all__ = [
    "CharacterProbeHook",
    "EMAHook",
    "EarlyStopHook",
    "FirstValidationHook",
    "FixedNormsHook",
    "FrameAlignmentHook",
    "FusionStartHook",
    "InterruptHook",
    "LabelCheckHook",
    "ProgressHook",
    "RunInfoHook",
    "SharedPartsHook",
    "TargetValidationHook",
    "TimeLimitHook",
    "TimedCheckpointHook",
    "TimedScheduleHook",
]
