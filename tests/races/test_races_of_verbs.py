"""The verbs raced directly, on as many connections as racers; and the controls that must fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import asyncpg

from bench.specimens.seed import book_like_the_seed
from bookonce.availability.block import block
from bookonce.availability.installation import Installation
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.find import Found
from bookonce.booking.move import MoveRequest, move
from bookonce.business.document import Business
from bookonce.platform.actor import SYSTEM, VISITOR
from bookonce.platform.errors import (
    BlockConflictError,
    BookingConflictError,
    StatusConflictError,
)
from tests.factories import a_booking, a_business, a_staff_member, a_visitor, tomorrow_at
from tests.races.conftest import RACERS
from tests.races.harness import assert_sound, at_once, overlaps

Open = Callable[[Business], Awaitable[str]]


def outcomes(results: list[Any]) -> Counter[str]:
    return Counter(
        type(result).__name__ if isinstance(result, BaseException) else "done" for result in results
    )


def bookings(installation: Installation, slug: str, start: datetime, **more: Any) -> list[Any]:
    return [
        partial(
            book,
            installation,
            slug,
            a_booking(start, client=a_visitor(f"V{number}"), **more),
            actor=VISITOR,
            now=datetime.now(UTC),
        )
        for number in range(RACERS)
    ]


async def test_one_start_is_booked_once(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = await open_business(a_business())

    results = await at_once(bookings(installation, slug, tomorrow_at(10), staff="ada"))

    assert outcomes(results) == {"done": 1, "BookingConflictError": RACERS - 1}
    await assert_sound(database_url)


async def test_without_the_constraint_the_same_race_double_books(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    """The control of the test above: the constraint is what keeps it, and the judge sees."""
    slug = await open_business(a_business())
    connection = await asyncpg.connect(database_url)
    await connection.execute("ALTER TABLE claim DROP CONSTRAINT claim_one_at_a_time")
    await connection.close()

    results = await at_once(bookings(installation, slug, tomorrow_at(10), staff="ada"))

    assert outcomes(results)["done"] > 1
    assert await overlaps(database_url)


async def test_the_seed_method_double_books_in_the_same_race(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = await open_business(a_business())
    directory = await installation.current(slug)
    staff_id = directory.staff_ids["ada"]
    pool = await asyncpg.create_pool(database_url, min_size=RACERS, max_size=RACERS)
    await pool.execute("ALTER TABLE claim DROP CONSTRAINT claim_one_at_a_time")

    for slot in range(5):
        start = tomorrow_at(10 + slot)
        await at_once(
            [
                partial(
                    book_like_the_seed,
                    pool,
                    directory.business_id,
                    staff_id,
                    start,
                    start + timedelta(minutes=30),
                )
            ]
            * RACERS
        )
    await pool.close()

    assert await overlaps(database_url)


async def test_anyone_among_three_is_booked_exactly_three_times(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = await open_business(a_business(staff=[a_staff_member(key) for key in "abc"]))

    results = await at_once(bookings(installation, slug, tomorrow_at(10)))

    assert outcomes(results) == {"done": 3, "BookingConflictError": RACERS - 3}
    await assert_sound(database_url)


async def test_book_and_block_never_both_get_the_time(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = await open_business(a_business())
    now = datetime.now(UTC)
    for hour in range(8, 14):
        start = tomorrow_at(hour)
        results = await at_once(
            [
                partial(
                    block,
                    installation,
                    slug,
                    "ada",
                    start,
                    start + timedelta(hours=1),
                    actor=SYSTEM,
                    now=now,
                ),
                *bookings(installation, slug, start, staff="ada")[:8],
            ]
        )
        assert outcomes(results)["done"] == 1
        blocked = results[0]
        assert not isinstance(blocked, BlockConflictError) or blocked.facts["appointments"]
    await assert_sound(database_url)


async def test_book_move_cancel_and_block_at_once_leave_a_sound_calendar(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = await open_business(a_business())
    now = datetime.now(UTC)
    starts = [tomorrow_at(8) + timedelta(minutes=30 * number) for number in range(8)]
    held = [
        await book(installation, slug, a_booking(start), actor=VISITOR, now=now)
        for start in starts[:4]
    ]
    runners: list[Any] = []
    for number in range(8):
        start, subject = starts[number], held[number % 4].appointment.id
        end = start + timedelta(hours=1)
        visitor = a_booking(start, client=a_visitor(f"V{number}"))
        runners += [
            partial(book, installation, slug, visitor, actor=VISITOR, now=now),
            partial(
                move,
                installation,
                slug,
                subject,
                MoveRequest(starts[7 - number]),
                actor=VISITOR,
                now=now,
            ),
            partial(cancel, installation, slug, subject, actor=VISITOR, now=now),
            partial(block, installation, slug, "ada", start, end, actor=SYSTEM, now=now),
        ]

    results = await at_once(runners)

    refusals = (BookingConflictError, BlockConflictError, StatusConflictError)
    for result in results:
        assert not isinstance(result, BaseException) or isinstance(result, refusals), result
    for number in range(4):  # each was told to cancel, and none may stay
        assert not isinstance(results[4 * number + 2], BaseException)
    await assert_sound(database_url)


async def test_of_cancel_and_move_at_once_each_appointment_keeps_one_story(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = await open_business(a_business())
    now = datetime.now(UTC)
    for hour in range(6, 12):
        held = await book(installation, slug, a_booking(tomorrow_at(hour)), actor=VISITOR, now=now)
        target = MoveRequest(tomorrow_at(hour) + timedelta(hours=12))
        results = await at_once(
            [
                *[partial(cancel, installation, slug, held.appointment.id, actor=VISITOR, now=now)]
                * 4,
                *[
                    partial(
                        move,
                        installation,
                        slug,
                        held.appointment.id,
                        target,
                        actor=VISITOR,
                        now=now,
                    )
                ]
                * 4,
            ]
        )
        assert all(isinstance(result, Found) for result in results[:4])
        assert all(isinstance(result, Found | StatusConflictError) for result in results[4:])
    await assert_sound(database_url)


async def test_two_who_move_into_each_others_time_lose_nothing(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = await open_business(a_business())
    now = datetime.now(UTC)
    early, late = tomorrow_at(9), tomorrow_at(10)
    one = await book(installation, slug, a_booking(early), actor=VISITOR, now=now)
    other = await book(installation, slug, a_booking(late), actor=VISITOR, now=now)

    results = await at_once(
        [
            partial(
                move,
                installation,
                slug,
                one.appointment.id,
                MoveRequest(late),
                actor=VISITOR,
                now=now,
            ),
            partial(
                move,
                installation,
                slug,
                other.appointment.id,
                MoveRequest(early),
                actor=VISITOR,
                now=now,
            ),
        ]
    )

    assert all(isinstance(result, Found | BookingConflictError) for result in results), results
    await assert_sound(database_url)


async def test_many_who_move_to_one_time_are_one_there_and_the_rest_where_they_were(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = await open_business(a_business())
    now = datetime.now(UTC)
    held = [
        await book(
            installation,
            slug,
            a_booking(tomorrow_at(6) + timedelta(minutes=30 * n)),
            actor=VISITOR,
            now=now,
        )
        for n in range(12)
    ]
    target = MoveRequest(tomorrow_at(20))

    results = await at_once(
        [
            partial(move, installation, slug, one.appointment.id, target, actor=VISITOR, now=now)
            for one in held
        ]
    )

    assert outcomes(results) == {"done": 1, "BookingConflictError": 11}
    await assert_sound(database_url)
