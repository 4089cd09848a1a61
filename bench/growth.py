"""Whether a booking and a look cost more when the installation holds more."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
from rich.progress import Progress

from bench.figures import Times
from bench.filling import fill, open_salon
from bench.scratch import Scratch
from bookonce.platform.database import Database
from tests.running import RunningServer

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
SALON, STAFF, IN_SALON = "salon", 50, 10_000
FILLED_DAYS = 150  # of which 60 are past
ROUNDS = 1_000
TABLES = ("client", "appointment", "appointment_part", "claim", "event")


@dataclass(frozen=True, slots=True)
class Size:
    """One installation: what it took to fill, and what it costs to use."""

    appointments: int
    filled_s: float
    gigabytes: float
    booking: Times
    look: Times


async def measure(
    scratch: Scratch, progress: Progress, sizes: tuple[int, ...] = SIZES
) -> list[Size]:
    """All installations stand side by side and are asked in turn."""
    made = {size: await _filled(scratch, size, progress) for size in sizes}
    with ExitStack() as running:
        servers = {
            size: running.enter_context(RunningServer(url, scratch.folder / f"size-{size}"))
            for size, (url, _, _) in made.items()
        }
        bookings, looks = _ask(servers, progress)
    return [Size(size, made[size][1], made[size][2], bookings[size], looks[size]) for size in sizes]


async def _filled(scratch: Scratch, size: int, progress: Progress) -> tuple[str, float, float]:
    """The address of a database with so many appointments, the seconds it took, and its size."""
    task = progress.add_task(f"filling with {size:,} appointments", total=size)
    started = time.perf_counter()
    name = f"size_{size}"
    url = await scratch.database(name)
    database = Database(url, connections_max=2)
    await database.open()
    connection = await asyncpg.connect(url, command_timeout=None)
    first = datetime.now(UTC).date() - timedelta(days=60)
    async with _without_rules(connection):
        for number in range(size // IN_SALON):
            business_id = await open_salon(
                database, f"{SALON}-{number}" if number else SALON, STAFF
            )
            await fill(
                connection, business_id, first=first, days=FILLED_DAYS, appointments=IN_SALON
            )
            progress.update(task, completed=(number + 1) * IN_SALON)
    await connection.execute("VACUUM ANALYZE")
    gigabytes = await connection.fetchval("SELECT pg_database_size($1) / 1e9", name)
    await connection.close()
    await database.close()
    return url, time.perf_counter() - started, float(gigabytes)


@asynccontextmanager
async def _without_rules(connection: asyncpg.Connection[asyncpg.Record]) -> AsyncIterator[None]:
    """Constraints and indexes are taken away while rows come in, and built again at the end.

    Building an index from all its rows takes a fraction of putting them in one by one.
    """
    constraints = await connection.fetch(
        """
        SELECT conrelid::regclass::text AS "table", conname AS name, contype,
               pg_get_constraintdef(oid) AS definition
        FROM pg_constraint
        WHERE contype IN ('p', 'u', 'x', 'f')
          AND (conrelid = ANY ($1::text[]::regclass[]) OR confrelid = ANY ($1::text[]::regclass[]))
        ORDER BY contype = 'f', contype <> 'p' -- what others refer to comes first
        """,
        list(TABLES),
    )
    indexes = await connection.fetch(
        """
        SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
        FROM pg_index
        WHERE indrelid = ANY ($1::text[]::regclass[])
          AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
        """,
        list(TABLES),
    )
    for one in reversed(constraints):
        await connection.execute(f'ALTER TABLE {one["table"]} DROP CONSTRAINT "{one["name"]}"')
    for one in indexes:
        await connection.execute(f"DROP INDEX {one['name']}")
    yield
    await connection.execute("SET maintenance_work_mem = '1GB'")
    for one in constraints:
        await connection.execute(
            f'ALTER TABLE {one["table"]} ADD CONSTRAINT "{one["name"]}" {one["definition"]}'
        )
    for one in indexes:
        await connection.execute(one["definition"])


def _ask(
    servers: dict[int, RunningServer], progress: Progress
) -> tuple[dict[int, Times], dict[int, Times]]:
    """A look, then a booking of something it has shown, everywhere in turn."""
    task = progress.add_task("booking and looking", total=ROUNDS)
    api = f"/api/v1/{SALON}"
    booking_ms: dict[int, list[float]] = {size: [] for size in servers}
    look_ms: dict[int, list[float]] = {size: [] for size in servers}
    clients = {size: httpx.Client(base_url=server.base_url) for size, server in servers.items()}
    for number in range(ROUNDS + 50):
        for size, client in clients.items():
            day = f"{datetime.now(UTC).date() + timedelta(days=1 + number % 80)}"
            look = {"service": "cut", "from": day, "to": day, "include": "staff"}
            found = client.get(f"{api}/availability", params=look)
            slots = found.json()["days"][0]["slots"]
            slot = slots[number % len(slots)]
            wish = {
                "service": "cut",
                "start": slot["start"],
                "staff": slot["staff"][number % len(slot["staff"])],
                "client": {"name": "Zoe", "email": f"zoe-{number}@example.com"},
            }
            booked = client.post(f"{api}/book", json=wish)
            if number >= 50:
                look_ms[size].append(_server_ms(found))
                booking_ms[size].append(_server_ms(booked))
        progress.update(task, completed=max(0, number - 49))
    for client in clients.values():
        client.close()
    return (
        {size: Times(sorted(times)) for size, times in booking_ms.items()},
        {size: Times(sorted(times)) for size, times in look_ms.items()},
    )


def _server_ms(answer: httpx.Response) -> float:
    answer.raise_for_status()
    return float(answer.headers["server-timing"].rpartition("=")[2])
