"""One does it for all who ask at the same moment."""

from __future__ import annotations

import asyncio

import pytest

from bookonce.platform.single_flight import SingleFlight


class Work:
    def __init__(self) -> None:
        self.begun = 0
        self.may_end = asyncio.Event()

    async def __call__(self) -> None:
        self.begun += 1
        await self.may_end.wait()


async def test_who_asks_meanwhile_waits_for_the_one() -> None:
    flight, work = SingleFlight(), Work()
    asking = [asyncio.create_task(flight.run("k", work)) for _ in range(5)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (work.begun, any(each.done() for each in asking)) == (1, False)
    work.may_end.set()
    await asyncio.gather(*asking)
    await flight.run("k", work)
    assert work.begun == 2


async def test_keys_are_apart() -> None:
    flight, work = SingleFlight(), Work()
    work.may_end.set()
    await asyncio.gather(flight.run("a", work), flight.run("b", work))
    assert work.begun == 2


async def test_a_failure_reaches_everybody_and_is_forgotten() -> None:
    flight = SingleFlight()

    async def fail() -> None:
        raise ValueError("no")

    outcomes = await asyncio.gather(
        flight.run("k", fail), flight.run("k", fail), return_exceptions=True
    )
    assert [type(each) for each in outcomes] == [ValueError, ValueError]
    work = Work()
    work.may_end.set()
    await flight.run("k", work)
    assert work.begun == 1


async def test_who_goes_away_takes_nothing_from_the_others() -> None:
    flight, work = SingleFlight(), Work()
    first = asyncio.create_task(flight.run("k", work))
    second = asyncio.create_task(flight.run("k", work))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    work.may_end.set()
    await second
    assert work.begun == 1
