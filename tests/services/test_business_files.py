"""Apply and export over the database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from bookonce.core import business_file
from bookonce.core.business import Business
from bookonce.core.errors import BlockConflictError, BookingConflictError, NotFoundError
from bookonce.services import business_files
from bookonce.services.book import book
from bookonce.services.installation import Installation
from bookonce.store.database import Database
from tests.factories import a_booking, a_business, a_service, a_staff_member, new_slug, tomorrow_at
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


async def test_it_works(database: Database) -> None:
    business = a_business(**RICH)
    applied = await business_files.apply(database, business, now=NOW)
    assert applied.changes == [f"business {business.business.slug}: created"]
    assert await business_files.export(database, business.business.slug) == business


async def test_applying_the_same_again_changes_nothing(
    database: Database, database_url: str
) -> None:
    business = a_business(**RICH)
    await business_files.apply(database, business, now=NOW)
    tables = ("business", "resource", "service", "weekly_hours", "claim", "event")
    before = {table: await rows(database, table) for table in tables}
    again = await business_files.apply(database, business, now=NOW)
    assert again.changes == []
    assert {table: await rows(database, table) for table in tables} == before


async def rows(database: Database, table: str) -> list[str]:
    found = await database.run(
        lambda connection: connection.fetch(f"SELECT t::text FROM {table} t ORDER BY 1")
    )
    return [row[0] for row in found]


async def test_an_exported_file_applies_as_no_change(database: Database) -> None:
    slug = new_slug()
    await business_files.apply(database, a_business(slug, **RICH), now=NOW)
    text = business_file.render(await business_files.export(database, slug))
    applied = await business_files.apply(database, business_file.parse(text), now=NOW)
    assert applied.changes == []


async def test_each_change_is_told(database: Database) -> None:
    slug = new_slug()
    await business_files.apply(database, a_business(slug), now=NOW)
    after = a_business(
        slug,
        name="Lumen Hair & More",
        staff=[a_staff_member("ada"), a_staff_member("bob")],
        service=[a_service(duration_min=45)],
        policy={"notice_min": 30},
    )
    applied = await business_files.apply(database, after, now=NOW)
    assert applied.changes == [
        "business.name: Lumen Hair → Lumen Hair & More",
        "policy.notice_min: 0 → 30",
        "staff.bob: added",
        "service.cut.duration_min: 30 → 45",
    ]
    assert await business_files.export(database, slug) == after


async def test_a_new_order_is_a_change(database: Database) -> None:
    slug = new_slug()
    staff = [a_staff_member("ada"), a_staff_member("bob")]
    await business_files.apply(database, a_business(slug, staff=staff), now=NOW)
    turned = a_business(slug, staff=staff[::-1])
    assert (await business_files.apply(database, turned, now=NOW)).changes == ["order: changed"]
    assert await business_files.export(database, slug) == turned


async def test_who_left_and_comes_back_is_the_same_person(
    installation: Installation, open_business: Open, database: Database, database_url: str
) -> None:
    slug = new_slug()
    both = a_business(slug, staff=[a_staff_member("ada"), a_staff_member("bob")])
    await open_business(both)
    await book(installation, slug, a_booking(tomorrow_at(9), staff="bob"), now=NOW)

    without_bob = a_business(slug, staff=[a_staff_member("ada")])
    applied = await business_files.apply(database, without_bob, now=NOW)
    assert applied.warnings == ["Bob is no longer listed but has 1 upcoming appointments"]
    with pytest.raises(NotFoundError):
        await book(installation, slug, a_booking(tomorrow_at(12), staff="bob"), now=NOW)

    await business_files.apply(database, both, now=NOW)
    with pytest.raises(BookingConflictError):
        await book(installation, slug, a_booking(tomorrow_at(9), staff="bob"), now=NOW)
    await assert_sound(database_url)


async def test_time_off_over_an_appointment_refuses_the_whole_file(
    installation: Installation, open_business: Open, database: Database
) -> None:
    slug = new_slug()
    before = a_business(slug, timezone="UTC")
    await open_business(before)
    await book(installation, slug, a_booking(tomorrow_at(9)), now=NOW)
    day = f"{tomorrow_at(9):%Y-%m-%d}"
    away = a_staff_member("ada", time_off=[{"from": f"{day}T08:00", "to": f"{day}T10:00"}])
    after = a_business(slug, name="New name", timezone="UTC", staff=[away])
    with pytest.raises(BlockConflictError) as refusal:
        await business_files.apply(database, after, now=NOW)
    assert refusal.value.facts["staff"] == "ada"
    assert [one["client_name"] for one in refusal.value.facts["appointments"]] == ["Zoe"]
    assert await business_files.export(database, slug) == before


async def test_time_off_that_stays_is_never_open_and_what_goes_is_given_back(
    database: Database, database_url: str
) -> None:
    slug = new_slug()
    stays = {"from": "2027-01-01T00:00", "to": "2027-01-03T00:00", "reason": "ski"}
    goes = {"from": "2027-02-01T00:00", "to": "2027-02-03T00:00"}
    comes = {"from": "2027-02-02T00:00", "to": "2027-02-05T00:00"}

    async def apply(*time_off: dict[str, str]) -> list[str]:
        staff = [a_staff_member("ada", time_off=list(time_off))]
        await business_files.apply(database, a_business(slug, staff=staff), now=NOW)
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
        *[business_files.apply(database, business, now=NOW) for _ in range(8)]
    )
    assert sorted(len(result.changes) for result in results) == [0] * 7 + [1]
    assert await count(database_url, "business") == 1


async def test_a_change_of_zone_moves_the_time_off_with_it(database: Database) -> None:
    slug = new_slug()
    staff = [
        a_staff_member("ada", time_off=[{"from": "2027-01-01T00:00", "to": "2027-01-02T00:00"}])
    ]
    await business_files.apply(database, a_business(slug, staff=staff), now=NOW)
    moved = a_business(slug, staff=staff, timezone="Asia/Tokyo")
    await business_files.apply(database, moved, now=NOW)
    assert await business_files.export(database, slug) == moved
    assert (await business_files.apply(database, moved, now=NOW)).changes == []
