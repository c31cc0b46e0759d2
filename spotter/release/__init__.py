"""How the shipped models come about: training in pieces, and publishing what got better."""

from spotter.release.piece import PieceReport, train_piece
from spotter.release.publish import publish

__all__ = ["PieceReport", "publish", "train_piece"]
