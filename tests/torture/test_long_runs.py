"""What is judged grows with a run, and the work of judging grows with it, not with its square."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from typing import SupportsIndex, overload
from uuid import uuid4

import asyncpg

from bookonce.business.document import Business
from bookonce.platform.database import Database
from bookonce.torture.checks import CHECKS, judge
from bookonce.torture.intervals import ClaimInterval, ClaimIntervals
from bookonce.torture.rows import read_rows
from bookonce.torture.soundness import DISAGREEMENTS, OVERLAPS
from tests.factories import a_business, a_staff_member
from tests.torture.story import Story

EVERY_PAIR = """
    SELECT a.claim_id, b.claim_id
    FROM claim AS a
    JOIN claim AS b ON a.business_id = b.business_id AND a.resource_id = b.resource_id
                   AND a.claim_id < b.claim_id
                   AND lower(a.during) < upper(b.during) AND lower(b.during) < upper(a.during)
"""


class Counting(list[ClaimInterval]):
    """A list that counts what is taken out of it."""

    taken = 0

    @overload
    def __getitem__(self, at: SupportsIndex) -> ClaimInterval: ...
    @overload
    def __getitem__(self, at: slice) -> list[ClaimInterval]: ...
    def __getitem__(self, at: SupportsIndex | slice) -> ClaimInterval | list[ClaimInterval]:
        self.taken += 1
        return super().__getitem__(at)


def test_a_search_looks_at_what_lasts_then_and_at_little_else() -> None:
    number = 20_000
    every = [
        ClaimInterval("s", "ada", 0, 3600, t, t + 0.9, uuid4(), ("ada",), (t,))
        for t in range(number)
    ]
    intervals = ClaimIntervals(every)
    bucket = intervals._buckets["s", "ada", 0]
    bucket.intervals = counting = Counting(bucket.intervals)
    for moment in range(0, number, 100):
        [found] = intervals.overlapping("s", "ada", 60, 120, (moment + 0.1, moment + 0.2))
        assert found is every[moment]
    assert counting.taken <= 3 * number // 100


def test_what_lasts_is_found_however_long_ago_it_began() -> None:
    old = ClaimInterval("s", "ada", 0, 3600, 1, 1_000, uuid4(), ("ada",), (1,))
    short = [
        ClaimInterval("s", "ada", 0, 3600, t, t + 0.5, uuid4(), ("ada",), (t,))
        for t in range(2, 500)
    ]
    intervals = ClaimIntervals([old, *short])
    found = list(intervals.overlapping("s", "ada", 60, 120, (499.2, 499.3)))
    assert {one.subject_id for one in found} == {old.subject_id, short[-1].subject_id}


def test_the_events_of_an_appointment_are_found_by_an_index() -> None:
    """Without one, counting each appointment's events reads all events for each."""
    assert any("event.appointment_id" in query for query in DISAGREEMENTS.values())


async def test_they_are(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
    plan = await connection.fetch(
        "EXPLAIN SELECT count(*) FROM appointment WHERE 1 <> (SELECT count(*) FROM event"
        " WHERE event.business_id = appointment.business_id"
        " AND event.appointment_id = appointment.appointment_id)"
    )
    await connection.close()
    assert "event_of_appointment" in "\n".join(row[0] for row in plan)


async def test_overlaps_are_the_same_pairs_as_comparing_each_with_each(
    database: Database, open_business: Callable[[Business], Awaitable[str]], database_url: str
) -> None:
    await open_business(a_business(staff=[a_staff_member("ada"), a_staff_member("bela")]))
    random = Random(20_261_127)
    connection = await asyncpg.connect(database_url)
    await connection.execute("ALTER TABLE claim DROP CONSTRAINT claim_one_at_a_time")
    places = await connection.fetch("SELECT business_id, resource_id FROM resource")
    for number in range(400):
        place = random.choice(places)
        start, length = random.randrange(3_000), random.choice((1, 5, 30, 200))
        await connection.execute(
            "INSERT INTO claim (business_id, claim_id, resource_id, during, kind)"
            " VALUES ($1, $2, $3, tstzrange(to_timestamp($4), to_timestamp($5)), 'blocked')",
            *place[:1], uuid4(), place[1], float(start), float(start + length),
        )  # fmt: skip
        if number == 100:
            assert await connection.fetch(OVERLAPS)
    expected = {frozenset(row) for row in await connection.fetch(EVERY_PAIR)}
    found = [frozenset(row) for row in await connection.fetch(OVERLAPS)]
    await connection.close()
    assert len(found) == len(set(found))
    assert set(found) == expected


async def test_progress_is_told(database_url: str) -> None:
    told: list[str] = []
    rows = await read_rows(database_url, told.append)
    assert rows.appointments == {}
    assert set(DISAGREEMENTS) < set(told)
    told.clear()
    judge(Story().evidence(), told.append)
    assert told == [check.name for check in CHECKS]
