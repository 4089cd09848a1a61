"""How many bookings a second come over HTTP, and how many PostgreSQL could take at most."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg
from rich.progress import Progress

from bench import load, pgbench, processes, rush
from bench.filling import preload
from bench.scratch import Scratch
from tests.running import RunningServer

CONNECTIONS = 10
WORKERS = (1, 2)
PRELOADED = 20_000
"""PostgreSQL plans for the tables that it knows: on empty ones it would go on reading them whole."""
ROUNDS = 10
SECONDS = 5  # short, so that what else the machine does meets all contestants alike
VISITS_A_ROUND = 2_000  # of each connection; more than it can book in a round


@dataclass(slots=True)
class Rounds:
    """What each round of one contestant reached."""

    per_s: list[float] = field(default_factory=list)
    all_ms: list[float] = field(default_factory=list)
    generator_share: list[float] = field(default_factory=list)
    server_ms: list[float] = field(default_factory=list)
    """Processor time of the server for a booking."""
    database_ms: list[float] = field(default_factory=list)
    """Processor time of all of PostgreSQL's processes for a booking."""

    @property
    def median_per_s(self) -> float:
        """Of the rounds."""
        return statistics.median(self.per_s)


@dataclass(frozen=True, slots=True)
class Results:
    """By number of workers; and pgbench, if there is one."""

    http: dict[int, Rounds]
    pgbench: Rounds | None
    appointments: int

    def ratios(self, workers: int) -> list[float]:
        """Round by round, Bookonce ÷ pgbench."""
        assert self.pgbench is not None
        return [
            ours / theirs
            for ours, theirs in zip(self.http[workers].per_s, self.pgbench.per_s, strict=True)
        ]


async def measure(scratch: Scratch, progress: Progress) -> Results:
    """Rounds in turn: pgbench, one worker, two workers; all on one database."""
    url = await scratch.database("bookings")
    await preload(url, PRELOADED)
    servers = {
        workers: RunningServer(
            url, scratch.folder / f"workers-{workers}", "--workers", str(workers)
        )
        for workers in WORKERS
    }
    for server in servers.values():
        server.start()
    try:
        servers[1].apply(rush.a_rush(CONNECTIONS * (1 + len(WORKERS))))
        return await _rounds(url, scratch, servers, progress)
    finally:
        for server in servers.values():
            server.stop()


async def _rounds(
    url: str, scratch: Scratch, servers: dict[int, RunningServer], progress: Progress
) -> Results:
    http: dict[int, Rounds] = {workers: Rounds() for workers in servers}
    reached = Rounds() if pgbench.program() else None
    task = progress.add_task("booking", total=(ROUNDS + 1) * (1 + len(servers)))
    for number in range(ROUNDS + 1):
        warm_up = number == 0
        if number == 1:
            await _analyse(url)
        seconds = 2 if warm_up else SECONDS
        if reached is not None:
            _pgbench_round(url, Rounds() if warm_up else reached, scratch, seconds, number)
        progress.advance(task)
        for place, (workers, server) in enumerate(servers.items(), 1):
            rounds = Rounds() if warm_up else http[workers]
            _http_round(server, rounds, scratch, seconds, _visits(place, number))
            progress.advance(task)
    connection = await asyncpg.connect(url)
    appointments: int = await connection.fetchval("SELECT count(*) FROM appointment")
    await connection.close()
    return Results(http, reached, appointments)


async def _analyse(url: str) -> None:
    """As PostgreSQL does by itself, but now: it would otherwise be in the midst of a round."""
    connection = await asyncpg.connect(url)
    await connection.execute("ANALYZE")
    await connection.close()


def _pgbench_round(url: str, rounds: Rounds, scratch: Scratch, seconds: int, number: int) -> None:
    before_s = processes.cpu_s(scratch.postmaster())
    found = pgbench.run(
        url, rush.first_start(), connections=CONNECTIONS, seconds=seconds, first_staff=0,
        first_visit=number * VISITS_A_ROUND * 4,
    )  # fmt: skip
    booked = found.per_s * seconds
    rounds.per_s.append(found.per_s)
    rounds.all_ms.append(found.mean_ms)
    rounds.generator_share.append(found.cpu_share)
    rounds.database_ms.append((processes.cpu_s(scratch.postmaster()) - before_s) * 1000 / booked)


def _http_round(
    server: RunningServer,
    rounds: Rounds,
    scratch: Scratch,
    seconds: int,
    requests: Sequence[Sequence[bytes]],
) -> None:
    assert server.process is not None
    pids = (server.process.pid, scratch.postmaster())
    before_s = [processes.cpu_s(pid) for pid in pids]
    found = load.run(server.port, requests, seconds)
    server_s, database_s = (
        processes.cpu_s(pid) - before for pid, before in zip(pids, before_s, strict=True)
    )
    booked = found.statuses[201]
    if set(found.statuses) != {201}:
        raise RuntimeError(f"not everything was booked: {dict(found.statuses)}")
    rounds.per_s.append(found.per_s(201))
    rounds.all_ms += found.times.all_ms
    rounds.generator_share.append(found.cpu_s / found.elapsed_s)
    rounds.server_ms.append(server_s * 1000 / booked)
    rounds.database_ms.append(database_s * 1000 / booked)


def _visits(place: int, number: int) -> list[list[bytes]]:
    """For each connection a person of its own and more visits than it can book in a round."""
    return [
        [
            rush.booking(staff, visit, f"client-{staff}-{visit}", f"key-{staff}-{visit}")
            for visit in range(number * VISITS_A_ROUND, (number + 1) * VISITS_A_ROUND)
        ]
        for staff in range(place * CONNECTIONS, (place + 1) * CONNECTIONS)
    ]
