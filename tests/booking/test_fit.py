"""Which appointments a change of the business leaves without what they were booked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from bookonce.availability.block import BlockKind, block
from bookonce.availability.installation import Installation
from bookonce.booking import apply_file
from bookonce.booking.apply_file import export
from bookonce.booking.book import book
from bookonce.booking.change_business import Mode
from bookonce.business.document import Business
from bookonce.platform.actor import COMMAND_LINE, VISITOR
from bookonce.platform.database import Database
from bookonce.platform.errors import BlockConflictError, UnfitError
from tests.factories import (
    ALWAYS,
    a_booking,
    a_business,
    a_service,
    a_staff_member,
    new_slug,
    tomorrow_at,
)
from tests.races.harness import count

NOW = datetime.now(UTC)
Open = Callable[[Business], Awaitable[str]]
START = tomorrow_at(9)
MITTE = {"key": "mitte", "name": "Mitte"}
SOHO = {"key": "soho", "name": "Soho"}
BOTH = [{"location": key, "hours": ALWAYS} for key in ("mitte", "soho")]
ROOM = {"key": "r1", "name": "Room", "kind": "room", "location": "mitte"}

BEFORE: dict[str, Any] = {
    "timezone": "UTC",
    "location": [MITTE, SOHO],
    "staff": [
        {"key": "ada", "name": "Ada", "at": BOTH},
        {"key": "bob", "name": "Bob", "at": BOTH},
    ],
    "resource": [ROOM, ROOM | {"key": "r2", "location": "soho"}],
    "service": [a_service(needs=["room"]), a_service("wash")],
}
CLOSED_THEN = [{"date": f"{START:%Y-%m-%d}", "hours": []}]


@pytest.fixture
async def booked(installation: Installation, open_business: Open) -> str:
    """A business where Ada cuts in a room in Mitte."""
    slug = await open_business(a_business(**BEFORE))
    request = a_booking(START, staff="ada", location="mitte")
    await book(installation, slug, request, actor=VISITOR, now=NOW)
    return slug


def staff(*others: dict[str, Any]) -> dict[str, Any]:
    return {"staff": [{"key": "bob", "name": "Bob", "at": BOTH}, *others]}


@pytest.mark.parametrize(
    "change, reason",
    [
        ({}, None),
        ({"policy": {"notice_min": 527_040, "slot_step_min": 7, "horizon_days": 1}}, None),
        (
            {
                "location": [SOHO],
                "staff": [{"key": key, "name": key, "at": BOTH[1:]} for key in ("ada", "bob")],
                "resource": [ROOM | {"location": "soho"}],
            },
            "Mitte is no longer a location",
        ),
        ({"service": [a_service("wash")]}, "Cut is no longer offered"),
        ({"service": [a_service(needs=["room"], locations=["soho"])]}, "no longer offered at Mi"),
        ({"service": [a_service(needs=["room"], staff=["bob"])]}, "Ada no longer performs Cut"),
        (
            {"service": [a_service(needs=["room"], duration_min=45)]},
            "45 minutes now, booked are 30",
        ),
        (staff(), "Ada is no longer listed"),
        (staff({"key": "ada", "name": "Ada", "at": BOTH[1:]}), "outside the hours"),
        (
            staff({"key": "ada", "name": "Ada", "at": [BOTH[0] | {"dates": CLOSED_THEN}]}),
            "outside the hours",
        ),
        ({"location": [MITTE | {"dates": CLOSED_THEN}, SOHO]}, "outside the hours"),
        ({"resource": [ROOM | {"key": "r2"}]}, "r1 is no longer listed"),
        ({"resource": [ROOM | {"location": "soho"}]}, "r1 is no longer at Mitte"),
        (
            {
                "resource": [ROOM, {**ROOM, "key": "c", "kind": "chair"}],
                "service": [a_service(needs=["room", "chair"])],
            },
            "Cut needs a chair now",
        ),
    ],
)
async def test_an_appointment_that_no_longer_fits_is_told_and_strict_refuses(
    database: Database, database_url: str, booked: str, change: dict[str, Any], reason: str | None
) -> None:
    after = a_business(booked, **BEFORE | change)
    looked = await apply_file.apply(database, after, now=NOW, mode=Mode(dry_run=True))
    assert await export(database, booked) == a_business(booked, **BEFORE)
    if reason is not None:
        with pytest.raises(UnfitError):
            await apply_file.apply(database, after, now=NOW, mode=Mode(strict=True))
        assert await count(database_url, "business_version") == 1
    applied = await apply_file.apply(database, after, now=NOW)
    assert (applied.changes, applied.unfit) == (looked.changes, looked.unfit)
    assert len(applied.unfit) == (reason is not None)
    for one in applied.unfit:
        assert reason in " ".join(one.reasons)  # type: ignore[operator]
        assert one.upcoming.start == START


async def test_what_did_not_fit_before_is_not_told_again(database: Database, booked: str) -> None:
    without = BEFORE | {"service": [a_service("wash")]}
    [unfit] = (await apply_file.apply(database, a_business(booked, **without), now=NOW)).unfit
    assert unfit.reasons == ("Cut is no longer offered",)
    renamed = a_business(booked, name="Another", **without)
    strict = await apply_file.apply(database, renamed, now=NOW, mode=Mode(strict=True))
    assert strict.unfit == []


# Absences of others


async def test_applying_a_file_leaves_the_office_s_absences_as_they_are(
    installation: Installation, database: Database, open_business: Open, database_url: str
) -> None:
    business = a_business(new_slug(), timezone="UTC")
    slug = await open_business(business)
    await block(
        installation, slug, "ada", tomorrow_at(9), tomorrow_at(12), now=NOW,
        kind=BlockKind.TIME_OFF, reason="dentist", actor=COMMAND_LINE,
    )  # fmt: skip
    assert await export(database, slug) == business
    renamed = a_business(slug, timezone="UTC", name="Another")
    await apply_file.apply(database, renamed, now=NOW)
    assert await count(database_url, "claim") == 1


@pytest.mark.parametrize("hours", [(9, 12), (11, 13)], ids=["identical", "overlapping"])
async def test_an_absence_of_the_file_over_one_of_the_office_is_refused_with_both_named(
    installation: Installation, database: Database, open_business: Open, hours: tuple[int, int]
) -> None:
    slug = await open_business(a_business(new_slug(), timezone="UTC"))
    await block(
        installation, slug, "ada", tomorrow_at(9), tomorrow_at(12), now=NOW,
        kind=BlockKind.TIME_OFF, reason="dentist", actor=COMMAND_LINE,
    )  # fmt: skip
    start, end = (f"{tomorrow_at(hour):%Y-%m-%dT%H:%M}" for hour in hours)
    ada = a_staff_member("ada", time_off=[{"from": start, "to": end}])
    with pytest.raises(BlockConflictError) as refusal:
        await apply_file.apply(database, a_business(slug, timezone="UTC", staff=[ada]), now=NOW)
    for word in ("ada", start.replace("T", " "), "office", "dentist"):
        assert word in refusal.value.detail
