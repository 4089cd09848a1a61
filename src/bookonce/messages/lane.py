"""The lane: a worker's own, beside its jobs, in which messages leave.

Each business has a few at once, so that one with many or slow ones doesn't hold up others; a server
that can't be used rests for all. It goes on whatever happens to the database or the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import structlog

from bookonce.messages import lane_rows
from bookonce.messages.lane_rows import Attempt
from bookonce.messages.outgoing import Lost
from bookonce.messages.send import Sender, send
from bookonce.queue.lane import DATABASE_AWAY, Lane, Rhythm

REST_S_MAX = 60.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pace(Rhythm):
    """How a lane works: how many messages at once, in all and for one business, and how many it takes
    from one at a time.
    """

    at_once: int = 12
    for_one: int = 4
    taken: int = 20


class MessageLane(Lane):
    """Messages that go one way: by mail, or as text messages. `run` it once."""

    what = "messages"

    def __init__(self, sender: Sender, way: str, pace: Pace | None = None) -> None:
        self._sender, self._way, self._pace = sender, way, pace or Pace()
        super().__init__(sender.installation.database, self._pace)
        self._slots = asyncio.Semaphore(self._pace.at_once)
        self._under_way: set[UUID] = set()
        self._rest_until_s = 0.0
        self._rest_s = 0.0

    async def _begin(self, now: datetime) -> None:
        if time.monotonic() < self._rest_until_s:
            return
        for business_id in await self._database.run(lane_rows.tenants, self._way, now):
            if business_id not in self._busy and len(self._busy) < self._pace.at_once:
                self._serve_in(asyncio.create_task(self._serve(business_id)), business_id)

    async def _renew(self, now: datetime) -> int:
        under_way = tuple(self._under_way)
        await self._database.run(
            lane_rows.beat, self.worker_id, under_way, now=now, lease=self._lease
        )
        return await self._database.run(lane_rows.rescue, now)

    async def _serve(self, business_id: UUID) -> None:
        """Some of one business's messages, a few at once."""
        try:
            attempts = await self._database.run(
                lane_rows.take,
                business_id,
                self._way,
                self.worker_id,
                self._pace.taken,
                now=datetime.now(UTC),
                lease=self._lease,
            )
        except asyncpg.UniqueViolationError:
            return  # a rival began one of the same appointment; the next look finds the others
        except DATABASE_AWAY as error:
            log.warning("messages wait for the database", error=type(error).__name__)
            return
        few = asyncio.Semaphore(self._pace.for_one)
        self._under_way.update(attempt.message.id for attempt in attempts)
        async with asyncio.TaskGroup() as group:
            for attempt in attempts:
                group.create_task(self._one(attempt, few))

    async def _one(self, attempt: Attempt, few: asyncio.Semaphore) -> None:
        try:
            await self._attempted(attempt, few)
        finally:
            self._under_way.discard(attempt.message.id)

    async def _attempted(self, attempt: Attempt, few: asyncio.Semaphore) -> None:
        facts = {"message_id": attempt.message.id, "kind": attempt.message.kind.value}
        async with few, self._slots:
            try:
                is_well = await send(self._sender, attempt, now=datetime.now(UTC))
            except Lost:
                log.warning("message was another's by then", **facts)
                return
            except DATABASE_AWAY as error:
                # Its lease runs out, and the next worker knows how far it came.
                log.warning("message is left for later", **facts, error=type(error).__name__)
                return
            except Exception as error:
                log.error("message can't be made", **facts, exc_info=error)
                await self._give_up(attempt, error)
                return
        self._rest(is_well=is_well)
        log.info("message attempted", **facts, attempt=attempt.number)

    async def _give_up(self, attempt: Attempt, error: Exception) -> None:
        """A fault of ours: kept for somebody to look at, and in nobody's way."""
        with contextlib.suppress(*DATABASE_AWAY):
            await self._database.run(
                lane_rows.end,
                attempt,
                "failed",
                f"a fault of Bookonce: {type(error).__name__}",
                datetime.now(UTC),
            )

    def _rest(self, *, is_well: bool) -> None:
        """A server that can't be used is left alone for a while, longer each time."""
        if is_well:
            self._rest_s = self._rest_until_s = 0.0
            return
        self._rest_s = min(REST_S_MAX, max(1.0, self._rest_s * 2))
        self._rest_until_s = time.monotonic() + self._rest_s
