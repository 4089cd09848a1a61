"""How long a look at the calendar takes: with much in it, with little, and the obvious way."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
from rich.progress import Progress

from bench import obvious
from bench.figures import Times
from bench.filling import fill, open_salon
from bookonce.availability.installation import Installation
from bookonce.availability.look import offer
from bookonce.availability.selection import Choice
from bookonce.platform.database import Database
from bookonce.platform.schema import migrate
from tests.running import RunningServer, database_named

STAFF = 50
DAYS = 31
SALON = "salon"
SALON_APPOINTMENTS = 60_000
FILLED_DAYS = 150  # of which 60 are past
OTHERS_STAFF, OTHERS_APPOINTMENTS = 10, 10_000
ROUNDS = 1_000
ROUNDS_AFTER_A_BOOKING = 200
ROUNDS_COLD = 15
ROUNDS_PAGE = 300
ROUNDS_OBVIOUS = 5
LOOKS = {
    "one person": {"staff": "staff-7"},
    "anyone": {},
    "anyone, with who is free": {"include": "staff"},
}


@dataclass(frozen=True, slots=True)
class Filling:
    """A database: how much is in it altogether, and in the business that is looked at."""

    name: str
    in_salon: int
    altogether: int


FILLINGS = (
    Filling("small", 10_000, 10_000),
    Filling("alone", SALON_APPOINTMENTS, SALON_APPOINTMENTS),
    Filling("million", SALON_APPOINTMENTS, 1_000_000),
)


@dataclass(frozen=True, slots=True)
class Results:
    """Server times of looks by filling and kind, and what they are held against."""

    looks: dict[tuple[str, str], Times]
    clients: dict[tuple[str, str], Times]
    after_a_booking: Times
    page: Times
    cold: Times
    core: dict[str, Times]
    obvious: dict[str, Times]
    bytes_sent: dict[str, int]


def first_day() -> date:
    """Tomorrow."""
    return datetime.now(UTC).date() + timedelta(days=1)


async def prepare(url: str, progress: Progress) -> dict[str, str]:
    """Make and fill a database for each filling; their addresses."""
    urls: dict[str, str] = {}
    for filling in FILLINGS:
        admin = await asyncpg.connect(url)
        await admin.execute(f"CREATE DATABASE {filling.name}")
        await admin.close()
        urls[filling.name] = database_named(url, filling.name)
        await migrate(urls[filling.name])
        await _fill(urls[filling.name], filling, progress)
    return urls


async def _fill(url: str, filling: Filling, progress: Progress) -> None:
    task = progress.add_task(
        f"filling with {filling.altogether:,} appointments", total=filling.altogether
    )
    first = datetime.now(UTC).date() - timedelta(days=60)
    database = Database(url, connections_max=2)
    await database.open()
    connection = await asyncpg.connect(url)
    done, number = 0, 0
    while done < filling.altogether:
        slug, staff, appointments = (
            (f"other-{number}", OTHERS_STAFF, min(OTHERS_APPOINTMENTS, filling.altogether - done))
            if number
            else (SALON, STAFF, filling.in_salon)
        )
        business_id = await open_salon(database, slug, staff)
        await fill(
            connection, business_id, first=first, days=FILLED_DAYS, appointments=appointments
        )
        done, number = done + appointments, number + 1
        progress.update(task, completed=done)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    await database.close()


async def measure(urls: dict[str, str], folder: Path, progress: Progress) -> Results:
    """All figures, from servers that run side by side and are asked in turn."""
    servers = {name: RunningServer(url, folder / name) for name, url in urls.items()}
    for server in servers.values():
        server.start()
    try:
        looks, clients, bytes_sent = _looks(servers, progress)
        page = _page(servers["million"], progress)
        after_a_booking = _after_a_booking(servers["million"], progress)
    finally:
        for server in servers.values():
            server.stop()
    cold, core = await _in_process(urls["million"], progress)
    return Results(
        looks, clients, after_a_booking, page, cold, core,
        await _obvious(urls["million"], progress), bytes_sent,
    )  # fmt: skip


def _parameters(look: str) -> dict[str, str]:
    first = first_day()
    last = first + timedelta(days=DAYS - 1)
    return {"service": "cut", "from": str(first), "to": str(last)} | LOOKS[look]


def _server_ms(answer: httpx.Response) -> float:
    answer.raise_for_status()
    return float(answer.headers["server-timing"].rpartition("=")[2])


def _looks(
    servers: dict[str, RunningServer], progress: Progress
) -> tuple[dict[tuple[str, str], Times], dict[tuple[str, str], Times], dict[str, int]]:
    task = progress.add_task("looking", total=ROUNDS * len(LOOKS))
    path = f"/api/v1/{SALON}/availability"
    server_ms: dict[tuple[str, str], list[float]] = {}
    client_ms: dict[tuple[str, str], list[float]] = {}
    bytes_sent: dict[str, int] = {}
    clients = {name: httpx.Client(base_url=each.base_url) for name, each in servers.items()}
    for look in LOOKS:
        parameters = _parameters(look)
        for client in clients.values():
            for _ in range(20):
                client.get(path, params=parameters).raise_for_status()
        for _ in range(ROUNDS):
            for name, client in clients.items():
                started = time.perf_counter()
                answer = client.get(path, params=parameters)
                spent_ms = (time.perf_counter() - started) * 1000
                server_ms.setdefault((name, look), []).append(_server_ms(answer))
                client_ms.setdefault((name, look), []).append(spent_ms)
                bytes_sent[look] = len(answer.content)
            progress.advance(task)
    return (
        {key: Times(sorted(times)) for key, times in server_ms.items()},
        {key: Times(sorted(times)) for key, times in client_ms.items()},
        bytes_sent,
    )


def _page(server: RunningServer, progress: Progress) -> Times:
    """The booking page's step with the most on it: the soonest times, a month, a day's times."""
    task = progress.add_task("opening the booking page", total=ROUNDS_PAGE)
    parameters = {"service": "cut", "staff": "any", "date": str(first_day() + timedelta(days=7))}
    times = []
    with httpx.Client(base_url=server.base_url) as client:
        for number in range(ROUNDS_PAGE + 20):
            answer = client.get(f"/{SALON}", params=parameters)
            if number >= 20:
                times.append(_server_ms(answer))
                progress.advance(task)
    return Times(sorted(times))


def _after_a_booking(server: RunningServer, progress: Progress) -> Times:
    """Each look comes after a booking with somebody, so that something has changed."""
    task = progress.add_task("looking after bookings", total=ROUNDS_AFTER_A_BOOKING)
    api = f"/api/v1/{SALON}"
    times = []
    with httpx.Client(base_url=server.base_url) as client:
        parameters = _parameters("anyone, with who is free")
        for number in range(ROUNDS_AFTER_A_BOOKING):
            days = client.get(f"{api}/availability", params=parameters).json()["days"]
            slots = days[number % DAYS]["slots"]
            slot = slots[number % len(slots)]
            wish = {
                "service": "cut",
                "start": slot["start"],
                "staff": slot["staff"][number % len(slot["staff"])],
                "client": {"name": "Zoe", "email": f"zoe-{number}@example.com"},
            }
            client.post(f"{api}/book", json=wish).raise_for_status()
            times.append(
                _server_ms(client.get(f"{api}/availability", params=_parameters("anyone")))
            )
            progress.advance(task)
    return Times(sorted(times))


async def _in_process(url: str, progress: Progress) -> tuple[Times, dict[str, Times]]:
    """A new process's first look, and later ones without HTTP."""
    task = progress.add_task("first looks", total=ROUNDS_COLD)
    first = first_day()
    last = first + timedelta(days=DAYS - 1)
    database = Database(url, connections_max=2)
    await database.open()
    warm = Installation(database)

    def look(installation: Installation, staff: str | None) -> Callable[[], Awaitable[int]]:
        async def run() -> int:
            _, found = await offer(
                installation, SALON, Choice.of("cut", staff), first, last, now=datetime.now(UTC)
            )
            return len(list(found.starts()))

        return run

    async def cold() -> None:
        await look(Installation(database), None)()
        progress.advance(task)

    try:
        return await _timed(cold, ROUNDS_COLD), {
            "one person": await _timed(look(warm, "staff-7"), ROUNDS),
            "anyone": await _timed(look(warm, None), ROUNDS),
        }
    finally:
        await database.close()


async def _obvious(url: str, progress: Progress) -> dict[str, Times]:
    task = progress.add_task("looking the obvious way", total=ROUNDS_OBVIOUS * 2)
    connection = await asyncpg.connect(url)
    business_id: uuid.UUID = await connection.fetchval(
        "SELECT business_id FROM business_slug WHERE slug = $1", SALON
    )
    found: dict[str, Times] = {}
    for look, staff in (("one person", "staff-7"), ("anyone", None)):

        async def run(staff: str | None = staff) -> None:
            await obvious.starts_on_offer(connection, business_id, first_day(), DAYS, staff)
            progress.advance(task)

        found[look] = await _timed(run, ROUNDS_OBVIOUS)
    await connection.close()
    return found


async def _timed(run: Callable[[], Awaitable[object]], rounds: int) -> Times:
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        await run()
        times.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(0)
    return Times(sorted(times))
