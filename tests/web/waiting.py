"""Waiting for something to become so, for no longer than it may take."""

from __future__ import annotations

import time
from collections.abc import Callable

DEADLINE_S = 40
INTERVAL_S = 0.02


def wait_until(condition: Callable[[], bool], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Poll until a condition holds; fail, naming it, when it doesn't in time."""
    deadline = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < deadline, f"not so after {deadline_s} s: {what}"
        time.sleep(INTERVAL_S)
