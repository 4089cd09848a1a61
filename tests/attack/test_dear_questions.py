"""Questions that take long to answer: they are bounded, and others have their turn meanwhile."""

from __future__ import annotations

import asyncio
import gc
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from bookonce.availability.effort import DEAR_FROM, WORK_MAX, Turns
from bookonce.availability.grid import BusyTime, Grids, Window
from bookonce.availability.installation import Installation
from bookonce.availability.look import offer, soonest
from bookonce.availability.offers import opened
from bookonce.availability.selection import Choice
from bookonce.business.document import Business
from bookonce.business.hours import WEEKDAYS, Hours, Span
from bookonce.platform.errors import ValidationError
from tests.attack.conftest import a_big_business
from tests.factories import a_business, a_staff_member
from tests.running import RunningServer
from tests.web.visitors import refused

Open = Callable[[Business], Awaitable[str]]
NOW = datetime.now(UTC)
TODAY = NOW.date()
CUT = Choice.of("cut")
ANSWER_MAX = 50_000
BERLIN = ZoneInfo("Europe/Berlin")


async def longest_stretch_s(work: Awaitable[Any]) -> float:
    """The longest that nobody else had a turn while work was done, in this thread's own time: how
    busy the machine is doesn't count.
    """
    longest_s, over = 0.0, asyncio.Event()

    async def others() -> None:
        nonlocal longest_s
        while not over.is_set():
            before_s = time.thread_time()
            await asyncio.sleep(0)
            longest_s = max(longest_s, time.thread_time() - before_s)

    task = asyncio.create_task(others())
    await work
    over.set()
    await task
    return longest_s


@pytest.fixture
def without_others_litter() -> Iterator[None]:
    """Nobody looks through what thousands of other tests left in memory meanwhile."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("without_others_litter")
async def test_others_have_their_turn_while_offers_are_worked_out(
    installation: Installation, open_business: Open
) -> None:
    slug = await open_business(a_big_business())
    await installation.current(slug)
    before_s = time.thread_time()
    stretches_s = [
        await longest_stretch_s(asked)
        for asked in (
            offer(installation, slug, CUT, TODAY, TODAY + timedelta(days=61), now=NOW),
            soonest(installation, slug, CUT, 50, now=NOW),
        )
    ]
    whole_s = time.thread_time() - before_s
    assert max(stretches_s) < whole_s / 3


async def test_too_much_for_one_request_is_refused(
    installation: Installation, open_business: Open
) -> None:
    staff = [a_staff_member(f"s{number}") for number in range(700)]
    slug = await open_business(a_business(staff=staff, policy={"slot_step_min": 1}))
    assert WORK_MAX < 62 * 1440 * 700
    with pytest.raises(ValidationError, match="ask for fewer days") as caught:
        await offer(installation, slug, CUT, TODAY, TODAY + timedelta(days=61), now=NOW)
    assert [error.field for error in caught.value.errors] == ["to"]


def test_an_answer_without_end_is_refused_with_what_to_narrow(
    exposed: RunningServer,
) -> None:
    business = a_big_business()
    exposed.apply(business)
    api = f"{exposed.base_url}/api/v1/{business.business.slug}/availability"
    dates = {"from": str(TODAY), "to": str(TODAY + timedelta(days=61))}
    asked = {"service": "cut", "include": "staff"} | dates

    answer = httpx.get(api, params=asked, timeout=120)
    told = refused(answer, 422, "VALIDATION")["errors"]
    assert [each["field"] for each in told] == ["to"]
    assert f"more than {ANSWER_MAX}" in told[0]["message"]
    assert "fewer days" in told[0]["message"]
    assert "leave include out" in told[0]["message"]

    for narrower in ({"staff": "s1", "to": str(TODAY + timedelta(days=20))}, {"include": ""}):
        one = {name: value for name, value in (asked | narrower).items() if value}
        assert httpx.get(api, params=one, timeout=120).status_code == 200
    soon = httpx.get(f"{api}/next?service=cut&limit=50&include=staff", timeout=120)
    assert soon.status_code == 200
    assert len(soon.json()["slots"]) == 50


def test_dear_questions_count_as_several(exposed: RunningServer) -> None:
    business = a_big_business()
    exposed.apply(business)
    api = f"{exposed.base_url}/api/v1/{business.business.slug}/availability"
    dates = {"from": str(TODAY), "to": str(TODAY + timedelta(days=61)), "service": "cut"}
    assert DEAR_FROM < 62 * 1440 * 300
    with httpx.Client(timeout=120) as client:
        statuses = [client.get(api, params=dates).status_code for _ in range(40)]
    assert statuses.index(429) < 30  # 1,200 cheap ones are let through
    assert set(statuses) == {200, 429}


class TestWhatIsKept:
    HOURS = Hours.of({day: [Span.parse("09:00-17:00")] for day in WEEKDAYS})
    BYTES_MAX = 2 * 1024 * 1024

    @pytest.mark.parametrize("windows", [500, pytest.param(10_000, marks=pytest.mark.nightly)])
    @pytest.mark.timeout(1200)
    def test_distinct_questions_stay_within_their_bytes(self, windows: int) -> None:
        grids, rng = Grids(self.BYTES_MAX), random.Random(1)
        now_s = int(NOW.timestamp())
        first_s = now_s - now_s % 86_400
        busy = [
            BusyTime(
                (first_s + day * 86_400 + 36_000, first_s + day * 86_400 + 39_600)
                for day in range(90)
            )
            for _ in range(5)
        ]
        most = 0
        for _ in range(windows):
            start_s = first_s + rng.randrange(60) * 86_400
            window = Window(start_s, start_s + rng.randrange(1, 31) * 86_400 - 1)
            grid = grids.of(BERLIN, rng.choice([5, 15]), window)
            opened(grid, (self.HOURS,), 0, 1800)
            for each in busy:
                each.colliding(grid, (0, 1800))
            most = max(most, grids.kept_bytes)
            assert grids.kept_bytes <= self.BYTES_MAX
        assert most > self.BYTES_MAX // 2  # it was full

    def test_a_question_that_is_larger_than_all_is_answered(self) -> None:
        grids = Grids(1_000)
        window = Window(int(NOW.timestamp()), int(NOW.timestamp()) + 86_400)
        grid = grids.of(BERLIN, 15, window)
        assert opened(grid, (self.HOURS,), 0, 1800)
        assert grids.kept_bytes == 0
        assert grids.of(BERLIN, 15, window) is not grid


class TestTurns:
    async def test_clients_take_turns_however_much_one_asks_for(self) -> None:
        turns, order = Turns(1), list[str]()

        async def ask(client: str) -> None:
            async with turns.taken(client):
                order.append(client)
                await asyncio.sleep(0)

        await asyncio.gather(*(ask(client) for client in ["a", "a", "a", "a", "b", "c"]))
        assert order == ["a", "a", "b", "c", "a", "a"]

    async def test_who_gives_up_waiting_takes_no_place(self) -> None:
        turns = Turns(1)

        async def ask() -> None:
            async with turns.taken("a"):
                pass

        async with turns.taken("a"):
            waiting = asyncio.create_task(ask())
            await asyncio.sleep(0)
            waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await asyncio.wait_for(ask(), 10)
