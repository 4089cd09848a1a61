"""Which jobs there are: what each does, after which events, or when."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic, TypeVar
from uuid import UUID

from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.queue.job_rows import Subject

T = TypeVar("T")

ATTEMPTS_MAX_DEFAULT = 12
"""With the delays between them some 15 minutes."""
ATTEMPTS_MAX_REGULAR = 3
"""What is done regularly is tried again the next time in any case."""
LIMIT_S_DEFAULT = 120.0


class RetryLater(Exception):
    """Raised by a handler: this attempt came too early, try again in `delay_s` seconds.

    It counts as an attempt.
    """

    def __init__(self, delay_s: float, why: str = "") -> None:
        super().__init__(why)
        self.delay_s = delay_s


@dataclass(frozen=True, slots=True)
class Context(Generic[T]):
    """What a handler is given to work with. `installation` is what the composition root passed."""

    database: Database
    installation: T


Handler = Callable[[Context[T], Subject], Awaitable[None]]
Spreader = Callable[[Connection, UUID, Sequence[UUID]], Awaitable[None]]
"""Given the relay's transaction, a business and the ids of some of its events."""


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """A kind of job. An attempt that takes longer than `limit_s` seconds has failed."""

    name: str
    handler: Handler[T]
    attempts_max: int
    limit_s: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a job is done without an event: every `every`, counted from `at` past midnight, UTC."""

    name: str
    every: timedelta
    at: timedelta = timedelta(0)


@dataclass
class Registry(Generic[T]):
    """All kinds of jobs of one installation. Filled at the top, then only read."""

    jobs: dict[str, Job[T]] = field(default_factory=dict)
    schedules: list[Schedule] = field(default_factory=list)
    spreaders: list[tuple[frozenset[str], Spreader]] = field(default_factory=list)
    _kinds: dict[str, list[str]] = field(default_factory=dict)

    def after(
        self,
        kinds: Sequence[str],
        name: str,
        handler: Handler[T],
        *,
        attempts_max: int = ATTEMPTS_MAX_DEFAULT,
        limit_s: float = LIMIT_S_DEFAULT,
    ) -> None:
        """Do something about every event of some kinds.

        A handler may be called more than once for one event, even while an earlier call is under
        way, so it has to be made so that doing it twice is doing it once.
        """
        self._add(Job(name, handler, attempts_max, limit_s))
        for kind in kinds:
            self._kinds.setdefault(kind, []).append(name)

    def spread(self, kinds: Sequence[str], spreader: Spreader) -> None:
        """Write down at the relay, in its transaction, who is to hear of events of some kinds.

        For what is one short statement for many events and has a worker of its own: a job for each
        event would cost more than its work. What fails here holds up every follower of the business.
        """
        self.spreaders.append((frozenset(kinds), spreader))
        for kind in kinds:
            self._kinds.setdefault(kind, [])

    def every(
        self,
        every: timedelta,
        name: str,
        handler: Handler[T],
        *,
        at: timedelta = timedelta(0),
        attempts_max: int = ATTEMPTS_MAX_REGULAR,
        limit_s: float = LIMIT_S_DEFAULT,
    ) -> None:
        """Do something regularly, by one worker of all. What was missed is done once."""
        self._add(Job(name, handler, attempts_max, limit_s))
        self.schedules.append(Schedule(name, every, at))

    def _add(self, job: Job[T]) -> None:
        if job.name in self.jobs:
            raise ValueError(f"there is a job {job.name!r} already")
        self.jobs[job.name] = job

    def jobs_after(self, kind: str) -> list[Job[T]]:
        """What is to be done about an event of a kind."""
        return [self.jobs[name] for name in self._kinds.get(kind, ())]

    def kinds(self) -> list[str]:
        """The kinds of events that something is to be done about."""
        return list(self._kinds)
