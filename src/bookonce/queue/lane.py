"""A lane: a worker's own, beside its jobs, in which something leaves that others must answer.

What is under way is leased; a lease that isn't renewed runs out, and the next worker takes over. A
lane goes on whatever happens to the database, and in a restored copy it stands still.
"""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import ClassVar
from uuid import UUID, uuid4

import structlog

from bookonce.platform.database import Database
from bookonce.platform.errors import TryAgainError
from bookonce.platform.retry import DATABASE_ERRORS
from bookonce.queue import halt_rows

DATABASE_AWAY = (TryAgainError, *DATABASE_ERRORS)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a lane looks; after how long without a sign of life what it has is another's; and how
    long it may take to end.
    """

    poll_s: float = 0.5
    silent_s: float = 20.0
    grace_s: float = 15.0


class Lane(ABC):
    """`run` it once. Whatever is served has one task of its own at a time, by an id."""

    what: ClassVar[str]
    """What leaves, for logs."""

    def __init__(self, database: Database, rhythm: Rhythm) -> None:
        self.worker_id = uuid4()
        self._database, self._rhythm = database, rhythm
        self._busy: dict[UUID, asyncio.Task[None]] = {}
        self._is_stopping = False
        self._wake = asyncio.Event()

    @abstractmethod
    async def _begin(self, now: datetime) -> None:
        """Begin to serve whoever has something to send."""

    @abstractmethod
    async def _renew(self, now: datetime) -> int:
        """Renew the leases of what is under way, and free what workers that are gone have left; how
        much that is.
        """

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set; then finish what is under way, for `grace_s` at most."""
        beating = asyncio.create_task(self._beat())
        try:
            while not stop.is_set():
                try:
                    self._wake.clear()
                    await self._round()
                except DATABASE_AWAY as error:
                    log.warning(f"{self.what} wait for the database", error=type(error).__name__)
                await self._pause(stop)
        finally:
            await self._finish()
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    @property
    def _lease(self) -> timedelta:
        return timedelta(seconds=self._rhythm.silent_s)

    async def _round(self) -> None:
        """Look once. A restored copy sends nothing."""
        if not await self._database.run(halt_rows.halted):
            await self._begin(datetime.now(UTC))

    def _serve_in(self, task: asyncio.Task[None], served_id: UUID) -> None:
        """Whom a task serves; when it ends, the lane looks again."""
        self._busy[served_id] = task
        task.add_done_callback(partial(self._served, served_id))

    def _served(self, served_id: UUID, task: asyncio.Task[None]) -> None:
        self._busy.pop(served_id, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error(f"a fault of Bookonce: {self.what} not served", exc_info=error)
            return  # the next look comes with the next poll
        self._wake.set()

    async def _pause(self, stop: asyncio.Event) -> None:
        waits = [asyncio.create_task(event.wait()) for event in (stop, self._wake)]
        _, pending = await asyncio.wait(
            waits, timeout=self._rhythm.poll_s, return_when=asyncio.FIRST_COMPLETED
        )
        for each in pending:
            each.cancel()
        await asyncio.gather(*pending, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            with contextlib.suppress(*DATABASE_AWAY):
                if freed := await self._renew(datetime.now(UTC)):
                    log.warning(f"{self.what} of a lost worker are free", freed=freed)
            await asyncio.sleep(self._rhythm.silent_s / 4)

    async def _finish(self) -> None:
        """Begin nothing more, and let what is under way end."""
        self._is_stopping = True
        tasks = set(self._busy.values())
        if tasks:
            await asyncio.wait(tasks, timeout=self._rhythm.grace_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
