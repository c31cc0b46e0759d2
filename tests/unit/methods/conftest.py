"""What all tests of recipes need."""

from __future__ import annotations

from uuid import uuid4

import pytest
from mmengine.logging import MessageHub


@pytest.fixture(autouse=True)
def outside_of_a_run() -> None:
    """No progress is left over from a run that another test made in this process."""
    MessageHub.get_instance(f"outside of a run {uuid4()}")
