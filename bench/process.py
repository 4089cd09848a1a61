"""One server process: how soon it answers, and what it holds on to."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.progress import Progress

from bench import load, processes, rush
from bench.scratch import Scratch
from bookonce.booking import appointment_rows
from bookonce.booking.appointment import Status
from bookonce.platform.actor import SYSTEM
from bookonce.platform.database import Database
from bookonce.platform.ids import new_id
from tests.running import RunningServer

STARTS = 5
REQUESTS = 100_000
STEP = 10_000
CONNECTIONS = 10


@dataclass(frozen=True, slots=True)
class Results:
    """`first_ms`: on a new data folder, with the database made; `again_ms`: on one that is there;
    `beside_ms`: with a database that runs. `memory_mb`: of a worker, by requests answered.
    """

    first_ms: list[float]
    again_ms: list[float]
    beside_ms: list[float]
    memory_mb: list[tuple[int, float]]

    @property
    def growth(self) -> float:
        """From a warm worker to the last request."""
        warm = next(mb for requests, mb in self.memory_mb if requests >= STEP)
        return self.memory_mb[-1][1] / warm

    @property
    def late_growth(self) -> float:
        """Over the second half of the requests."""
        return self.memory_mb[-1][1] / self.memory_mb[len(self.memory_mb) // 2][1]


async def measure(scratch: Scratch, progress: Progress) -> Results:
    """Starts first, then the long run."""
    task = progress.add_task("starting", total=STARTS)
    first_ms, again_ms, beside_ms = [], [], []
    url = await scratch.database("process")
    for number in range(STARTS):
        folder = scratch.folder / f"start-{number}"
        first_ms.append(_start_ms(RunningServer(None, folder)))
        again_ms.append(_start_ms(RunningServer(None, folder)))
        beside_ms.append(_start_ms(RunningServer(url, scratch.folder / "beside")))
        progress.advance(task)
    return Results(first_ms, again_ms, beside_ms, await _memory(url, scratch, progress))


def _start_ms(server: RunningServer) -> float:
    """From the command to the first good answer of /readyz."""
    started = time.perf_counter()
    server.start()  # asks /readyz every 50 ms, which asks the database
    spent_ms = (time.perf_counter() - started) * 1000
    server.stop()
    return spent_ms


async def _memory(url: str, scratch: Scratch, progress: Progress) -> list[tuple[int, float]]:
    """A mix of looks, bookings and refusals, step by step, each on what the one before it found: a
    worker keeps claims at hand, and more of them aren't what is looked for.
    """
    task = progress.add_task(f"{REQUESTS:,} requests", total=REQUESTS)
    with RunningServer(url, scratch.folder / "memory") as server:
        server.apply(rush.a_rush(CONNECTIONS))
        assert server.process is not None
        (worker,) = _workers(server.process.pid)
        found = [(0, processes.memory_mb(worker))]
        for done in range(0, REQUESTS, STEP):
            run = load.run(server.port, _mix(done), 600)
            if run.statuses.total() != STEP or set(run.statuses) != {200, 201, 409}:
                raise RuntimeError(f"unexpected answers: {dict(run.statuses)}")
            found.append((done + STEP, processes.memory_mb(worker)))
            progress.update(task, completed=done + STEP)
            await _cancel_all(url)
    return found


async def _cancel_all(url: str) -> None:
    database = Database(url)
    await database.open()
    async with database.connection() as connection:
        rows = await connection.fetch(
            "SELECT business_id, appointment_id FROM appointment WHERE status = 'confirmed'"
        )
        for business_id, appointment_id in rows:
            found = await appointment_rows.by_id(connection, business_id, appointment_id)
            assert found is not None
            await appointment_rows.change_status(
                connection, business_id, found, Status.CANCELLED,
                event_id=new_id(), actor=SYSTEM, now=datetime.now(UTC), keep_minor=None,
            )  # fmt: skip
    await database.close()


def _workers(pid: int) -> list[int]:
    """The processes that serve: those that were spawned, without multiprocessing's tracker."""
    return [
        one
        for one in processes.family(pid)
        if one != pid and "resource_tracker" not in processes.command(one)
    ]


def _mix(done: int) -> list[list[bytes]]:
    """Of four requests two are looks at a day, one is a booking, and one wants the same time."""
    day = f"{rush.first_start():%Y-%m-%d}"
    look = f"/api/v1/{rush.SLUG}/availability?service=quick&from={day}&to={day}"
    return [
        [
            request
            for visit in range(STEP // (4 * CONNECTIONS))
            for request in (
                load.get(look),
                rush.booking(staff, visit, f"client-{staff}-{visit + done}"),
                rush.booking(staff, visit, "somebody-else"),
                load.get(f"{look}&staff=staff-{staff}"),
            )
        ]
        for staff in range(CONNECTIONS)
    ]


def medians(found: Results) -> dict[str, float]:
    """The three kinds of start."""
    return {
        "on a new data folder, database made": statistics.median(found.first_ms),
        "on a folder with a database": statistics.median(found.again_ms),
        "beside a database that runs": statistics.median(found.beside_ms),
    }
