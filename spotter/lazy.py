"""Packages whose names are loaded when they are asked for.

``pkg/exports.py`` imports and lists what ``pkg`` offers; the registries import it to have all of it
registered. ``pkg/__init__.py`` passes on to it, so that a submodule that needs no torch
(``spotter.io.images``) can be imported without those that do.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any


def lazy_exports(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` (PEP 562) of a package that has a module ``exports``.

    Args:
        package: Its ``__name__``.
    """

    def get(name: str) -> Any:
        # Submodules and dunders are looked up here, too, before the import system finds them. A
        # submodule must not wait for the exports, of which it may be a part.
        if not name.startswith("_") and name != "exports":
            if importlib.util.find_spec(f"{package}.{name}") is not None:
                return importlib.import_module(f"{package}.{name}")
            exports = importlib.import_module(f"{package}.exports")
            if name in getattr(exports, "__all__", ()):
                return getattr(exports, name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def names() -> list[str]:
        return sorted(importlib.import_module(f"{package}.exports").__all__)

    return get, names
