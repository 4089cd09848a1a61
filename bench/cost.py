"""What a booking costs in processor time, part by part, found by leaving parts away."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rich.progress import Progress

from bench import load, processes, rush
from bench.bookings import PRELOADED
from bench.filling import preload
from bench.scratch import Scratch
from bookonce.availability.allocation import demand_of
from bookonce.availability.installation import Installation
from bookonce.availability.selection import Choice, Selection, select
from bookonce.booking import booking_rows
from bookonce.booking.book import book
from bookonce.booking.booking_rows import NewAppointment, Outcome, Whom
from bookonce.booking.client import Client
from bookonce.booking.request import BookingRequest
from bookonce.platform.actor import VISITOR
from bookonce.platform.database import Database
from bookonce.platform.ids import new_id
from bookonce.platform.zone_database import RULES
from bookonce.platform.zones import wall
from tests.running import RunningServer

AT_ONCE = 10
BOOKINGS_A_ROUND = 3_000
ROUNDS = 5
_FACTS = '{"start":"2026-12-01T10:00:00Z","end":"2026-12-01T10:05:00Z","currency":"EUR"}'


@dataclass(frozen=True, slots=True)
class Results:
    """Milliseconds of processor time for a booking, a figure for each round: of the whole server,
    of the verb without HTTP, of the driver with ready parameters, and of PostgreSQL.
    """

    server_ms: list[float]
    verb_ms: list[float]
    driver_ms: list[float]
    database_ms: list[float]

    def parts(self) -> dict[str, float]:
        """Medians of the rounds; together they are the whole."""
        server, verb, driver, database = (
            statistics.median(part)
            for part in (self.server_ms, self.verb_ms, self.driver_ms, self.database_ms)
        )
        return {
            "HTTP, JSON, log, metrics": server - verb,
            "judging and preparing": verb - driver,
            "driver": driver,
            "database": database,
        }


async def measure(scratch: Scratch, progress: Progress) -> Results:
    """Rounds in turn: over HTTP, the verb in this process, the statement in this process."""
    url = await scratch.database("cost")
    await preload(url, PRELOADED)
    task = progress.add_task("booking, with and without parts", total=ROUNDS * 3)
    results = Results([], [], [], [])
    database = Database(url, connections_max=AT_ONCE)
    await database.open()
    try:
        with RunningServer(url, scratch.folder / "cost") as server:
            server.apply(rush.a_rush(AT_ONCE * 3))
            installation = Installation(database)
            visits = itertools.count()
            for number in range(-1, ROUNDS):
                first = next(visits) * BOOKINGS_A_ROUND // AT_ONCE
                into = results if number >= 0 else Results([], [], [], [])
                _over_http(server, scratch, first, into)
                into.verb_ms.append(await _spent_ms(_verb(installation), AT_ONCE, first))
                into.driver_ms.append(await _spent_ms(await _driver(installation), 0, first))
                progress.update(task, completed=max(0, number + 1) * 3)
    finally:
        await database.close()
    return results


def _over_http(server: RunningServer, scratch: Scratch, first: int, results: Results) -> None:
    assert server.process is not None
    pids = server.process.pid, scratch.postmaster()
    requests = [
        [
            rush.booking(staff, visit, f"c-{staff}-{visit}", f"key-{staff}-{visit}")
            for visit in range(first, first + BOOKINGS_A_ROUND // AT_ONCE)
        ]
        for staff in range(AT_ONCE * 2, AT_ONCE * 3)
    ]
    before_s = [processes.cpu_s(pid) for pid in pids]
    run = load.run(server.port, requests, 600)
    if set(run.statuses) != {201}:
        raise RuntimeError(f"not everything was booked: {dict(run.statuses)}")
    server_s, database_s = (
        processes.cpu_s(pid) - before for pid, before in zip(pids, before_s, strict=True)
    )
    results.server_ms.append(server_s * 1000 / BOOKINGS_A_ROUND)
    results.database_ms.append(database_s * 1000 / BOOKINGS_A_ROUND)


Booking = Callable[[int, int], Awaitable[None]]
"""Books a person's nth visit."""


async def _spent_ms(booking: Booking, first_staff: int, first: int) -> float:
    """Processor time of this process for a booking, with as many at once as over HTTP."""

    async def one_after_the_other(staff: int) -> None:
        for visit in range(first, first + BOOKINGS_A_ROUND // AT_ONCE):
            await booking(staff, visit)

    started_s = time.process_time()
    await asyncio.gather(
        *(one_after_the_other(staff) for staff in range(first_staff, first_staff + AT_ONCE))
    )
    return (time.process_time() - started_s) * 1000 / BOOKINGS_A_ROUND


def _start(visit: int) -> datetime:
    return rush.first_start() + timedelta(minutes=rush.VISIT_MIN * visit)


def _verb(installation: Installation) -> Booking:
    async def run(staff: int, visit: int) -> None:
        wish = BookingRequest(
            service="quick", start=_start(visit),
            client=Client("Zoe", f"c-{staff}-{visit}@example.com"), staff=f"staff-{staff}",
        )  # fmt: skip
        await book(
            installation, rush.SLUG, wish, actor=VISITOR, now=datetime.now(UTC),
            idempotency_key=f"verb-{staff}-{visit}",
        )  # fmt: skip

    return run


async def _driver(installation: Installation) -> Booking:
    directory = await installation.current(rush.SLUG)
    wishes = [
        select(directory, Choice.of("quick", f"staff-{staff}", None)) for staff in range(AT_ONCE)
    ]

    async def run(staff: int, visit: int) -> None:
        new = _new_appointment(wishes[staff], staff, visit)
        result = await installation.database.run(booking_rows.book, new)
        assert result.outcome is Outcome.BOOKED

    return run


def _new_appointment(wish: Selection, staff: int, visit: int) -> NewAppointment:
    """With as little work as can be."""
    unique = f"driver-{staff:06}-{visit:018}".encode()  # as long as a hash
    start, directory = _start(visit), wish.directory
    return NewAppointment(
        demand=demand_of(wish, start, new_id()), version=directory.version,
        zone_turn=directory.zone_turn,
        location_id=wish.place.location_id, location_name="", location_address="",
        zone=wish.place.zone.key, wall_start=wall(wish.place.zone, start), zone_rules=RULES,
        service_id=directory.service_ids["quick"],
        service_name="Quick", staff_name="Staff", parts=(), service_ids={},
        starts_at=start, ends_at=start + timedelta(minutes=rush.VISIT_MIN), price_minor=4800,
        currency="EUR", whom=Whom.BY_EMAIL, client_id=new_id(), client_email=unique.decode(), client_name="Zoe",
        client_phone=None, notes=None, answers=None, token_hash=unique, sealed_token=unique, event_id=new_id(),
        actor=VISITOR.as_json(), facts=_FACTS, key_hash=unique, request_hash=unique,
        keep_refusal=True,
        now=start,
    )  # fmt: skip
