"""Failures to sign in: counted together by all who count, slowed down, forgotten, never for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bookonce.accounts import account_rows, attempts
from bookonce.accounts.attempts import FORGOTTEN_AFTER, Caller, Counted, Pace
from bookonce.platform.database import Database
from bookonce.platform.errors import SlowDownError
from bookonce.platform.ids import new_id

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
PACE = Pace("test", free=3, wait_s_max=8)
KEY = attempts.counted(PACE, b"somebody")


@pytest.fixture
async def other_worker(database_url: str) -> AsyncIterator[Database]:
    """A worker with connections of its own."""
    database = Database(database_url, connections_max=20)
    await database.open()
    yield database
    await database.close()


async def wait_s(database: Database, now: datetime, *counts: Counted) -> int:
    """Fail once; for how long one is held up instead, if one is."""
    try:
        await attempts.begin(database, counts or [KEY], now=now)
    except SlowDownError as error:
        return int(error.facts["wait_s"])
    return 0


async def test_each_failure_beyond_the_free_ones_waits_longer(database: Database) -> None:
    for _ in range(3):
        assert await wait_s(database, NOW) == 0
    now, waits = NOW, []
    for _ in range(6):
        waits.append(await wait_s(database, now) - 1)
        now += timedelta(seconds=waits[-1])
        assert await wait_s(database, now) == 0  # the next one counts when it says
    assert waits == [1, 2, 4, 8, 8, 8]


async def test_workers_count_together_even_at_once(
    database: Database, other_worker: Database
) -> None:
    outcomes = await asyncio.gather(*(wait_s(each, NOW) for each in (database, other_worker) * 15))
    assert outcomes.count(0) == 3


async def test_a_try_that_is_held_up_counts_nothing(database: Database) -> None:
    other = attempts.counted(PACE, b"somebody else")
    for _ in range(3):
        assert await wait_s(database, NOW) == 0
    for _ in range(10):
        assert await wait_s(database, NOW, KEY, other) > 0
    for _ in range(3):
        assert await wait_s(database, NOW, other) == 0


async def test_after_a_while_all_is_forgotten(database: Database) -> None:
    for _ in range(3):
        await wait_s(database, NOW)
    assert await wait_s(database, NOW) > 0
    later = NOW + FORGOTTEN_AFTER + timedelta(seconds=1)
    for _ in range(3):
        assert await wait_s(database, later) == 0


async def test_success_gives_back_what_was_counted(database: Database) -> None:
    for _ in range(20):
        assert await wait_s(database, NOW) == 0
        await database.transaction(attempts.succeeded, [KEY])


async def test_ones_own_success_does_not_clear_ones_network(database: Database) -> None:
    """Else an attacker with an account would guess at others' for ever."""
    network = attempts.counted(attempts.OF_NETWORK, b"net")
    for _ in range(attempts.OF_NETWORK.free):
        assert await wait_s(database, NOW, network) == 0
    await database.transaction(attempts.succeeded, [network])
    assert await wait_s(database, NOW, network) == 0
    assert await wait_s(database, NOW, network) > 0


async def test_strangers_failures_do_not_hold_up_a_network_that_is_known(
    database: Database,
) -> None:
    account_id, own = new_id(), Caller.at("192.0.2.7", "")
    await database.run(
        account_rows.add, account_id, "zoe@example.com", "Zoe", None, may_open=False, now=NOW
    )
    await database.run(account_rows.know_network, account_id, own.network_hash, NOW)
    for number in range(attempts.OF_ADDRESS.free):
        stranger = Caller.at(f"198.51.100.{number}", "")
        counts = await attempts.of_sign_in(database, "zoe@example.com", stranger)
        assert await wait_s(database, NOW, *counts) == 0
    stranger = Caller.at("203.0.113.9", "")
    counts = await attempts.of_sign_in(database, "zoe@example.com", stranger)
    assert await wait_s(database, NOW, *counts) > 0
    counts = await attempts.of_sign_in(database, "zoe@example.com", own)
    assert await wait_s(database, NOW, *counts) == 0


def test_the_longest_waits_are_short() -> None:
    for pace in (attempts.OF_NETWORK, attempts.OF_ADDRESS, attempts.OF_BOTH, attempts.OF_PROOF):
        assert pace.wait_s_max <= 60
