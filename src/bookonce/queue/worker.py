"""A worker: fills the queue from events and schedules, and does what stands in it.

It goes on whatever happens to the database: what fails for want of one is tried again, for ever,
with a bounded delay, and said once in the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import uuid4

import structlog

from bookonce.platform.database import Database
from bookonce.platform.errors import TryAgainError
from bookonce.platform.retry import DATABASE_ERRORS
from bookonce.queue import halt_rows, job_rows
from bookonce.queue.failures import delay_s, described
from bookonce.queue.handlers import Context, Registry, RetryLater
from bookonce.queue.job_rows import Attempt
from bookonce.queue.listener import listen
from bookonce.queue.relay import relay
from bookonce.queue.schedule import Clock

T = TypeVar("T")
R = TypeVar("R")

DATABASE_AWAY = (TryAgainError, *DATABASE_ERRORS)
RECONNECT_S_MAX = 10.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Tempo:
    """How a worker works. `silent_s`: then its jobs are another's; it shows itself three times in
    that. `grace_s`: for what is under way when it is told to stop.
    """

    at_once: int = 4
    poll_s: float = 2.0
    silent_s: float = 30.0
    grace_s: float = 20.0


class Worker(Generic[T]):
    """One worker. `run` it once."""

    def __init__(
        self,
        database: Database,
        installation: T,
        registry: Registry[T],
        tempo: Tempo | None = None,
    ) -> None:
        self.worker_id = uuid4()
        self._database = database
        self._context = Context(database, installation)
        self._registry = registry
        self._tempo = tempo or Tempo()
        self._clock = Clock(database, registry)
        self._wake = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._rescue_at_s = 0.0
        self._is_halted = False

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; then finish what is under way, for `grace_s` at most."""
        beating = asyncio.create_task(self._beat())
        listening = asyncio.create_task(listen(self._database.url, self._wake.set))
        stopping = asyncio.create_task(_then(stop, self._wake.set))
        try:
            await self._persist(lambda: self._store(job_rows.beat, self.worker_id), stop)
            log.info("jobs worker started", worker_id=self.worker_id)
            while not stop.is_set():
                self._wake.clear()
                if not await self._persist(self._round, stop):
                    await self._rest()
        finally:
            await self._finish()
            for task in (beating, listening, stopping):
                task.cancel()
            await asyncio.gather(beating, listening, stopping, return_exceptions=True)
            await self._leave()

    async def _round(self) -> bool:
        """Fill the queue, and begin what there is room for. Whether to look again at once."""
        if reason := await self._store(halt_rows.halted):
            if not self._is_halted:
                log.warning("jobs are off", reason=reason)
            self._is_halted = True
            return False
        self._is_halted = False
        more = await relay(self._database, self._registry)
        await self._clock.tick()
        if time.monotonic() >= self._rescue_at_s:
            if freed := await self._store(job_rows.rescue, self.worker_id, self._tempo.silent_s):
                log.warning("jobs of a lost worker are free", jobs=freed)
            self._rescue_at_s = time.monotonic() + self._tempo.silent_s / 6
        room = self._tempo.at_once - len(self._running)
        if room <= 0:
            return False  # the end of any of them wakes us
        names = list(self._registry.jobs)
        taken = await self._store(job_rows.take, self.worker_id, names, room)
        for attempt in taken:
            task = asyncio.create_task(self._do(attempt))
            self._running.add(task)
            task.add_done_callback(self._ended)
        return more

    async def _rest(self) -> None:
        rest_s = self._tempo.poll_s
        if self._registry.schedules:
            rest_s = min(rest_s, self._clock.rest_s)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), rest_s)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._wake.set()

    async def _do(self, attempt: Attempt) -> None:
        """One attempt at one job, and what comes of it."""
        job = self._registry.jobs[attempt.name]
        facts = {"job": attempt.name, "job_id": attempt.job_id, "attempt": attempt.number}
        began_s = time.monotonic()
        try:
            async with asyncio.timeout(job.limit_s):
                await job.handler(self._context, attempt.subject)
        except Exception as error:
            await self._failed(attempt, error, facts)
            return
        if await self._persist(lambda: self._store(job_rows.done, attempt)):
            log.info("job done", **facts, ms=round((time.monotonic() - began_s) * 1000, 1))
        else:
            log.warning("job was another's by its end", **facts)

    async def _failed(self, attempt: Attempt, error: Exception, facts: dict[str, object]) -> None:
        said = described(error)
        if attempt.is_last:
            await self._persist(lambda: self._store(job_rows.dead, attempt, said))
            log.error("job dead", **facts, error=said, exc_info=error)
            return
        if isinstance(error, RetryLater):
            wait_s = error.delay_s
            log.info("job put off", **facts, delay_s=wait_s)
        else:
            wait_s = delay_s(attempt.number)
            log.warning("job failed", **facts, delay_s=round(wait_s, 1), error=said)
        await self._persist(lambda: self._store(job_rows.again, attempt, wait_s, said))
        asyncio.get_running_loop().call_later(wait_s, self._wake.set)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._tempo.silent_s / 3)
            await self._persist(lambda: self._store(job_rows.beat, self.worker_id))

    async def _store(self, statement: Callable[..., Awaitable[R]], *arguments: object) -> R:
        return await self._database.run(statement, *arguments)

    async def _persist(
        self, work: Callable[[], Awaitable[R]], stop: asyncio.Event | None = None
    ) -> R | None:
        """Try until the database lets us; None if told to stop before."""
        failures = 0
        while True:
            try:
                result = await work()
            except DATABASE_AWAY as error:
                failures += 1
                if failures == 1:
                    log.warning("jobs wait for the database", error=described(error))
            else:
                if failures:
                    log.info("jobs have the database again", attempts=failures)
                return result
            wait_s = min(RECONNECT_S_MAX, delay_s(failures))
            if stop is None:
                await asyncio.sleep(wait_s)
            elif await _within(stop.wait(), wait_s):
                return None

    async def _finish(self) -> None:
        """Let what is under way end. What doesn't in time is left to the next worker."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=self._tempo.grace_s)
        for task in set(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _leave(self) -> None:
        with contextlib.suppress(*DATABASE_AWAY):
            await self._store(job_rows.leave, self.worker_id)
        log.info("jobs worker stopped", worker_id=self.worker_id)


async def _then(event: asyncio.Event, act: Callable[[], None]) -> None:
    await event.wait()
    act()


async def _within(work: Awaitable[object], limit_s: float) -> bool:
    try:
        await asyncio.wait_for(work, limit_s)
    except TimeoutError:
        return False
    return True
