"""How command lines end: expected errors become one line and an exit status."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable

from spotter.errors import SpotterError


def run_tool(main: Callable[[], None]) -> None:
    """Run a command; an expected error becomes one line on stderr and exit status 2."""
    warnings.filterwarnings("ignore", category=FutureWarning)
    try:
        main()
    except SpotterError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        raise SystemExit(130) from None
