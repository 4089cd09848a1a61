"""A zone's rules change: what was promised by its clock stays at that time.

This process goes by the rules that are packaged. Commands and servers with other rules are processes
of their own. Lagos is an hour ahead of UTC all year; by the later rules it isn't, or two hours.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from bookonce.availability.block import BlockKind, block
from bookonce.availability.installation import Installation
from bookonce.booking import apply_file
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.find import find
from bookonce.booking.move import MoveRequest, move
from bookonce.booking.replay import Booked
from bookonce.booking.rezone import keep_promises
from bookonce.business.document import Business
from bookonce.platform.actor import SYSTEM, VISITOR
from bookonce.platform.errors import TryAgainError
from tests.cli.commands import Outcome, bookonce
from tests.factories import (
    ALWAYS,
    a_booking,
    a_business,
    a_service,
    a_staff_member,
    a_visitor,
    tomorrow_at,
)
from tests.races.harness import assert_sound
from tests.running import RunningServer
from tests.zone_folders import zone_folder

Open = Callable[[Business], Awaitable[str]]
NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
WAIT_S = 60
TWO = [a_staff_member(key) for key in ("ada", "bob")]
SERVICES = [
    a_service("cut", duration_min=60),
    a_service("wash", buffer_after_min=30),
    a_service(
        "colour",
        duration_min=120,
        phases=[
            {"duration_min": 30},
            {"duration_min": 60, "staff": False},
            {"duration_min": 30},
        ],
    ),
]


def lagos(slug: str | None = None, **more: Any) -> Business:
    return a_business(slug, timezone="Africa/Lagos", **{"staff": TWO, "service": SERVICES} | more)


@pytest.fixture(scope="module")
def utc_from_now(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lagos goes back an hour, so everything promised comes an hour later."""
    return zone_folder(tmp_path_factory.mktemp("zones"), Africa__Lagos="UTC")


@pytest.fixture(scope="module")
def two_ahead_from_now(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lagos goes forward an hour, so everything promised comes an hour earlier."""
    return zone_folder(tmp_path_factory.mktemp("zones"), Africa__Lagos="Africa/Maputo")


def rezone(url: str, rules: Path, *arguments: str) -> Outcome:
    return bookonce("rezone", *arguments, "--database-url", url, BOOKONCE_ZONE_RULES=str(rules))


async def rows(url: str, query: str, *arguments: object) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return [dict(row) for row in await connection.fetch(query, *arguments)]
    finally:
        await connection.close()


async def starts(url: str) -> dict[str, datetime]:
    """When each client's appointment begins."""
    found = await rows(url, "SELECT client_name, starts_at FROM appointment")
    return {row["client_name"]: row["starts_at"] for row in found}


async def everything(url: str) -> list[Any]:
    """What may change: appointments, parts, claims, events, and the rules of each business."""
    return [
        await rows(url, f"SELECT * FROM {table} ORDER BY 1, 2, 3")
        for table in ("appointment", "appointment_part", "claim", "event", "business")
    ]


async def visit(shop: Installation, slug: str, name: str, hour: int, **more: Any) -> Booked:
    wish = a_booking(tomorrow_at(hour), client=a_visitor(name), **more)
    return await book(shop, slug, wish, actor=VISITOR, now=NOW)


@pytest.mark.parametrize("rules, by", [("utc_from_now", HOUR), ("two_ahead_from_now", -HOUR)])
async def test_what_was_promised_stays_where_the_clock_shows_it(
    installation: Installation,
    open_business: Open,
    database_url: str,
    rules: str,
    by: timedelta,
    request: pytest.FixtureRequest,
) -> None:
    slug = await open_business(lagos())
    # One after the other without a gap, so that each is in the way of the next.
    for number, name in enumerate(("Ann", "Bea", "Cid", "Dot")):
        await visit(installation, slug, name, 8 + number, staff="ada")
    await visit(installation, slug, "Eve", 12, service="colour", staff="ada")
    await visit(installation, slug, "Fay", 13, service="wash", staff="bob")
    parts = await visit(installation, slug, "Gil", 15, service=None, services=("cut", "wash"))
    held = a_booking(tomorrow_at(18), client=a_visitor("Hal"))
    await book(installation, slug, held, actor=VISITOR, now=NOW, hold_until=NOW + 24 * HOUR)
    gone = await visit(installation, slug, "Ira", 20)
    await cancel(installation, slug, gone.appointment.id, actor=VISITOR, now=NOW)
    await block(
        installation, slug, "bob", tomorrow_at(9), tomorrow_at(11),
        now=NOW, kind=BlockKind.TIME_OFF, actor=SYSTEM,
    )  # fmt: skip
    before = await starts(database_url)
    folder = request.getfixturevalue(rules)

    untouched = await everything(database_url)
    tried = rezone(database_url, folder, "--dry-run")
    assert tried.code == 0, tried
    assert tried.out.count("would be moved") == 9
    assert await everything(database_url) == untouched

    done = rezone(database_url, folder)
    assert done.code == 0, done
    assert done.out.count(" moved ") == 9
    for name in before.keys() - {"Ira"}:
        assert name in done.out

    after = await starts(database_url)
    assert after == {name: at + (by if name != "Ira" else 0 * by) for name, at in before.items()}
    [absence] = await rows(
        database_url, "SELECT lower(during) AS at FROM claim WHERE kind = 'time_off'"
    )
    assert absence["at"] == tomorrow_at(9) + by
    told = await rows(
        database_url,
        "SELECT data, actor FROM event WHERE kind = 'appointment.rezoned' AND appointment_id = $1",
        parts.appointment.id,
    )
    [facts] = [json.loads(row["data"]) for row in told]
    assert datetime.fromisoformat(facts["start"]) == tomorrow_at(15) + by
    assert facts["wall_start"].endswith("T16:00:00")
    assert [datetime.fromisoformat(part["start"]) for part in facts["parts"]] == [
        tomorrow_at(15) + by,
        tomorrow_at(16) + by,
    ]
    assert facts["sequence"] == 1
    await assert_sound(database_url)

    again = rezone(database_url, folder)
    assert (again.code, "as promised" in again.out or "was promised" in again.out) == (0, True)
    assert await starts(database_url) == after


async def test_what_another_zone_promised_is_left_alone(
    installation: Installation, open_business: Open, database_url: str, utc_from_now: Path
) -> None:
    both = [{"location": key, "hours": ALWAYS} for key in ("ikeja", "mitte")]
    places = [
        {"key": "ikeja", "name": "Ikeja"},
        {"key": "mitte", "name": "Mitte", "timezone": "Europe/Berlin"},
    ]
    staff = [{"key": "ada", "name": "Ada", "at": both}, {"key": "bob", "name": "Bob", "at": both}]
    slug = await open_business(lagos(location=places, staff=staff))
    await visit(installation, slug, "Ann", 9, staff="ada", location="ikeja")
    rival = await visit(installation, slug, "Bea", 10, staff="ada", location="mitte")
    await visit(installation, slug, "Cid", 10, staff="bob", location="mitte")
    before = await starts(database_url)

    stuck = rezone(database_url, utc_from_now)
    assert stuck.code == 1
    assert "the time is taken" in stuck.out
    assert "Ann" in stuck.out
    assert "Bea" not in stuck.out
    assert "1 can't be put where it was promised" in stuck.err
    assert await starts(database_url) == before
    await assert_sound(database_url)

    # Once the rival is gone it moves.
    await cancel(installation, slug, rival.appointment.id, actor=SYSTEM, now=NOW)
    assert rezone(database_url, utc_from_now).code == 0
    assert await starts(database_url) == before | {"Ann": before["Ann"] + HOUR}
    await assert_sound(database_url)


async def test_a_time_that_the_clock_skips_now_is_listed(
    installation: Installation,
    open_business: Open,
    database_url: str,
    tmp_path: Path,
) -> None:
    rules = zone_folder(tmp_path, Africa__Lagos="Europe/Berlin")
    slug = await open_business(lagos(policy={"horizon_days": 1100}))
    day = _clock_goes_forward(NOW.date())
    skipped = datetime(day.year, day.month, day.day, 1, 30, tzinfo=UTC)  # half past two in Lagos
    wish = a_booking(skipped, client=a_visitor("Ann"))
    await book(installation, slug, wish, actor=VISITOR, now=NOW)
    outcome = rezone(database_url, rules)
    assert outcome.code == 1
    assert "doesn't show this time" in outcome.out
    assert await starts(database_url) == {"Ann": skipped}


def _clock_goes_forward(today: date) -> date:
    """The next last Sunday of March."""
    for year in (today.year, today.year + 1):
        last = date(year, 3, 31)
        sunday = last - timedelta(days=(last.weekday() + 1) % 7)
        if sunday > today:
            return sunday
    raise AssertionError


async def test_until_it_is_moved_nobody_takes_the_promised_time(
    installation: Installation,
    open_business: Open,
    database_url: str,
    scratch: Path,
    utc_from_now: Path,
) -> None:
    slug = await open_business(lagos(staff=[a_staff_member("ada")]))
    held = await visit(installation, slug, "Ann", 9)
    environment = {"BOOKONCE_ZONE_RULES": str(utc_from_now)}
    with (
        RunningServer(database_url, scratch / "new-rules", environment=environment) as server,
        httpx.Client(base_url=server.base_url, timeout=30) as client,
    ):
        api = f"/api/v1/{slug}"
        link = f"{api}/appointments/{held.token}"
        promised = f"{tomorrow_at(10):%Y-%m-%dT%H:%M:%S}Z"
        assert client.get(link).json()["start"] == promised
        assert f"DTSTART:{tomorrow_at(10):%Y%m%dT%H%M%S}Z" in client.get(f"{link}.ics").text or (
            f"{tomorrow_at(10):%Y%m%dT%H%M%S}" in client.get(f"{link}.ics").text
        )
        wish = {
            "service": "cut",
            "start": promised,
            "client": {"name": "Bea", "email": "bea@example.com"},
        }
        taken = client.post(f"{api}/book", json=wish)
        assert (taken.status_code, taken.json()["code"]) == (409, "BOOKING_CONFLICT")
        # What it had by the old rules is free.
        left = client.post(f"{api}/book", json=wish | {"start": tomorrow_at(9).isoformat()})
        assert left.status_code == 201, left.text
        assert client.get(link).json()["start"] == promised
    assert await starts(database_url) == {"Ann": tomorrow_at(10), "Bea": tomorrow_at(9)}
    await assert_sound(database_url)


async def test_who_knows_only_the_old_rules_writes_nothing_where_they_differ(
    installation: Installation, open_business: Open, database_url: str, utc_from_now: Path
) -> None:
    slug = await open_business(lagos())
    berlin = await open_business(a_business())
    held = await visit(installation, slug, "Ann", 9, staff="ada")
    await visit(installation, berlin, "Bea", 9)
    assert rezone(database_url, utc_from_now).code == 0

    there = MoveRequest(start=tomorrow_at(15))
    attempts: list[Callable[[], Awaitable[object]]] = [
        lambda: visit(installation, slug, "Cid", 12),
        lambda: move(installation, slug, held.appointment.id, there, actor=VISITOR, now=NOW),
        lambda: block(
            installation, slug, "ada", tomorrow_at(1), tomorrow_at(2), now=NOW, actor=SYSTEM
        ),
        lambda: apply_file.apply(installation.database, lagos(slug, staff=TWO[:1]), now=NOW),
    ]
    for attempt in attempts:
        with pytest.raises(TryAgainError, match="update this server"):
            await attempt()
    # Where the rules say the same it goes on, also after a change; giving back is never refused.
    await apply_file.apply(installation.database, a_business(berlin, name="Another"), now=NOW)
    await visit(installation, berlin, "Dot", 12)
    await cancel(installation, slug, held.appointment.id, actor=VISITOR, now=NOW)
    assert await keep_promises(
        installation.database, held.directory.business_id, now=NOW
    ) == []  # fmt: skip
    await assert_sound(database_url)


@pytest.mark.timeout(300)  # two servers, and a job that comes once a minute
async def test_workers_of_both_rules_at_once_keep_every_promise(
    installation: Installation,
    open_business: Open,
    database_url: str,
    scratch: Path,
    utc_from_now: Path,
) -> None:
    """A server of each, with jobs, and visitors at both while the new rules come into force."""
    slug = await open_business(lagos())
    for number in range(6):
        await visit(installation, slug, f"early-{number}", 8 + number, staff="ada")
    environment = {"BOOKONCE_ZONE_RULES": str(utc_from_now)}
    promised: dict[str, tuple[str, str]] = {}
    with (
        RunningServer(database_url, scratch / "old", jobs=True) as old,
        RunningServer(database_url, scratch / "new", jobs=True, environment=environment) as new,
    ):
        async with httpx.AsyncClient(timeout=30) as client:

            async def attempt(server: RunningServer, number: int) -> None:
                offset = "+01:00" if server is old else "+00:00"
                wall = f"{tomorrow_at(0):%Y-%m-%d}T{number % 24:02}:00:00"
                name = f"{'old' if server is old else 'new'}-{number}"
                answer = await client.post(
                    f"{server.base_url}/api/v1/{slug}/book",
                    json={
                        "service": "cut",
                        "staff": ("ada", "bob")[number // 24],
                        "start": wall + offset,
                        "client": {"name": name, "email": f"{name}@example.com"},
                    },
                )
                assert answer.status_code in (201, 409, 422, 503), server.log_path.read_text()
                if answer.status_code == 201:
                    promised[name] = (wall, answer.json()["staff"])

            last = 23  # nobody but the last two wants it
            await asyncio.gather(
                *(
                    attempt(server, number)
                    for number in range(48)
                    for server in (old, new)
                    if number != last
                )
            )
            await _until_all_is_as_promised(database_url)
            await attempt(old, last)
            assert f"old-{last}" not in promised
            await attempt(new, last)
            assert f"new-{last}" in promised
    kept = {
        row["client_name"]: (f"{row['starts_at']:%Y-%m-%dT%H:%M:%S}", row["staff"])
        for row in await rows(
            database_url,
            """
            SELECT client_name, starts_at, resource.key AS staff
            FROM appointment JOIN appointment_part USING (business_id, appointment_id)
            JOIN resource USING (business_id, resource_id)
            """.replace("starts_at, resource", "appointment.starts_at, resource"),
        )
    }
    for number in range(6):
        wall = f"{tomorrow_at(0):%Y-%m-%d}T{9 + number:02}:00:00"
        assert kept.pop(f"early-{number}") == (wall, "ada")
    assert kept == promised  # by the new rules the clock shows UTC
    assert len(set(kept.values())) == len(kept)
    await assert_sound(database_url)


async def _until_all_is_as_promised(url: str) -> None:
    """The job runs within a minute of a start under new rules."""
    query = "SELECT zone_rules, has_shifted FROM business"
    end_s = time.monotonic() + 2 * WAIT_S
    while [(row["zone_rules"], row["has_shifted"]) for row in await rows(url, query)] != [
        ("2099a", False)
    ]:
        assert time.monotonic() < end_s
        await asyncio.sleep(0.2)


async def test_appointments_from_before_that_was_written_down_stay_where_they_are(
    installation: Installation, open_business: Open, database_url: str, utc_from_now: Path
) -> None:
    slug = await open_business(lagos())
    held = await visit(installation, slug, "Ann", 9)
    await block(installation, slug, "ada", tomorrow_at(1), tomorrow_at(2), now=NOW, actor=SYSTEM)
    await rows(database_url, "UPDATE appointment SET wall_start = NULL, zone_rules = NULL")
    await rows(database_url, "UPDATE claim SET wall_start = NULL, wall_end = NULL")
    await rows(database_url, "UPDATE business SET zone_rules = NULL, zone_turn = zone_turn + 1")
    await visit(installation, slug, "Bea", 12)  # whoever books first writes it down
    found = await find(installation, slug, held.appointment.id, now=NOW)
    assert found.appointment.wall_start == tomorrow_at(10).replace(tzinfo=None)
    assert rezone(database_url, utc_from_now).code == 0
    assert await starts(database_url) == {"Ann": tomorrow_at(10), "Bea": tomorrow_at(13)}


async def test_a_move_by_new_rules_is_promised_anew(
    installation: Installation, open_business: Open, database_url: str, utc_from_now: Path
) -> None:
    slug = await open_business(lagos())
    held = await visit(installation, slug, "Ann", 9)
    there = MoveRequest(start=tomorrow_at(15))
    await move(installation, slug, held.appointment.id, there, actor=VISITOR, now=NOW)
    assert rezone(database_url, utc_from_now).code == 0
    assert await starts(database_url) == {"Ann": tomorrow_at(16)}


def test_a_folder_without_zones_is_refused(tmp_path: Path) -> None:
    outcome = bookonce("doctor", BOOKONCE_ZONE_RULES=str(tmp_path))
    assert outcome.code == 1
    assert "BOOKONCE_ZONE_RULES: there is no zone database" in outcome.err
