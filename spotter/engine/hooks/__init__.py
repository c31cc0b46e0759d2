"""Hooks of a run."""

from spotter.engine.hooks.character_probe import CharacterProbeHook
from spotter.engine.hooks.checkpoint import TimedCheckpointHook
from spotter.engine.hooks.ema import EMAHook
from spotter.engine.hooks.frame_alignment import FrameAlignmentHook
from spotter.engine.hooks.fusion_start import FusionStartHook
from spotter.engine.hooks.peer_averaging import PeerAveragingHook
from spotter.engine.hooks.piece_schedule import PieceScheduleHook
from spotter.engine.hooks.progress import ProgressHook, RunInfoHook
from spotter.engine.hooks.stop import InterruptHook, TimeLimitHook
from spotter.engine.hooks.target_validation import TargetValidationHook

__all__ = [
    "CharacterProbeHook",
    "EMAHook",
    "FrameAlignmentHook",
    "FusionStartHook",
    "InterruptHook",
    "PeerAveragingHook",
    "PieceScheduleHook",
    "ProgressHook",
    "RunInfoHook",
    "TargetValidationHook",
    "TimeLimitHook",
    "TimedCheckpointHook",
]
