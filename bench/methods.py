"""Ways of booking, raced against each other: Bookonce's, the seed's, and what that became."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import asyncpg
from rich.progress import Progress

from bench import rush
from bench.scratch import Scratch
from bench.specimens.seed import book_like_the_seed
from bench.specimens.successor import book_like_the_successor
from bookonce.availability.installation import Installation
from bookonce.booking import apply_file
from bookonce.booking.book import book
from bookonce.booking.client import Client
from bookonce.booking.request import BookingRequest
from bookonce.platform.actor import VISITOR
from bookonce.platform.database import Database
from bookonce.platform.errors import BookingConflictError, TryAgainError
from tests.races.harness import at_once, overlaps

RACERS = 8
VISITS_AT_ONCE = 4
VISITS_A_ROUND = 100
ROUNDS = 5
VISIT = timedelta(minutes=30)
OFFSETS = (timedelta(0), timedelta(minutes=15), timedelta(minutes=-15))
"""Racers for one time don't all ask for the very same start; some overlap it by half."""

BTREE = "btree (business_id, resource_id, lower(during), upper(during))"
GIST = "gist (business_id, resource_id, lower(during), upper(during))"
"""What finds overlapping claims where the constraint is gone. The second is as good a choice, but
PostgreSQL 18's serializable isolation has been seen to miss conflicts that were read through it.
"""

Taking = Callable[[str, datetime], Awaitable[object]]
"""Takes the time of a person from a start on; raises a refusal."""


@dataclass(slots=True)
class Method:
    """What one way of booking reached. `doubles`: pairs of claims that overlap in the end."""

    name: str
    booked_per_s: list[float] = field(default_factory=list)
    answered_per_s: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    doubles: int = 0
    times: int = 0

    @property
    def median_per_s(self) -> float:
        """Bookings that were let in, a second."""
        return statistics.median(self.booked_per_s)


async def measure(scratch: Scratch, progress: Progress) -> list[Method]:
    """Rounds in turn, the same load for each; a database of its own for each."""
    task = progress.add_task("racing methods", total=ROUNDS * 4)
    ours, seed, successor = Method("Bookonce"), Method("the seed"), Method("its successor")
    on_gist = Method("its successor, on a GiST index")
    methods = {ours.name: None, seed.name: BTREE, successor.name: BTREE, on_gist.name: GIST}
    databases = {
        name: await _database(scratch, f"method_{number}", index)
        for number, (name, index) in enumerate(methods.items())
    }
    pools: list[asyncpg.Pool[asyncpg.Record]] = []
    try:
        ways = {
            ours.name: _ours(databases[ours.name]),
            seed.name: await _specimen(databases[seed.name], pools, book_like_the_seed),
            successor.name: await _specimen(
                databases[successor.name], pools, book_like_the_successor
            ),
            on_gist.name: await _specimen(databases[on_gist.name], pools, book_like_the_successor),
        }
        for number in range(-1, ROUNDS):  # the first is for warming up
            for method in (ours, seed, successor, on_gist):
                into = method if number >= 0 else Method(method.name)
                await _round(into, ways[method.name], number + 1)
                if number >= 0:
                    progress.advance(task)
        for method in (ours, seed, successor, on_gist):
            method.doubles = len(await overlaps(databases[method.name].url))
    finally:
        for pool in pools:
            await pool.close()
        for database in databases.values():
            await database.close()
    return [ours, seed, successor, on_gist]


async def _database(scratch: Scratch, name: str, index: str | None) -> Database:
    """With the constraint; or with an index in its place, for methods that have their own way."""
    url = await scratch.database(name)
    if index:
        connection = await asyncpg.connect(url)
        await connection.execute("ALTER TABLE claim DROP CONSTRAINT claim_one_at_a_time")
        await connection.execute(f"CREATE INDEX ON claim USING {index}")
        await connection.close()
    database = Database(url, connections_max=RACERS * VISITS_AT_ONCE)
    await database.open()
    business = rush.a_rush(VISITS_AT_ONCE)
    await apply_file.apply(database, business, now=datetime.now(UTC))
    return database


def _ours(database: Database) -> Taking:
    installation = Installation(database)

    async def take(staff: str, start: datetime) -> None:
        wish = BookingRequest(
            service="half-hour", start=start, client=Client("Zoe", "zoe@example.com"), staff=staff
        )
        await book(installation, rush.SLUG, wish, actor=VISITOR, now=datetime.now(UTC))

    return take


async def _specimen(
    database: Database,
    pools: list[asyncpg.Pool[asyncpg.Record]],
    way: Callable[[asyncpg.Pool[asyncpg.Record], UUID, UUID, datetime, datetime], Awaitable[UUID]],
) -> Taking:
    directory = await Installation(database).current(rush.SLUG)
    connections = RACERS * VISITS_AT_ONCE
    pool = await asyncpg.create_pool(database.url, min_size=connections, max_size=connections)
    pools.append(pool)

    async def take(staff: str, start: datetime) -> None:
        await way(pool, directory.business_id, directory.staff_ids[staff], start, start + VISIT)

    return take


async def _round(method: Method, take: Taking, number: int) -> None:
    started = time.perf_counter()
    before = method.outcomes.total(), method.outcomes["booked"]

    async def races_for(person: int) -> None:
        for visit in range(VISITS_A_ROUND):
            start = rush.first_start() + (number * VISITS_A_ROUND + visit) * 2 * VISIT
            results = await at_once(
                [
                    partial(take, f"staff-{person}", start + OFFSETS[racer % len(OFFSETS)])
                    for racer in range(RACERS)
                ]
            )
            method.outcomes.update(_outcome(result) for result in results)

    await asyncio.gather(*(races_for(person) for person in range(VISITS_AT_ONCE)))
    elapsed_s = time.perf_counter() - started
    method.times += VISITS_AT_ONCE * VISITS_A_ROUND
    method.answered_per_s.append((method.outcomes.total() - before[0]) / elapsed_s)
    method.booked_per_s.append((method.outcomes["booked"] - before[1]) / elapsed_s)


def _outcome(result: object) -> str:
    if isinstance(result, BookingConflictError):
        return "refused"
    if isinstance(result, TryAgainError):
        return "gave up"
    if isinstance(result, BaseException):
        raise result
    return "booked"
