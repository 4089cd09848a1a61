"""One run: a world, a load on it, faults under the load, and the judgement afterwards."""

from __future__ import annotations

import asyncio
import gc
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from random import Random
from typing import Any

import aiohttp
import asyncpg

from bookonce.availability.installation import Installation
from bookonce.payments.providers.on_site import OnSitePayments
from bookonce.platform.database import Database
from bookonce.torture.asking import ANSWER_TIMEOUT_S, Caller, Clock, Office
from bookonce.torture.checks import Verdict, judge
from bookonce.torture.clients import Board, Owner, Visitor
from bookonce.torture.evidence import Evidence
from bookonce.torture.faults import KINDS
from bookonce.torture.history import History, Kind, Outcome
from bookonce.torture.rows import read_rows
from bookonce.torture.salon import Salon, open_salons, salons
from bookonce.torture.told import at_rest
from bookonce.torture.world import Injected, World, new_world

CLIENTS_PER_OWNER = 16
TICK_S = 0.2


class FaultsWanted(StrEnum):
    """Which faults are injected."""

    NONE = "none"
    CRASH = "crash"
    FAILOVER = "failover"
    ALL = "all"


class Guard(StrEnum):
    """Whether the exclusion constraint stands. Off is the control: the checks must see it."""

    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is asked to do. The seed decides all that is random in it."""

    seconds: int
    clients: int
    faults: FaultsWanted
    guard: Guard
    seed: int


@dataclass(frozen=True)
class Result:
    """What a run showed."""

    plan: Plan
    started_at: datetime
    load_s: float
    evidence: Evidence
    verdicts: list[Verdict]
    injected: list[Injected]
    skipped: list[str]

    @property
    def double_bookings(self) -> int:
        """Pairs of claims in the database that take one resource twice."""
        return self.evidence.rows.overlap_count

    @property
    def booked(self) -> int:
        """Bookings that were acknowledged."""
        return sum(
            operation.outcome is Outcome.DONE for operation in self.evidence.of_kind(Kind.BOOK)
        )

    @property
    def passed(self) -> bool:
        """Whether every check passed, of a run in which something was booked."""
        return all(verdict.passed for verdict in self.verdicts) and self.booked > 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is."""

    phase: str
    elapsed_s: float = 0.0
    attempts: int = 0
    outcomes: Counter[Outcome] | None = None
    faults: int = 0


async def torture(plan: Plan, tell: Callable[[Progress], None]) -> Result:
    """Make a world of its own, load it, judge it, and leave nothing behind.

    Raises what says that the world itself failed: ServerError, EmbeddedPostgresError, TooLongError.
    """
    tell(Progress("starting a database and servers"))
    started_at = datetime.now(UTC)
    replicated = plan.faults in (FaultsWanted.FAILOVER, FaultsWanted.ALL)
    small_disks = plan.faults in (FaultsWanted.CRASH, FaultsWanted.ALL)
    async with new_world(replicated=replicated, small_disks=small_disks) as world:
        opening = salons(started_at)
        await open_salons(world.database.url, opening)
        if plan.guard is Guard.OFF:
            await _drop_guard(world.database.url)
        clock = Clock()
        history = History(began_s=clock.began_at_s)
        await _load(plan, world, opening, history, clock, tell)
        load_s = clock.now_s()
        tell(Progress("waiting until everybody was told", load_s, len(history.attempts)))
        await at_rest(world.database.url)

        def judging(what: str) -> None:
            tell(Progress(f"judging: {what}", load_s, len(history.attempts)))

        with _nothing_collected():
            rows = await read_rows(world.database.url, judging)
        injected, skipped = list(world.injected), list(world.skipped)
    evidence = Evidence.of(history, rows, opening)
    with _nothing_collected():
        verdicts = judge(evidence, judging)
    return Result(plan, started_at, load_s, evidence, verdicts, injected, skipped)


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Millions of objects that all stay are gone through again and again otherwise, for nothing."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _drop_guard(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("ALTER TABLE claim DROP CONSTRAINT claim_one_at_a_time")
    finally:
        await connection.close()


async def _load(
    plan: Plan,
    world: World,
    opening: list[Salon],
    history: History,
    clock: Clock,
    tell: Callable[[Progress], None],
) -> None:
    """Clients, the owners and the faults at once; returns when all stories have come to an end."""
    database = Database(world.database.url, connections_max=8)
    await database.open()
    board = Board(plan.seed, opening)
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S),
    )
    installation = Installation(database, providers={"on_site": OnSitePayments()})
    work: list[Coroutine[Any, Any, None]] = []
    for number in range(plan.clients):
        random = Random(f"{plan.seed} visitor {number}")
        caller = Caller(f"visitor {number}", session, world.addresses, history, clock, random)
        work.append(Visitor(random, caller, history, clock, board).run(plan.seconds))
    for number in range(-(-plan.clients // CLIENTS_PER_OWNER)):
        random = Random(f"{plan.seed} owner {number}")
        office = Office(f"owner {number}", installation, history, clock)
        work.append(Owner(random, office, history, clock, board).run(plan.seconds))
    until = time.monotonic() + plan.seconds
    random = Random(f"{plan.seed} faults")
    work.append(KINDS[plan.faults].inject(world, random, until))
    ticking = asyncio.create_task(_tick(world, history, clock, tell))
    try:
        await _all(work)
    finally:
        ticking.cancel()
        await session.close()
        await database.close()


async def _all(work: list[Coroutine[Any, Any, None]]) -> None:
    """All of it at once; the first that fails ends the others and is what is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def _tick(
    world: World, history: History, clock: Clock, tell: Callable[[Progress], None]
) -> None:
    """Tell how far it is, from time to time."""
    outcomes: Counter[Outcome] = Counter()
    told = 0
    while True:
        outcomes.update(one.outcome for one in history.attempts[told:])
        told = len(history.attempts)
        tell(Progress("torturing", clock.now_s(), told, outcomes, len(world.injected)))
        await asyncio.sleep(TICK_S)
