"""Telling the jobs' workers that there is something to do, after the commit that made it so.

The bell only wakes. A ring that gets lost costs the time until the workers look by themselves.
"""

from __future__ import annotations

import asyncio
import contextlib

import asyncpg

from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import TryAgainError

CHANNEL = "bookonce_jobs"
REST_S = 0.05
"""Between two rings of one process, so that a busy one costs its database twenty a second."""


class Bell:
    """The bell of one process.

    It rings on a connection of its own moment, never in the transaction that made the event: those
    that notify are committed one after the other, each with its wait for the disk.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked = False
        self._ringing: asyncio.Task[None] | None = None

    def ring(self) -> None:
        """Wake the workers soon. Call it after a commit with events to follow up; never waits."""
        self._asked = True
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.get_running_loop().create_task(self._ring())

    async def _ring(self) -> None:
        while self._asked:
            self._asked = False
            with contextlib.suppress(
                TryAgainError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError
            ):
                async with self._database.connection() as connection:
                    await notify(connection)
            await asyncio.sleep(REST_S)


async def notify(connection: Connection) -> None:
    """Wake the workers, when the connection's transaction commits."""
    await connection.execute(f"NOTIFY {CHANNEL}")
