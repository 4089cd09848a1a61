"""Visits that need several things at once, raced: all of them or nothing, and as many as there are."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from bookonce.availability.installation import Installation
from bookonce.availability.look import offer
from bookonce.availability.selection import Choice
from bookonce.booking.appointment import Status
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.find import Found, find
from bookonce.booking.move import MoveRequest, move
from bookonce.booking.replay import Booked
from bookonce.business.document import Business
from bookonce.platform.actor import VISITOR
from bookonce.platform.errors import BookingConflictError
from tests.factories import (
    a_booking,
    a_business,
    a_service,
    a_staff_member,
    a_visitor,
    tomorrow_at,
)
from tests.races.conftest import RACERS
from tests.races.harness import assert_sound, at_once

FIVE = [a_staff_member(key) for key in "abcde"]
Open = Callable[[Business], Awaitable[str]]


def things(**kinds: int) -> list[dict[str, Any]]:
    """So many of each kind."""
    return [
        {"key": f"{kind}-{number}", "name": kind, "kind": kind}
        for kind, number_there in kinds.items()
        for number in range(number_there)
    ]


def booking(installation: Installation, slug: str, start: datetime, **more: Any) -> Any:
    request = a_booking(start, client=a_visitor(), **more)
    return partial(book, installation, slug, request, actor=VISITOR, now=datetime.now(UTC))


def held(results: list[Any]) -> list[Booked]:
    """Those who got it; the others must have been refused for a reason."""
    refusals = [result for result in results if not isinstance(result, Found)]
    assert all(isinstance(refusal, BookingConflictError) for refusal in refusals), refusals
    return [result for result in results if isinstance(result, Booked)]


async def test_as_many_are_booked_as_there_are_chairs_not_people(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = await open_business(
        a_business(staff=FIVE, resource=things(chair=2), service=[a_service(needs=["chair"])])
    )
    for hour in (9, 10, 11):
        start = tomorrow_at(hour)
        got = held(await at_once([booking(installation, slug, start)] * RACERS))
        assert sorted(one.appointment.resources for one in got) == [("chair-0",), ("chair-1",)]
        assert len({one.appointment.staff for one in got}) == 2
    await assert_sound(database_url)


async def test_as_many_are_booked_as_there_are_people_not_chairs(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = await open_business(
        a_business(staff=FIVE, resource=things(chair=9), service=[a_service(needs=["chair"])])
    )
    got = held(await at_once([booking(installation, slug, tomorrow_at(9))] * RACERS))
    assert sorted(one.appointment.staff for one in got) == list("abcde")
    assert len({one.appointment.resources for one in got}) == 5
    await assert_sound(database_url)


async def test_two_kinds_wanted_in_either_order_never_wait_for_each_other(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = await open_business(
        a_business(
            staff=FIVE,
            resource=things(chair=3, room=3),
            service=[
                a_service("cut", needs=["chair", "room"]),
                a_service("dye", needs=["room", "chair"], buffer_after_min=10),
            ],
        )
    )
    for hour in range(6, 12):
        start = tomorrow_at(hour)
        wishes = [
            booking(installation, slug, start, service=("cut", "dye")[number % 2])
            for number in range(RACERS)
        ]
        assert len(held(await at_once(wishes))) == 3
    await assert_sound(database_url)


async def test_the_gap_of_a_visit_is_sold_once_and_its_phases_never(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    colour = [
        {"duration_min": 30},
        {"duration_min": 30, "staff": False},
        {"duration_min": 30},
    ]
    slug = await open_business(
        a_business(service=[a_service(), a_service("colour", duration_min=90, phases=colour)])
    )
    start = tomorrow_at(10)
    wishes = [booking(installation, slug, start, service="colour")] * 8 + [
        booking(installation, slug, start + timedelta(minutes=minutes))
        for minutes in (30, 60)
        for _ in range(8)
    ]
    random.Random(3).shuffle(wishes)
    got = sorted(
        (one.appointment.service, one.appointment.start) for one in held(await at_once(wishes))
    )
    gap = ("cut", start + timedelta(minutes=30))
    second = ("cut", start + timedelta(minutes=60))
    assert got in ([("colour", start), gap], [gap, second])
    await assert_sound(database_url)


async def test_a_partly_taken_visit_leaves_nothing_behind(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    # Everybody wants another person, but the one chair: what is refused must free its person.
    slug = await open_business(
        a_business(staff=FIVE, resource=things(chair=1), service=[a_service(needs=["chair"])])
    )
    start = tomorrow_at(9)
    wishes = [booking(installation, slug, start, staff="abcde"[n % 5]) for n in range(RACERS)]
    [winner] = held(await at_once(wishes))
    await cancel(installation, slug, winner.appointment.id, actor=VISITOR, now=datetime.now(UTC))
    _, found = await offer(
        installation, slug, Choice.of("cut"), start.date(), start.date(), now=datetime.now(UTC)
    )
    assert found.by_start()[int(start.timestamp())] == list("abcde")
    await assert_sound(database_url)


async def test_books_moves_and_cancellations_at_once_keep_everything_together(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    phases = [{"duration_min": 15}, {"duration_min": 30, "staff": False}, {"duration_min": 15}]
    slug = await open_business(
        a_business(
            staff=FIVE[:3],
            resource=things(chair=2, room=1),
            service=[
                a_service("cut", needs=["chair"]),
                a_service("dye", duration_min=60, phases=phases, needs=["chair"]),
                a_service("spa", needs=["room", "chair"], buffer_before_min=15),
            ],
        )
    )
    chance = random.Random(11)
    day = tomorrow_at(8)

    def a_start() -> datetime:
        return day + timedelta(minutes=15 * chance.randrange(12))

    ids: list[UUID] = []
    for _ in range(6):
        wishes = [
            booking(installation, slug, a_start(), service=chance.choice(("cut", "dye", "spa")))
            for _ in range(RACERS // 2)
        ]
        now = datetime.now(UTC)
        for id_ in ids:
            if chance.random() < 0.3:
                wishes.append(partial(cancel, installation, slug, id_, actor=VISITOR, now=now))
            else:
                request = MoveRequest(a_start(), chance.choice((None, "any")))
                wishes.append(
                    partial(move, installation, slug, id_, request, actor=VISITOR, now=now)
                )
        results = await at_once(wishes)
        known = {*ids, *(one.appointment.id for one in held(results))}
        now_there = [await find(installation, slug, id_, now=now) for id_ in sorted(known)]
        ids = [
            one.appointment.id for one in now_there if one.appointment.status is Status.CONFIRMED
        ]
        await assert_sound(database_url)
    assert ids
