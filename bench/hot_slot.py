"""Everybody wants one time: a thousand clients ask for it at once."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg
from rich.progress import Progress

from bench import load, rush
from bench.figures import Times
from bench.scratch import Scratch
from tests.races.harness import overlaps
from tests.running import RunningServer

CLIENTS = 1_000
ROUNDS = 10
SECONDS_MAX = 60


@dataclass(slots=True)
class Results:
    """Of each round: how many were booked, and how the refusals came."""

    booked: list[int]
    refused_per_s: list[float]
    refusals: list[Times]
    overlaps: int
    claims: int


async def measure(scratch: Scratch, progress: Progress) -> Results:
    """One time after the other, each asked for on as many connections as there are clients."""
    url = await scratch.database("hot_slot")
    found = Results([], [], [], 0, 0)
    task = progress.add_task("a thousand for one time", total=ROUNDS)
    with RunningServer(url, scratch.folder / "hot-slot") as server:
        server.apply(rush.a_rush(1))
        load.run(server.port, [[rush.booking(0, ROUNDS, "first")]], SECONDS_MAX)
        for number in range(ROUNDS):
            requests = [
                [rush.booking(0, number, f"client-{number}-{client}")] for client in range(CLIENTS)
            ]
            run = load.run(server.port, requests, SECONDS_MAX)
            if set(run.statuses) != {201, 409}:
                raise RuntimeError(f"neither booked nor refused: {dict(run.statuses)}")
            found.booked.append(run.statuses[201])
            found.refused_per_s.append(run.per_s(409))
            found.refusals.append(run.times)
            progress.advance(task)
    found.overlaps = len(await overlaps(url))
    connection = await asyncpg.connect(url)
    found.claims = await connection.fetchval("SELECT count(*) FROM claim") - 1
    await connection.close()
    return found
