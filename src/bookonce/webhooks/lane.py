"""The lane of webhooks: a worker's own, beside its jobs, in which deliveries leave.

A webhook that answers well and quickly has a few deliveries at once, any other one has one. Those that
fail or are slow share a small part of the lane, and so do those of which nothing is known yet: any
number of dead receivers leaves the rest to the living.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import structlog

from bookonce.queue.lane import DATABASE_AWAY, Lane, Rhythm
from bookonce.webhooks import delivery_rows
from bookonce.webhooks.deliver import Sender, deliver
from bookonce.webhooks.delivery_rows import Attempt, Due
from bookonce.webhooks.retrying import Answer, Ending, Problem

SERVED_MAX = 1_000
"""Webhooks that this process serves at a time; the next look finds the others."""
FAILING_SERVED_MAX = 50
"""Those of them that fail, lest they be all."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pace(Rhythm):
    """How a lane works: how many deliveries at once to receivers that answer well, to those not known
    yet, and to those that fail or are slow; how many for one webhook; from which time on an answer is
    slow.
    """

    brisk: int = 64
    unknown: int = 16
    sluggish: int = 16
    for_one: int = 4
    slow_s: float = 2.0
    turn: int = 100
    silent_s: float = 30.0
    grace_s: float = 16.0


class WebhookLane(Lane):
    """Deliveries to webhooks."""

    what = "deliveries"

    def __init__(self, sender: Sender, pace: Pace | None = None) -> None:
        self._sender, self._pace = sender, pace or Pace()
        super().__init__(sender.installation.database, self._pace)
        self._brisk = asyncio.Semaphore(self._pace.brisk)
        self._unknown = asyncio.Semaphore(self._pace.unknown)
        self._sluggish = asyncio.Semaphore(self._pace.sluggish)
        self._failing: set[UUID] = set()
        self._proven: set[UUID] = set()
        self._slow: set[UUID] = set()
        self._under_way: list[Attempt] = []

    async def _begin(self, now: datetime) -> None:
        for due in await self._database.run(delivery_rows.due, now):
            if due.webhook_id in self._busy or not self._has_room(due):
                continue
            if due.is_failing:
                self._failing.add(due.webhook_id)
                self._proven.discard(due.webhook_id)
            self._serve_in(asyncio.create_task(self._serve(due)), due.webhook_id)

    async def _renew(self, now: datetime) -> int:
        under_way = tuple(self._under_way)
        await self._database.run(
            delivery_rows.beat, self.worker_id, under_way, now=now, lease=self._lease
        )
        return await self._database.run(delivery_rows.rescue, now)

    def _has_room(self, due: Due) -> bool:
        if due.is_failing:
            return len(self._failing) < FAILING_SERVED_MAX
        return len(self._busy) - len(self._failing) < SERVED_MAX

    def _served(self, served_id: UUID, task: asyncio.Task[None]) -> None:
        self._failing.discard(served_id)
        super()._served(served_id, task)

    async def _serve(self, due: Due) -> None:
        """One webhook's turn: it begins with one delivery, and goes on with a few at once for as long
        as the answers are good and quick.
        """
        sent = 0
        while sent < self._pace.turn and not self._is_stopping:
            width = self._pace.for_one if due.webhook_id in self._proven else 1
            hands = [self._hand(due) for _ in range(width)]
            done = await asyncio.gather(*hands)
            sent += width
            if not all(done):
                return

    async def _hand(self, due: Due) -> bool:
        """One delivery, if there is one. Whether there was, and it went well."""
        async with self._part_for(due.webhook_id):
            if self._is_stopping:
                return False
            try:
                attempts = await self._database.run(
                    delivery_rows.take,
                    due.business_id,
                    due.webhook_id,
                    self.worker_id,
                    1,
                    now=datetime.now(UTC),
                    lease=self._lease,
                )
            except DATABASE_AWAY as error:
                log.warning("webhooks wait for the database", error=type(error).__name__)
                return False
            return bool(attempts) and await self._one(attempts[0])

    def _part_for(self, webhook_id: UUID) -> asyncio.Semaphore:
        if webhook_id in self._proven:
            return self._brisk
        is_sluggish = webhook_id in self._failing or webhook_id in self._slow
        return self._sluggish if is_sluggish else self._unknown

    async def _one(self, attempt: Attempt) -> bool:
        began_s = time.monotonic()
        self._under_way.append(attempt)
        try:
            answer = await deliver(self._sender, attempt, now=datetime.now(UTC))
        except DATABASE_AWAY as error:
            # Its lease runs out, and it is sent again with the same id.
            log.warning("webhook is left for later", error=type(error).__name__)
            return False
        except Exception as error:
            log.error("webhook can't be made", event_id=attempt.event_id, exc_info=error)
            await self._give_up(attempt)
            return False
        finally:
            self._under_way.remove(attempt)
        is_slow = time.monotonic() - began_s >= self._pace.slow_s
        for known, holds in (
            (self._slow, is_slow),
            (self._proven, answer.is_success and not is_slow),
        ):
            (known.add if holds else known.discard)(attempt.webhook_id)
        return answer.is_success

    async def _give_up(self, attempt: Attempt) -> None:
        """A fault of ours: kept for somebody to look at, and in nobody's way."""
        with contextlib.suppress(*DATABASE_AWAY):
            await self._database.run(
                delivery_rows.end,
                attempt,
                Answer(problem=Problem.FAULT),
                Ending("failed"),
                datetime.now(UTC),
            )
