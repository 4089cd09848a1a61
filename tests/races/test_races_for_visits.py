"""Visits of several services, raced: every part or none, and as many as there are places."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import pytest

from bookonce.availability.installation import Installation
from bookonce.booking.appointment import Status
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.find import Found, find
from bookonce.booking.move import MoveRequest, move
from bookonce.booking.replay import Booked
from bookonce.booking.request import BookingRequest
from bookonce.business.document import Business
from bookonce.platform.actor import VISITOR
from bookonce.platform.errors import BookingConflictError, StatusConflictError
from tests.factories import (
    a_business,
    a_service,
    a_staff_member,
    a_visitor,
    tomorrow_at,
)
from tests.races.conftest import TwoServers
from tests.races.harness import assert_sound, at_once
from tests.races.test_races_for_rooms import things

Open = Callable[[Business], Awaitable[str]]
HALF_AN_HOUR = timedelta(minutes=30)
RACERS = pytest.mark.parametrize("racers", [8, 32])


def salon(staff: str, services: dict[str, str], **more: Any) -> Business:
    """Staff with one letter each, and who performs each service ("wash": "ab")."""
    return a_business(
        staff=[a_staff_member(key) for key in staff],
        service=[a_service(key, staff=list(able)) for key, able in services.items()],
        **more,
    )


def visit(
    installation: Installation, slug: str, start: datetime, *services: str, **more: Any
) -> Callable[[], Awaitable[Booked]]:
    request = BookingRequest(start=start, services=services, client=a_visitor(), **more)
    return partial(book, installation, slug, request, actor=VISITOR, now=datetime.now(UTC))


def winners(results: list[Any]) -> list[tuple[str, ...]]:
    """Who performs the parts of those who got it; the others must have been refused for a reason."""
    got = [result.appointment for result in results if isinstance(result, Booked)]
    refusals = [result for result in results if not isinstance(result, Booked)]
    assert all(isinstance(refusal, BookingConflictError) for refusal in refusals), refusals
    for one in got:
        assert [part.start for part in one.parts[1:]] == [part.end for part in one.parts[:-1]]
    return sorted(one.performers for one in got)


@RACERS
async def test_a_visit_with_a_named_person_is_booked_once(
    installation: Installation, open_business: Open, database_url: str, racers: int
) -> None:
    slug = await open_business(salon("ab", {"wash": "ab", "cut": "ab"}))
    wish = visit(installation, slug, tomorrow_at(10), "wash", "cut", staff="a")
    assert winners(await at_once([wish] * racers)) == [("a", "a")]
    await assert_sound(database_url)


@RACERS
async def test_anyone_among_three_is_booked_three_times_and_alone(
    installation: Installation, open_business: Open, database_url: str, racers: int
) -> None:
    slug = await open_business(salon("abc", {"wash": "abc", "cut": "abc", "dry": "abc"}))
    wish = visit(installation, slug, tomorrow_at(10), "wash", "cut", "dry")
    got = winners(await at_once([wish] * racers))
    assert got == [("a",) * 3, ("b",) * 3, ("c",) * 3]
    await assert_sound(database_url)


@RACERS
async def test_chains_are_as_many_as_there_are_people_for_the_scarcest_part(
    installation: Installation, open_business: Open, database_url: str, racers: int
) -> None:
    slug = await open_business(salon("abcde", {"wash": "abc", "cut": "de"}))
    for hour in (9, 11):
        wish = visit(installation, slug, tomorrow_at(hour), "wash", "cut")
        got = winners(await at_once([wish] * racers))
        assert {cutting for _, cutting in got} == {"d", "e"}
        assert len({washing for washing, _ in got}) == len(got) == 2
    await assert_sound(database_url)


@RACERS
async def test_one_who_can_do_it_all_and_a_chain_that_shares_the_parts(
    installation: Installation, open_business: Open, database_url: str, racers: int
) -> None:
    slug = await open_business(salon("abc", {"wash": "ab", "cut": "ac"}))
    wish = visit(installation, slug, tomorrow_at(10), "wash", "cut")
    assert winners(await at_once([wish] * racers)) == [("a", "a"), ("b", "c")]
    await assert_sound(database_url)


@RACERS
async def test_single_services_and_chains_that_share_performers_leave_no_half_visit(
    installation: Installation, open_business: Open, database_url: str, racers: int
) -> None:
    """Whoever loses one part gives the other back: what is left is found by those who come late."""
    slug = await open_business(salon("ab", {"wash": "a", "cut": "b"}))
    start = tomorrow_at(10)
    wishes = [
        visit(installation, slug, start, "wash", "cut"),
        visit(installation, slug, start + HALF_AN_HOUR, "cut"),
    ] * (racers // 2)
    got = winners(await at_once(wishes))
    assert got in ([("a", "b")], [("b",)])
    if got == [("b",)]:  # the time of the other part isn't held by any who were refused
        late = await at_once([visit(installation, slug, start, "wash")])
        assert winners(late) == [("a",)]
    await assert_sound(database_url)


@RACERS
async def test_visits_are_as_many_as_there_are_rooms(
    installation: Installation, open_business: Open, database_url: str, racers: int
) -> None:
    slug = await open_business(
        a_business(
            staff=[a_staff_member(key) for key in "abcde"],
            resource=things(room=2, chair=9),
            service=[
                a_service("bath", needs=["room"], buffer_after_min=10),
                a_service("cut", needs=["chair"]),
                a_service("steam", needs=["room"]),
            ],
        )
    )
    wish = visit(installation, slug, tomorrow_at(9), "bath", "cut", "steam")
    results = await at_once([wish] * racers)
    assert len(winners(results)) == 2
    rooms = [
        {one for one in result.appointment.resources if one.startswith("room")}
        for result in results
        if isinstance(result, Booked)
    ]
    assert sorted(map(sorted, rooms)) == [["room-0"], ["room-1"]]  # the same room for both parts
    await assert_sound(database_url)


@RACERS
async def test_two_visits_that_need_the_same_two_people_in_opposite_order(
    installation: Installation, open_business: Open, database_url: str, racers: int
) -> None:
    """Buffers make each meet the other on both people."""
    buffers = {"buffer_before_min": 30, "buffer_after_min": 30}
    slug = await open_business(
        a_business(
            staff=[a_staff_member(key) for key in "ab"],
            service=[
                a_service("wash", staff=["a"], **buffers),
                a_service("cut", staff=["b"], **buffers),
            ],
        )
    )
    for hour in (6, 9, 12):
        wishes = [
            visit(installation, slug, tomorrow_at(hour), *order)
            for order in (("wash", "cut"), ("cut", "wash"))
        ] * (racers // 2)
        assert winners(await at_once(wishes)) in ([("a", "b")], [("b", "a")])
    await assert_sound(database_url)


@RACERS
async def test_visits_are_moved_into_each_others_times(
    installation: Installation, open_business: Open, database_url: str, racers: int
) -> None:
    slug = await open_business(salon("abc", {"wash": "ab", "cut": "bc", "dry": "ac"}))
    now = datetime.now(UTC)
    starts = [tomorrow_at(hour) for hour in (6, 8, 10, 12)]
    ids: list[UUID] = []
    for start in starts:
        booked = await visit(installation, slug, start, "wash", "cut", "dry")()
        ids.append(booked.appointment.id)
    chance = random.Random(racers)
    moves = [
        partial(
            move, installation, slug, chance.choice(ids),
            MoveRequest(chance.choice(starts) + HALF_AN_HOUR * chance.randrange(4), chance.choice((None, "any"))),
            actor=VISITOR, now=now,
        )
        for _ in range(racers)
    ]  # fmt: skip
    results = await at_once(moves)
    assert all(isinstance(result, Found | BookingConflictError) for result in results), results
    assert any(isinstance(result, Found) for result in results)
    await assert_sound(database_url)


@RACERS
async def test_books_moves_and_cancellations_of_visits_at_once_keep_each_together(
    installation: Installation, open_business: Open, database_url: str, racers: int
) -> None:
    phases = [{"duration_min": 15}, {"duration_min": 30, "staff": False}, {"duration_min": 15}]
    slug = await open_business(
        a_business(
            staff=[a_staff_member(key) for key in "abc"],
            resource=things(chair=2, room=1),
            service=[
                a_service("wash", staff=["a", "b"], buffer_after_min=10),
                a_service("cut", staff=["b", "c"], needs=["chair"]),
                a_service("dye", duration_min=60, phases=phases, needs=["chair"]),
                a_service("spa", staff=["c"], needs=["room", "chair"], buffer_before_min=15),
            ],
        )
    )
    chance = random.Random(racers)
    day = tomorrow_at(8)

    def a_start() -> datetime:
        return day + timedelta(minutes=15 * chance.randrange(16))

    ids: list[UUID] = []
    ever: set[UUID] = set()
    for _ in range(4):
        now = datetime.now(UTC)
        runners: list[Any] = [
            visit(
                installation, slug, a_start(),
                *chance.sample(("wash", "cut", "dye", "spa"), chance.randint(1, 3)),
            )
            for _ in range(racers // 2)
        ]  # fmt: skip
        for id_ in ids:
            if chance.random() < 0.3:
                runners.append(partial(cancel, installation, slug, id_, actor=VISITOR, now=now))
            else:
                request = MoveRequest(a_start(), chance.choice((None, "any")))
                runners.append(
                    partial(move, installation, slug, id_, request, actor=VISITOR, now=now)
                )
        results = await at_once(runners)
        refusals = BookingConflictError | StatusConflictError
        assert all(isinstance(one, Found | refusals) for one in results), results
        known = {*ids, *(one.appointment.id for one in results if isinstance(one, Found))}
        ever |= known
        there = [await find(installation, slug, id_, now=now) for id_ in sorted(known)]
        ids = [one.appointment.id for one in there if one.appointment.status is Status.CONFIRMED]
        await assert_sound(database_url)
    assert ever  # all may be cancelled by now


@RACERS
async def test_over_http_a_chain_is_booked_once_and_the_answers_tell_its_parts(
    servers: TwoServers, racers: int
) -> None:
    business = salon("abc", {"wash": "ab", "cut": "c"})
    await asyncio.to_thread(servers.apply, business)
    start = tomorrow_at(10)
    wish = {"services": ["wash", "cut"], "start": start.isoformat()}
    answers = await at_once(
        [
            partial(
                servers.post,
                f"/api/v1/{business.business.slug}/book",
                wish | {"client": {"name": "Zoe", "email": f"zoe{number}@example.com"}},
            )
            for number in range(racers)
        ]
    )
    booked = []
    for answer in answers:
        assert isinstance(answer, httpx.Response)
        assert answer.status_code in (201, 409), answer.text
        if answer.status_code == 201:
            booked.append(answer.json())
        else:
            assert answer.json()["code"] == "BOOKING_CONFLICT"
    [only] = booked
    assert [part["service"] for part in only["parts"]] == ["wash", "cut"]
    assert only["parts"][1]["staff"] == "c"
    assert datetime.fromisoformat(only["parts"][0]["end"]) == start + HALF_AN_HOUR
    await assert_sound(servers.database_url)
