"""Hooks of a run."""

from spotter.engine.hooks.checkpoint import TimedCheckpointHook
from spotter.engine.hooks.ema import EMAHook
from spotter.engine.hooks.frame_alignment import FrameAlignmentHook
from spotter.engine.hooks.piece_schedule import PieceScheduleHook
from spotter.engine.hooks.progress import ProgressHook, RunInfoHook
from spotter.engine.hooks.stop import InterruptHook, TimeLimitHook

__all__ = [
    "EMAHook",
    "FrameAlignmentHook",
    "InterruptHook",
    "PieceScheduleHook",
    "ProgressHook",
    "RunInfoHook",
    "TimeLimitHook",
    "TimedCheckpointHook",
]
