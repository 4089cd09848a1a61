"""Apply and export over the database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from bookonce.availability.installation import Installation
from bookonce.booking import apply_file, find
from bookonce.booking.book import book
from bookonce.booking.find import Found
from bookonce.booking.move import MoveRequest, move
from bookonce.business import toml_file
from bookonce.business.document import Business
from bookonce.business.tree import from_tree
from bookonce.platform.actor import VISITOR
from bookonce.platform.database import Database
from bookonce.platform.errors import (
    BlockConflictError,
    BookingConflictError,
    NotFoundError,
    NotOfferedError,
)
from bookonce.web.managed import Managed
from bookonce.web.public.answers import AppointmentAnswer
from tests.availability.properties import examples
from tests.availability.strategies import business_trees
from tests.factories import (
    ALWAYS,
    a_booking,
    a_business,
    a_service,
    a_staff_member,
    new_slug,
    tomorrow_at,
)
from tests.races.harness import assert_sound, count

NOW = datetime.now(UTC)
Open = Callable[[Business], Awaitable[str]]

RICH: dict[str, Any] = {
    "staff": [
        a_staff_member(
            "ada",
            name="Ada 💇‍♀️ \u202eمها\u202c",
            email="ada@example.com",
            hours={"mon": ["13:15-18:00", "09:00-12:30"], "sat": ["22:00-02:00"]},
            dates=[
                {"date": "2026-12-31", "hours": ["09:00-12:00"]},
                {"date": "2026-12-24", "hours": []},
            ],
            time_off=[{"from": "2027-03-28T02:30", "to": "2027-03-30T00:00", "reason": "away"}],
        ),
        a_staff_member("bob", hours={}),
    ],
    "service": [
        a_service(price="48", buffer_after_min=10, staff=["bob", "ada"]),
        a_service("talk", price="0.00"),
        a_service("nobody", staff=[]),
    ],
    "currency": "EUR",
    "locale": "de-AT",
}


MITTE: dict[str, Any] = {"key": "mitte", "name": "Mitte"}
SOHO: dict[str, Any] = {"key": "soho", "name": "Soho", "timezone": "Europe/London"}
ROOM: dict[str, Any] = {"key": "r1", "name": "Room 1", "kind": "room"}

WIDE: dict[str, Any] = {
    "location": [
        MITTE | {"address": "Torstraße 1"},
        SOHO
        | {
            "hours": {"mon": ["13:00-18:00", "09:00-12:00"], "sat": ["22:00-02:00"]},
            "dates": [{"date": "2026-12-24", "hours": []}],
        },
        {"key": "shut", "name": "Shut", "hours": {}},
    ],
    "staff": [
        a_staff_member(
            "ada",
            hours={"mon": ["09:00-12:00"]},
            at=[
                {
                    "location": "soho",
                    "hours": {"tue": ["10:00-16:00"]},
                    "dates": [{"date": "2026-12-31", "hours": []}],
                }
            ],
        ),
        a_staff_member("bob", hours={}),
    ],
    "resource": [
        ROOM
        | {
            "location": "soho",
            "time_off": [{"from": "2027-03-28T02:30", "to": "2027-03-30T00:00", "reason": "paint"}],
        },
        {"key": "ada", "name": "Chair of Ada", "kind": "chair", "location": "mitte"},
    ],
    "service": [
        a_service(
            "colour",
            duration_min=90,
            phases=[
                {"duration_min": 30},
                {"duration_min": 40, "staff": False},
                {"duration_min": 20},
            ],
            needs=["room", "chair"],
            locations=["soho", "mitte"],
        ),
        a_service("nowhere", locations=[]),
        a_service("everywhere"),
    ],
}


@pytest.mark.parametrize("tables", [RICH, WIDE], ids=["one place", "locations and rooms"])
async def test_it_works(database: Database, tables: dict[str, Any]) -> None:
    business = a_business(**tables)
    applied = await apply_file.apply(database, business, now=NOW)
    assert applied.changes == [f"business {business.business.slug}: created"]
    assert await apply_file.export(database, business.business.slug) == business


async def test_applying_the_same_again_changes_nothing(
    database: Database, database_url: str
) -> None:
    business = a_business(**RICH | WIDE)
    await apply_file.apply(database, business, now=NOW)
    tables = (
        "business", "business_version", "location", "resource", "service", "claim", "event",
    )  # fmt: skip
    before = {table: await rows(database, table) for table in tables}
    again = await apply_file.apply(database, business, now=NOW)
    assert again.changes == []
    assert {table: await rows(database, table) for table in tables} == before


async def rows(database: Database, table: str) -> list[str]:
    found = await database.run(
        lambda connection: connection.fetch(f"SELECT t::text FROM {table} t ORDER BY 1")
    )
    return [row[0] for row in found]


@pytest.mark.parametrize("tables", [RICH, WIDE], ids=["one place", "locations and rooms"])
async def test_an_exported_file_applies_as_no_change(
    database: Database, tables: dict[str, Any]
) -> None:
    slug = new_slug()
    await apply_file.apply(database, a_business(slug, **tables), now=NOW)
    text = toml_file.render(await apply_file.export(database, slug))
    applied = await apply_file.apply(database, toml_file.parse(text), now=NOW)
    assert applied.changes == []


@pytest.mark.timeout(300)
def test_any_file_after_any_other_is_exported_as_it_was_applied(database_url: str) -> None:
    database = Database(database_url, connections_max=1)
    with asyncio.Runner() as runner:
        runner.run(database.open())

        @examples(30)
        @given(business_trees())
        def applied_over_the_last(tree: dict[str, Any]) -> None:
            business = from_tree({**tree, "business": tree["business"] | {"slug": "lumen"}})
            runner.run(apply_file.apply(database, business, now=NOW))
            assert runner.run(apply_file.export(database, "lumen")) == business
            assert runner.run(apply_file.apply(database, business, now=NOW)).changes == []

        try:
            applied_over_the_last()
        finally:
            runner.run(database.close())


async def test_each_change_is_told(database: Database) -> None:
    slug = new_slug()
    await apply_file.apply(database, a_business(slug), now=NOW)
    after = a_business(
        slug,
        name="Lumen Hair & More",
        staff=[a_staff_member("ada"), a_staff_member("bob")],
        service=[a_service(duration_min=45)],
        policy={"notice_min": 30},
    )
    applied = await apply_file.apply(database, after, now=NOW)
    assert applied.changes == [
        "business.name: Lumen Hair → Lumen Hair & More",
        "policy.notice_min: 0 → 30",
        "staff.bob: added",
        "service.cut.duration_min: 30 → 45",
    ]
    assert await apply_file.export(database, slug) == after


async def test_a_new_order_is_a_change(database: Database) -> None:
    slug = new_slug()
    staff = [a_staff_member("ada"), a_staff_member("bob")]
    await apply_file.apply(database, a_business(slug, staff=staff), now=NOW)
    turned = a_business(slug, staff=staff[::-1])
    assert (await apply_file.apply(database, turned, now=NOW)).changes == ["order: changed"]
    assert await apply_file.export(database, slug) == turned


async def test_who_left_and_comes_back_is_the_same_person(
    installation: Installation, open_business: Open, database: Database, database_url: str
) -> None:
    slug = new_slug()
    both = a_business(slug, staff=[a_staff_member("ada"), a_staff_member("bob")])
    await open_business(both)
    await book(installation, slug, a_booking(tomorrow_at(9), staff="bob"), actor=VISITOR, now=NOW)

    without_bob = a_business(slug, staff=[a_staff_member("ada")])
    applied = await apply_file.apply(database, without_bob, now=NOW)
    [unfit] = applied.unfit
    assert unfit.reasons == ("Bob is no longer listed",)
    with pytest.raises(NotFoundError):
        await book(
            installation, slug, a_booking(tomorrow_at(12), staff="bob"), actor=VISITOR, now=NOW
        )

    await apply_file.apply(database, both, now=NOW)
    with pytest.raises(BookingConflictError):
        await book(
            installation, slug, a_booking(tomorrow_at(9), staff="bob"), actor=VISITOR, now=NOW
        )
    await assert_sound(database_url)


async def test_time_off_over_an_appointment_refuses_the_whole_file(
    installation: Installation, open_business: Open, database: Database
) -> None:
    slug = new_slug()
    before = a_business(slug, timezone="UTC")
    await open_business(before)
    await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=NOW)
    day = f"{tomorrow_at(9):%Y-%m-%d}"
    away = a_staff_member("ada", time_off=[{"from": f"{day}T08:00", "to": f"{day}T10:00"}])
    after = a_business(slug, name="New name", timezone="UTC", staff=[away])
    with pytest.raises(BlockConflictError) as refusal:
        await apply_file.apply(database, after, now=NOW)
    assert refusal.value.facts["staff"] == "ada"
    assert [one["client_name"] for one in refusal.value.facts["appointments"]] == ["Zoe"]
    assert await apply_file.export(database, slug) == before


async def test_time_off_that_stays_is_never_open_and_what_goes_is_given_back(
    database: Database, database_url: str
) -> None:
    slug = new_slug()
    stays = {"from": "2027-01-01T00:00", "to": "2027-01-03T00:00", "reason": "ski"}
    goes = {"from": "2027-02-01T00:00", "to": "2027-02-03T00:00"}
    comes = {"from": "2027-02-02T00:00", "to": "2027-02-05T00:00"}

    async def apply(*time_off: dict[str, str]) -> list[str]:
        staff = [a_staff_member("ada", time_off=list(time_off))]
        await apply_file.apply(database, a_business(slug, staff=staff), now=NOW)
        return await rows(database, "claim")

    first = await apply(stays, goes)
    second = await apply(stays, comes)
    assert len(set(first) & set(second)) == 1
    assert len(second) == 2
    assert await apply() == []


async def test_two_who_create_one_address_at_once_make_one_business(
    database: Database, database_url: str
) -> None:
    business = a_business()
    results = await asyncio.gather(
        *[apply_file.apply(database, business, now=NOW) for _ in range(8)]
    )
    assert sorted(len(result.changes) for result in results) == [0] * 7 + [1]
    assert await count(database_url, "business") == 1


async def test_a_change_of_zone_moves_the_time_off_with_it(database: Database) -> None:
    slug = new_slug()
    staff = [
        a_staff_member("ada", time_off=[{"from": "2027-01-01T00:00", "to": "2027-01-02T00:00"}])
    ]
    await apply_file.apply(database, a_business(slug, staff=staff), now=NOW)
    moved = a_business(slug, staff=staff, timezone="Asia/Tokyo")
    await apply_file.apply(database, moved, now=NOW)
    assert await apply_file.export(database, slug) == moved
    assert (await apply_file.apply(database, moved, now=NOW)).changes == []


# Locations


def answer_of(found: Found) -> AppointmentAnswer:
    """What a visitor is told."""
    return AppointmentAnswer.of(Managed.of(found, "token"), "https://salon.example")


@pytest.mark.parametrize("key", ["mitte", "main"])
async def test_the_first_location_listed_is_the_one_that_was_not(
    installation: Installation, open_business: Open, database_url: str, key: str
) -> None:
    slug = new_slug()
    await open_business(a_business(slug))
    held = await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=NOW)
    assert answer_of(held).location is None

    first = {"key": key, "name": "Mitte", "timezone": "Asia/Tokyo"}
    await open_business(a_business(slug, location=[first, SOHO]))
    found = answer_of(await find.find(installation, slug, held.appointment.id, now=NOW))
    assert found.location == key
    assert found.start == tomorrow_at(9)
    assert found.start.utcoffset() == answer_of(held).start.utcoffset()  # the clock as promised
    assert await count(database_url, "location") == 2
    with pytest.raises(BookingConflictError):
        await book(
            installation, slug, a_booking(tomorrow_at(9), location=key), actor=VISITOR, now=NOW
        )
    moved = await move(
        installation,
        slug,
        held.appointment.id,
        MoveRequest(start=tomorrow_at(12)),
        actor=VISITOR,
        now=NOW,
    )
    assert moved.appointment.location == key
    await assert_sound(database_url)


async def test_a_booking_from_before_is_answered_again_with_a_location_that_there_is(
    open_business: Open, database: Database
) -> None:
    slug, booking = new_slug(), a_booking(tomorrow_at(9))
    await open_business(a_business(slug))
    before = Installation(database)
    held = await book(before, slug, booking, actor=VISITOR, now=NOW, idempotency_key="k")
    await open_business(a_business(slug, location=[MITTE | {"timezone": "Asia/Tokyo"}]))
    restarted = Installation(database)
    again = await book(restarted, slug, booking, actor=VISITOR, now=NOW, idempotency_key="k")
    assert again.token == held.token
    assert answer_of(again) == answer_of(
        await find.find(restarted, slug, held.appointment.id, now=NOW)
    )


async def test_when_no_location_is_listed_any_more_appointments_stay(
    installation: Installation, open_business: Open, database: Database, database_url: str
) -> None:
    slug = new_slug()
    everywhere = [{"location": key, "hours": ALWAYS} for key in ("mitte", "soho")]
    listed = a_business(
        slug,
        location=[MITTE, SOHO],
        staff=[{"key": "ada", "name": "Ada", "at": everywhere}],
        resource=[ROOM | {"location": "soho"}],
        service=[a_service(needs=["room"])],
    )
    await open_business(listed)
    booking = a_booking(tomorrow_at(9), location="soho")
    held = await book(installation, slug, booking, actor=VISITOR, now=NOW)
    assert answer_of(held).location == "soho"
    assert answer_of(held).resources == ["r1"]

    plain = a_business(slug, resource=[ROOM], service=[a_service(needs=["room"])])
    await open_business(plain)
    assert await apply_file.export(database, slug) == plain
    found = answer_of(await find.find(installation, slug, held.appointment.id, now=NOW))
    assert (found.location, found.start, found.resources) == (None, tomorrow_at(9), ["r1"])
    with pytest.raises(BookingConflictError):
        await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=NOW)
    await book(installation, slug, a_booking(tomorrow_at(12)), actor=VISITOR, now=NOW)

    await open_business(listed)
    assert await apply_file.export(database, slug) == listed
    found = answer_of(await find.find(installation, slug, held.appointment.id, now=NOW))
    assert found.location == "soho"
    await assert_sound(database_url)


async def test_a_location_that_is_left_out_keeps_its_appointments(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = new_slug()
    everywhere = [{"location": key, "hours": ALWAYS} for key in ("mitte", "soho")]
    ada = {"key": "ada", "name": "Ada", "at": everywhere}
    await open_business(a_business(slug, location=[MITTE, SOHO], staff=[ada]))
    held = await book(
        installation, slug, a_booking(tomorrow_at(9), location="soho"), actor=VISITOR, now=NOW
    )

    await open_business(a_business(slug, location=[MITTE]))
    found = answer_of(await find.find(installation, slug, held.appointment.id, now=NOW))
    assert (found.location, found.start, found.status) == ("soho", tomorrow_at(9), "confirmed")
    with pytest.raises(NotFoundError):
        await book(
            installation, slug, a_booking(tomorrow_at(12), location="soho"), actor=VISITOR, now=NOW
        )
    with pytest.raises(BookingConflictError):  # she is still there at nine
        await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=NOW)
    with pytest.raises(NotOfferedError, match="no longer open"):
        await move(
            installation,
            slug,
            held.appointment.id,
            MoveRequest(start=tomorrow_at(12)),
            actor=VISITOR,
            now=NOW,
        )
    there = MoveRequest(start=tomorrow_at(12), location="mitte")
    moved = await move(installation, slug, held.appointment.id, there, actor=VISITOR, now=NOW)
    assert moved.appointment.location == "mitte"
    await assert_sound(database_url)


async def test_a_new_order_of_locations_is_a_change_and_nobody_moves(
    installation: Installation, open_business: Open, database: Database
) -> None:
    slug = new_slug()
    ada = {"key": "ada", "name": "Ada", "at": [{"location": "soho", "hours": ALWAYS}]}
    await open_business(a_business(slug, location=[MITTE, SOHO], staff=[ada]))
    held = await book(
        installation, slug, a_booking(tomorrow_at(9), location="soho"), actor=VISITOR, now=NOW
    )
    turned = a_business(slug, location=[SOHO, MITTE], staff=[ada])
    applied = await apply_file.apply(database, turned, now=NOW)
    assert applied.changes == ["order: changed"]
    assert await apply_file.export(database, slug) == turned
    found = await find.find(installation, slug, held.appointment.id, now=NOW)
    assert found.appointment.location == "soho"


# Rooms and equipment


async def test_a_room_keeps_its_time_when_its_kind_is_another(
    installation: Installation, open_business: Open, database: Database, database_url: str
) -> None:
    slug = new_slug()

    def salon(kind: str) -> Business:
        return a_business(
            slug,
            timezone="UTC",
            staff=[a_staff_member("ada"), a_staff_member("bob")],
            resource=[
                ROOM
                | {
                    "kind": kind,
                    "time_off": [{"from": "2027-03-28T02:30", "to": "2027-03-30T00:00"}],
                }
            ],
            service=[a_service(needs=[kind])],
        )

    await open_business(salon("room"))
    held = await book(
        installation, slug, a_booking(tomorrow_at(9), staff="ada"), actor=VISITOR, now=NOW
    )
    claims = await rows(database, "claim")

    applied = await apply_file.apply(database, salon("studio"), now=NOW)
    assert applied.changes == [
        "resource.r1.kind: room → studio",
        "service.cut.needs: room → studio",
    ]
    assert await apply_file.export(database, slug) == salon("studio")
    assert await rows(database, "claim") == claims
    with pytest.raises(BookingConflictError):
        await book(
            installation, slug, a_booking(tomorrow_at(9), staff="bob"), actor=VISITOR, now=NOW
        )
    found = await find.find(installation, slug, held.appointment.id, now=NOW)
    assert found.appointment.resources == ("r1",)

    await open_business(a_business(slug, staff=[a_staff_member("ada")]))
    await open_business(salon("room"))
    with pytest.raises(BookingConflictError):
        await book(
            installation, slug, a_booking(tomorrow_at(9), staff="bob"), actor=VISITOR, now=NOW
        )
    await assert_sound(database_url)


async def test_rooms_may_change_kinds_with_each_other(database: Database) -> None:
    slug = new_slug()

    def salon(first: str, second: str) -> Business:
        return a_business(
            slug, resource=[ROOM | {"kind": first}, ROOM | {"key": "r2", "kind": second}]
        )

    await apply_file.apply(database, salon("room", "chair"), now=NOW)
    await apply_file.apply(database, salon("chair", "room"), now=NOW)
    assert await apply_file.export(database, slug) == salon("chair", "room")


async def test_a_room_s_time_off_is_a_claim(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = new_slug()
    day = f"{tomorrow_at(9):%Y-%m-%d}"
    shut = ROOM | {"time_off": [{"from": f"{day}T08:00", "to": f"{day}T10:00"}]}
    await open_business(
        a_business(slug, timezone="UTC", resource=[shut], service=[a_service(needs=["room"])])
    )
    with pytest.raises(BookingConflictError):
        await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=NOW)
    await book(installation, slug, a_booking(tomorrow_at(10)), actor=VISITOR, now=NOW)
    await assert_sound(database_url)


async def test_a_room_s_time_off_over_an_appointment_refuses_the_whole_file(
    installation: Installation, open_business: Open, database: Database
) -> None:
    slug = new_slug()
    needing: dict[str, Any] = {"timezone": "UTC", "service": [a_service(needs=["room"])]}
    before = a_business(slug, resource=[ROOM], **needing)
    await open_business(before)
    await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=NOW)
    day = f"{tomorrow_at(9):%Y-%m-%d}"
    shut = ROOM | {"time_off": [{"from": f"{day}T08:00", "to": f"{day}T10:00"}]}
    with pytest.raises(BlockConflictError) as refusal:
        await apply_file.apply(
            database, a_business(slug, name="New name", resource=[shut], **needing), now=NOW
        )
    assert refusal.value.facts["staff"] == "r1"
    assert [one["client_name"] for one in refusal.value.facts["appointments"]] == ["Zoe"]
    assert await apply_file.export(database, slug) == before


async def test_a_room_moved_to_another_location_keeps_its_appointments(
    installation: Installation, open_business: Open, database: Database
) -> None:
    slug = new_slug()
    everywhere = [{"location": key, "hours": ALWAYS} for key in ("mitte", "soho")]
    staff = [{"key": key, "name": key.capitalize(), "at": everywhere} for key in ("ada", "bob")]

    def salon(where: str) -> Business:
        return a_business(
            slug,
            location=[MITTE, SOHO],
            staff=staff,
            resource=[ROOM | {"location": where}],
            service=[a_service(needs=["room"])],
        )

    await open_business(salon("mitte"))
    await book(
        installation, slug, a_booking(tomorrow_at(9), location="mitte"), actor=VISITOR, now=NOW
    )
    with pytest.raises(NotOfferedError, match="room"):
        await book(
            installation, slug, a_booking(tomorrow_at(9), location="soho"), actor=VISITOR, now=NOW
        )
    applied = await apply_file.apply(database, salon("soho"), now=NOW)
    assert applied.changes == ["resource.r1.location: mitte → soho"]
    with pytest.raises(BookingConflictError):
        await book(
            installation, slug, a_booking(tomorrow_at(9), location="soho"), actor=VISITOR, now=NOW
        )
    await book(
        installation, slug, a_booking(tomorrow_at(12), location="soho"), actor=VISITOR, now=NOW
    )
