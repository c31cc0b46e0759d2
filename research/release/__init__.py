"""How the shipped models come about: training in pieces, and publishing what got better."""

from research.release.piece import PieceReport, train_piece
from research.release.publish import publish

__all__ = ["PieceReport", "publish", "train_piece"]
