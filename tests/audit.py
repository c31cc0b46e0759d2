"""Known vulnerabilities of what is installed: ``python -m tests.audit``.

Runs pip-audit over this environment and passes its answer on. Where pip-audit is not installed, or
cannot reach the database, it says so and ends with 0: that is no finding.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys

_SECONDS = 300
# What pip-audit and its libraries say where a host cannot be reached.
_OFFLINE = (
    "ConnectionError",
    "Could not connect",
    "Failed to resolve",
    "Max retries exceeded",
    "NameResolutionError",
    "ReadTimeout",
    "ServiceError",
    "service_unavailable",
)


def main() -> int:
    """The status to exit with: that of pip-audit, or 0 where it could not look anything up."""
    if importlib.util.find_spec("pip_audit") is None:
        print("audit: pip-audit is not installed (pip install pip-audit); nothing was looked up")
        return 0
    command = [sys.executable, "-m", "pip_audit", "--skip-editable", "--progress-spinner", "off"]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        print(f"audit: no answer within {_SECONDS} s; nothing was looked up")
        return 0
    answer = f"{ran.stdout}{ran.stderr}"
    if ran.returncode and any(word in answer for word in _OFFLINE):
        print("audit: the database cannot be reached; nothing was looked up")
        return 0
    print(answer.strip())
    return ran.returncode


if __name__ == "__main__":
    raise SystemExit(main())
