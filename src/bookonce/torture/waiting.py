"""Waiting for something to become so, for a bounded time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

INTERVAL_S = 0.05


class TooLongError(Exception):
    """Something didn't become so in time; the message says what."""


async def until(holds: Callable[[], Awaitable[bool]], timeout_s: float, what: str) -> None:
    """Ask again and again until it holds. Raises TooLongError."""
    deadline = time.monotonic() + timeout_s
    while not await holds():
        if time.monotonic() > deadline:
            raise TooLongError(f"waited {timeout_s:.0f} s until {what}")
        await asyncio.sleep(INTERVAL_S)
