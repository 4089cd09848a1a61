"""What every race shares: a start line, and a judge that doesn't use the constraint."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import asyncpg

from bookonce.torture.soundness import DISAGREEMENTS, OVERLAPS

T = TypeVar("T")


async def at_once(runners: Sequence[Callable[[], Awaitable[T]]]) -> list[T | BaseException]:
    """Start everybody at the same moment; answers and refusals in the order of the runners."""
    line = asyncio.Event()

    async def run(runner: Callable[[], Awaitable[T]]) -> T:
        await line.wait()
        return await runner()

    tasks = [asyncio.create_task(run(runner)) for runner in runners]
    await asyncio.sleep(0)
    line.set()
    return await asyncio.gather(*tasks, return_exceptions=True)


async def overlaps(url: str) -> list[Any]:
    """Pairs of claims that take one resource twice, found by comparing, not by the constraint."""
    return await _rows(url, OVERLAPS)


async def assert_sound(url: str) -> None:
    """Nobody is in two places, and appointments, claims and events agree."""
    assert await overlaps(url) == []
    for what, query in DISAGREEMENTS.items():
        assert await _rows(url, query) == [], what


async def count(url: str, table: str) -> int:
    """Rows of a table."""
    return int((await _rows(url, f"SELECT count(*) FROM {table}"))[0][0])


async def _rows(url: str, query: str) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()
