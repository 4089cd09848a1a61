"""Waking the workers after a commit that left them something to do.

It only wakes. A notification that is lost costs the time until the workers look by themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from bookonce.platform.connection import Connection
from bookonce.platform.retry import DATABASE_ERRORS

CHANNEL = "bookonce_jobs"
REST_S = 0.05
"""Between two notifications of one process, so that a busy one costs its database twenty a second."""


class Waker:
    """Notifies the workers, for one process.

    It uses a connection of its own moment, never the transaction that wrote the event: those that
    notify are committed one after the other, each with its wait for the disk.
    """

    def __init__(self, connection: Callable[[], AbstractAsyncContextManager[Connection]]) -> None:
        self._connection = connection
        self._is_asked = False
        self._notifying: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Wake the workers soon; never waits."""
        self._is_asked = True
        if self._notifying is None or self._notifying.done():
            self._notifying = asyncio.get_running_loop().create_task(self._notify())

    async def _notify(self) -> None:
        while self._is_asked:
            self._is_asked = False
            with contextlib.suppress(*DATABASE_ERRORS):
                async with self._connection() as connection:
                    await notify(connection)
            await asyncio.sleep(REST_S)


async def notify(connection: Connection) -> None:
    """Wake the workers, when the connection's transaction commits."""
    await connection.execute(f"NOTIFY {CHANNEL}")
