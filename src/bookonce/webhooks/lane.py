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
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import structlog

from bookonce.platform.errors import TryAgainError
from bookonce.platform.retry import DATABASE_ERRORS
from bookonce.queue import halt_rows
from bookonce.webhooks import delivery_rows
from bookonce.webhooks.deliver import Sender, deliver
from bookonce.webhooks.delivery_rows import Attempt, Due
from bookonce.webhooks.retrying import Answer, Ending, Problem

DATABASE_AWAY = (TryAgainError, *DATABASE_ERRORS)
SERVED_MAX = 1_000
"""Webhooks that this process serves at a time; the next look finds the others."""
FAILING_SERVED_MAX = 50
"""Those of them that fail, lest they be all."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pace:
    """How a lane works: how many deliveries at once to receivers that answer well, to those not known
    yet, and to those that fail or are slow; how many for one webhook; from which time on an answer is
    slow; how often it looks; after how long without a sign of life its deliveries are another's.
    """

    brisk: int = 64
    unknown: int = 16
    sluggish: int = 16
    for_one: int = 4
    slow_s: float = 2.0
    turn: int = 100
    poll_s: float = 0.5
    silent_s: float = 30.0
    grace_s: float = 16.0


class Lane:
    """`run` it once."""

    def __init__(self, sender: Sender, pace: Pace | None = None) -> None:
        self.worker_id = uuid4()
        self._sender, self._pace = sender, pace or Pace()
        self._database = sender.installation.database
        self._brisk = asyncio.Semaphore(self._pace.brisk)
        self._unknown = asyncio.Semaphore(self._pace.unknown)
        self._sluggish = asyncio.Semaphore(self._pace.sluggish)
        self._busy: dict[UUID, asyncio.Task[None]] = {}
        self._failing: set[UUID] = set()
        self._proven: set[UUID] = set()
        self._slow: set[UUID] = set()
        self._under_way: list[Attempt] = []
        self._stopping = False
        self._wake = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set; then finish what is under way, for `grace_s` at most."""
        beating = asyncio.create_task(self._beat())
        try:
            while not stop.is_set():
                try:
                    self._wake.clear()
                    await self._round()
                except DATABASE_AWAY as error:
                    log.warning("webhooks wait for the database", error=type(error).__name__)
                await self._pause(stop)
        finally:
            await self._finish()
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    @property
    def _lease(self) -> timedelta:
        return timedelta(seconds=self._pace.silent_s)

    async def _round(self) -> None:
        """Begin to serve the webhooks that have something to send. A restored copy sends nothing."""
        if await self._database.run(halt_rows.halted):
            return
        for due in await self._database.run(delivery_rows.due, datetime.now(UTC)):
            if due.webhook_id in self._busy or not self._has_room(due):
                continue
            if due.is_failing:
                self._failing.add(due.webhook_id)
                self._proven.discard(due.webhook_id)
            task = asyncio.create_task(self._serve(due))
            self._busy[due.webhook_id] = task
            task.add_done_callback(partial(self._served, due.webhook_id))

    def _has_room(self, due: Due) -> bool:
        if due.is_failing:
            return len(self._failing) < FAILING_SERVED_MAX
        return len(self._busy) - len(self._failing) < SERVED_MAX

    def _served(self, webhook_id: UUID, task: asyncio.Task[None]) -> None:
        self._busy.pop(webhook_id, None)
        self._failing.discard(webhook_id)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a fault of Bookonce: webhook not served", exc_info=error)
            return  # the next look comes with the next poll
        self._wake.set()

    async def _serve(self, due: Due) -> None:
        """One webhook's turn: it begins with one delivery, and goes on with a few at once for as long
        as the answers are good and quick.
        """
        sent = 0
        while sent < self._pace.turn and not self._stopping:
            width = self._pace.for_one if due.webhook_id in self._proven else 1
            hands = [self._hand(due) for _ in range(width)]
            done = await asyncio.gather(*hands)
            sent += width
            if not all(done):
                return

    async def _hand(self, due: Due) -> bool:
        """One delivery, if there is one. Whether there was, and it went well."""
        async with self._part_for(due.webhook_id):
            if self._stopping:
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

    async def _pause(self, stop: asyncio.Event) -> None:
        waits = [asyncio.create_task(event.wait()) for event in (stop, self._wake)]
        _, pending = await asyncio.wait(
            waits, timeout=self._pace.poll_s, return_when=asyncio.FIRST_COMPLETED
        )
        for each in pending:
            each.cancel()
        await asyncio.gather(*pending, return_exceptions=True)

    async def _beat(self) -> None:
        """Renew our leases, and free those of workers that are gone."""
        while True:
            with contextlib.suppress(*DATABASE_AWAY):
                now = datetime.now(UTC)
                await self._database.run(
                    delivery_rows.beat,
                    self.worker_id,
                    tuple(self._under_way),
                    now=now,
                    lease=self._lease,
                )
                if freed := await self._database.run(delivery_rows.rescue, now):
                    log.warning("deliveries of a lost worker are free", deliveries=freed)
            await asyncio.sleep(self._pace.silent_s / 4)

    async def _finish(self) -> None:
        """Begin nothing more, and let what is under way end."""
        self._stopping = True
        tasks = set(self._busy.values())
        if tasks:
            await asyncio.wait(tasks, timeout=self._pace.grace_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
