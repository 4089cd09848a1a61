"""Many visitors, two server processes, one calendar."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from bookonce.business.document import Business
from tests.factories import a_business, a_service, a_staff_member, tomorrow_at
from tests.races.conftest import TwoServers
from tests.races.harness import assert_sound, at_once


async def opened(servers: TwoServers, business: Business) -> str:
    await asyncio.to_thread(servers.apply, business)
    return f"/api/v1/{business.business.slug}"


def wish(start: datetime, visitor: int, service: str = "cut", **more: Any) -> dict[str, Any]:
    return {
        "service": service,
        "start": start.isoformat(),
        "client": {"name": f"Visitor {visitor}", "email": f"visitor{visitor}@example.com"},
    } | more


def statuses(answers: list[httpx.Response | BaseException]) -> Counter[Any]:
    return Counter(
        answer.status_code if isinstance(answer, httpx.Response) else repr(answer)
        for answer in answers
    )


@pytest.mark.parametrize("racers", [8, 32, 64])
async def test_one_start_is_booked_once(servers: TwoServers, racers: int) -> None:
    api = await opened(servers, a_business())
    start = tomorrow_at(10)

    answers = await at_once(
        [
            partial(servers.post, f"{api}/book", wish(start, visitor, staff="ada"))
            for visitor in range(racers)
        ]
    )

    assert statuses(answers) == {201: 1, 409: racers - 1}
    for answer in answers:
        assert isinstance(answer, httpx.Response)
        if answer.status_code == 409:
            problem = answer.json()
            assert problem["code"] == "BOOKING_CONFLICT"
            assert 1 <= len(problem["alternatives"]) <= 3
    await assert_sound(servers.database_url)


@pytest.mark.parametrize("racers", [16, 64])
async def test_overlapping_starts_and_lengths_never_overlap_in_the_calendar(
    servers: TwoServers, racers: int
) -> None:
    lengths = {"short": 15, "cut": 30, "long": 75}
    business = a_business(
        service=[
            a_service(key, duration_min=minutes, buffer_after_min=10)
            for key, minutes in lengths.items()
        ]
    )
    api = await opened(servers, business)
    chance = random.Random(racers)
    wishes = [
        wish(
            tomorrow_at(9) + timedelta(minutes=15 * chance.randrange(12)),
            visitor,
            chance.choice(list(lengths)),
            staff="ada",
        )
        for visitor in range(racers)
    ]

    answers = await at_once([partial(servers.post, f"{api}/book", one) for one in wishes])

    assert set(statuses(answers)) == {201, 409}
    await assert_sound(servers.database_url)
    taken = [
        claimed(one, lengths)
        for one, answer in zip(wishes, answers, strict=True)
        if isinstance(answer, httpx.Response) and answer.status_code == 201
    ]
    for one, answer in zip(wishes, answers, strict=True):
        if isinstance(answer, httpx.Response) and answer.status_code == 409:
            low, high = claimed(one, lengths)
            assert any(low < end and start < high for start, end in taken), "a false refusal"


def claimed(one: dict[str, Any], lengths: dict[str, int]) -> tuple[datetime, datetime]:
    start = datetime.fromisoformat(one["start"])
    return start, start + timedelta(minutes=lengths[one["service"]] + 10)


@pytest.mark.parametrize("racers", [8, 32, 64])
async def test_anyone_among_three_is_booked_exactly_three_times(
    servers: TwoServers, racers: int
) -> None:
    staff = [a_staff_member(key) for key in ("ada", "bob", "cy")]
    api = await opened(servers, a_business(staff=staff))

    answers = await at_once(
        [
            partial(servers.post, f"{api}/book", wish(tomorrow_at(10), visitor))
            for visitor in range(racers)
        ]
    )

    assert statuses(answers) == {201: 3, 409: racers - 3}
    booked = [a.json()["staff"] for a in answers if isinstance(a, httpx.Response) and a.is_success]
    assert sorted(booked) == ["ada", "bob", "cy"]
    await assert_sound(servers.database_url)


async def test_one_key_sent_32_times_is_one_appointment_and_32_equal_answers(
    servers: TwoServers,
) -> None:
    api = await opened(servers, a_business(staff=[a_staff_member(k) for k in ("ada", "bob")]))
    one = wish(tomorrow_at(11), 1)

    answers = await at_once(
        [
            partial(servers.post, f"{api}/book", one, headers={"Idempotency-Key": "same"})
            for _ in range(32)
        ]
    )

    assert statuses(answers) == {201: 32}
    bodies = set()
    for answer in answers:
        assert isinstance(answer, httpx.Response)
        body = answer.json()
        # The two servers differ in their port only.
        bodies.add(tuple(str(body[k]) for k in body if not k.endswith("_url")))
        bodies.add(body["manage_url"].rpartition("/")[2])
    assert len(bodies) == 2
    await assert_sound(servers.database_url)


async def test_one_key_sent_32_times_for_a_taken_time_is_refused_32_times(
    servers: TwoServers,
) -> None:
    api = await opened(servers, a_business())
    assert (await servers.post(f"{api}/book", wish(tomorrow_at(11), 1))).status_code == 201

    answers = await at_once(
        [
            partial(
                servers.post,
                f"{api}/book",
                wish(tomorrow_at(11), 2),
                headers={"Idempotency-Key": "refused"},
            )
            for _ in range(32)
        ]
    )

    assert statuses(answers) == {409: 32}
    await assert_sound(servers.database_url)


async def test_a_new_client_who_books_many_times_at_once_is_one_client(
    servers: TwoServers,
) -> None:
    api = await opened(servers, a_business())
    starts = [tomorrow_at(6) + timedelta(minutes=30 * number) for number in range(24)]

    answers = await at_once(
        [partial(servers.post, f"{api}/book", wish(start, 7)) for start in starts]
    )

    assert statuses(answers) == {201: 24}
    await assert_sound(servers.database_url)


async def test_every_kind_of_change_at_once_leaves_a_sound_calendar(servers: TwoServers) -> None:
    staff = [a_staff_member(key) for key in ("ada", "bob")]
    api = await opened(servers, a_business(staff=staff))
    starts = [tomorrow_at(9) + timedelta(minutes=30 * number) for number in range(8)]
    held = []
    for visitor, start in enumerate(starts):
        answer = await servers.post(f"{api}/book", wish(start, visitor, staff="ada"))
        held.append(answer.json()["manage_url"].rpartition("/")[2])
    chance = random.Random(5)
    runners: list[partial[Any]] = []
    for number in range(64):
        token, start = chance.choice(held), chance.choice(starts)
        match number % 4:
            case 0:
                runners.append(partial(servers.post, f"{api}/book", wish(start, 100 + number)))
            case 1:
                path = f"{api}/appointments/{token}/cancellation"
                runners.append(partial(servers.post, path))
            case _:
                path = f"{api}/appointments/{token}/move"
                body = {"start": start.isoformat(), "staff": chance.choice(["ada", "bob", "any"])}
                runners.append(partial(servers.post, path, body))

    answers = await at_once(runners)

    assert set(statuses(answers)) <= {200, 201, 409}, statuses(answers)
    assert statuses(answers)[200] > 0
    await assert_sound(servers.database_url)
