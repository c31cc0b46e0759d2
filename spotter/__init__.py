"""Scene text spotting: detectors, recognizers and training recipes that are swapped by config.

Importing this package imports nothing heavy; ``SceneTextSpotter`` is fetched when asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spotter.pipeline import SceneTextSpotter

__version__ = "0.1.0"
__all__ = ["SceneTextSpotter", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "SceneTextSpotter":
        from spotter.pipeline import SceneTextSpotter

        return SceneTextSpotter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), "SceneTextSpotter"])
