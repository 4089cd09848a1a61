"""Listening for notifications, on a connection of its own that does nothing else.

What isn't heard is found by the next look, so nothing here has to be certain.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from bookonce.platform.hosts import Hosts, Opened
from bookonce.platform.retry import DATABASE_ERRORS
from bookonce.platform.wake import CHANNEL
from bookonce.queue.failures import delay_s

CONNECT_TIMEOUT_S = 5.0
LOOK_S = 60.0
"""How often a silent connection is asked whether it is still there."""
RECONNECT_S_MAX = 10.0


async def listen(url: str, heard: Callable[[], None]) -> None:
    """Call `heard` at each ring until cancelled, through as many connections as it takes."""
    hosts, failures = Hosts(url), 0
    while True:
        try:
            connection = await hosts.connect(
                timeout=CONNECT_TIMEOUT_S, server_settings={"application_name": "bookonce listener"}
            )
        except DATABASE_ERRORS:
            failures += 1
            await asyncio.sleep(min(RECONNECT_S_MAX, delay_s(failures)))
            continue
        failures = 0
        try:
            await _listen(connection, heard)
        except DATABASE_ERRORS:
            await asyncio.sleep(delay_s(1))
        finally:
            connection.terminate()


async def _listen(connection: Opened, heard: Callable[[], None]) -> None:
    """Until the connection is gone."""
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _: lost.set())
    await connection.add_listener(CHANNEL, lambda *_: heard())
    heard()  # what was rung before we listened
    while not lost.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(lost.wait(), LOOK_S)
            return
        await connection.execute("SELECT 1", timeout=CONNECT_TIMEOUT_S)
