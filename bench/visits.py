"""What a visit of several services costs, and one with anyone, against one service of one person."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.progress import Progress

from bench import load, processes, rush
from bench.bookings import PRELOADED
from bench.filling import preload
from bench.scratch import Scratch
from tests.running import RunningServer

CONNECTIONS = 10
STAFF = 10
ROUNDS = 10
BOOKINGS_A_ROUND = 500  # of a year of five minutes
SECONDS_MAX = 600
LONGEST = 3
"""Visits of five minutes that the longest booking takes."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of booking: which services, and whether of a named person."""

    name: str
    services: Sequence[str]
    is_named: bool = False


KINDS = (
    Kind("one service, a named person", ("quick",), is_named=True),
    Kind("one service, anyone", ("quick",)),
    Kind("three services, a named person", ("quick", "second", "third"), is_named=True),
    Kind("three services, anyone", ("quick", "second", "third")),
    Kind("three services, by several", ("left", "right", "quick")),
)
"""The first is what the others are held against."""


@dataclass(slots=True)
class Rounds:
    """What each round of one kind took: milliseconds of an answer, of the server's processor time
    and of the database's for a booking.
    """

    answer_ms: list[float] = field(default_factory=list)
    server_ms: list[float] = field(default_factory=list)
    database_ms: list[float] = field(default_factory=list)

    @property
    def cpu_ms(self) -> list[float]:
        """Server and database together."""
        return [sum(both) for both in zip(self.server_ms, self.database_ms, strict=True)]


@dataclass(frozen=True, slots=True)
class Results:
    """By kind, in their order."""

    rounds: dict[str, Rounds]

    def ratios(self, kind: Kind) -> list[float]:
        """Round by round, processor time of a booking ÷ that of the first kind."""
        first = self.rounds[KINDS[0].name].cpu_ms
        return [this / one for this, one in zip(self.rounds[kind.name].cpu_ms, first, strict=True)]


async def measure(scratch: Scratch, progress: Progress) -> Results:
    """Rounds of all kinds in turn, over HTTP, on one database with one worker."""
    url = await scratch.database("visits")
    await preload(url, PRELOADED)
    results = Results({kind.name: Rounds() for kind in KINDS})
    task = progress.add_task("booking visits", total=ROUNDS * len(KINDS))
    with RunningServer(url, scratch.folder / "visits") as server:
        server.apply(rush.a_rush_of_visits(STAFF))
        for number in range(-1, ROUNDS):  # the first is for warming up
            for place, kind in enumerate(KINDS):
                into = results.rounds[kind.name] if number >= 0 else Rounds()
                _round(server, scratch, into, kind, (number + 1) * len(KINDS) + place)
                if number >= 0:
                    progress.advance(task)
    return results


def _round(server: RunningServer, scratch: Scratch, into: Rounds, kind: Kind, number: int) -> None:
    assert server.process is not None
    pids = server.process.pid, scratch.postmaster()
    before_s = [processes.cpu_s(pid) for pid in pids]
    run = load.run(server.port, _requests(kind, number), SECONDS_MAX)
    server_s, database_s = (
        processes.cpu_s(pid) - before for pid, before in zip(pids, before_s, strict=True)
    )
    booked = run.statuses[201]
    if set(run.statuses) != {201}:
        raise RuntimeError(f"not everything was booked: {dict(run.statuses)}")
    into.answer_ms.append(statistics.median(run.times.all_ms))
    into.server_ms.append(server_s * 1000 / booked)
    into.database_ms.append(database_s * 1000 / booked)


def _requests(kind: Kind, number: int) -> list[list[bytes]]:
    """Each connection books times of its own, so that nobody is refused; a named person is one of
    the connection's own too.
    """
    each = BOOKINGS_A_ROUND // CONNECTIONS
    return [
        [
            rush.booking(
                connection % STAFF if kind.is_named else None,
                ((number * CONNECTIONS + connection) * each + visit) * LONGEST,
                f"client-{number}-{connection}-{visit}",
                f"key-{number}-{connection}-{visit}",
                kind.services,
            )
            for visit in range(each)
        ]
        for connection in range(CONNECTIONS)
    ]
