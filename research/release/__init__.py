"""Training of the shipped models in sessions, and release of weights that score higher."""

from research.release.publish import publish
from research.release.session import train_session
from research.release.settings import SessionReport, SessionSettings

__all__ = ["SessionReport", "SessionSettings", "publish", "train_session"]
