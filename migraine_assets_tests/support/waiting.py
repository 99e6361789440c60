"""Waiting for a condition instead of a fixed time."""

import time
from collections.abc import Callable
from typing import Any

# Seconds. A generous limit costs nothing if the condition becomes true, and a loaded machine is slow.
PATIENCE = 300.0


def eventually(condition: Callable[[], Any], *, patience: float = PATIENCE) -> Any:
    """Return the first true value of `condition`, or its last value after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not (value := condition()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return value
