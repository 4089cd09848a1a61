"""The torture's databases really break, and what was committed is there afterwards."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.settings import Settings
from bookonce.torture.databases import STANDBY, ReplicatedDatabase, SingleDatabase
from bookonce.torture.waiting import TooLongError, until

BINARIES = Settings.read().postgres_bin


@pytest.fixture(scope="module")
def folder(scratch: Path) -> Path:
    place = Path(tempfile.mkdtemp(prefix="t", dir=scratch))
    place.chmod(0o711)
    return place


@pytest.fixture(scope="module")
def single(folder: Path) -> Iterator[SingleDatabase]:
    database = SingleDatabase(folder, BINARIES)
    asyncio.run(database.start())
    yield database
    asyncio.run(database.stop())


@pytest.fixture(scope="module")
def pair(folder: Path) -> Iterator[ReplicatedDatabase]:
    database = ReplicatedDatabase(folder, BINARIES)
    asyncio.run(database.start())
    yield database
    asyncio.run(database.stop())


async def run(url: str, statement: str) -> object:
    """The one value of a statement, on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_killed_it_recovers_from_its_log(single: SingleDatabase) -> None:
    await run(single.url, "CREATE TABLE t (n int)")
    await run(single.url, "INSERT INTO t VALUES (1)")
    before = single.primary.postmaster
    assert before is not None
    processes = [before, *before.children()]

    await single.kill()

    assert psutil.wait_procs(processes, timeout=30)[1] == []
    with pytest.raises(OSError, match=r"refused|No such file"):
        await run(single.url, "SELECT 1")
    assert await single.recover() is True
    after = single.primary.postmaster
    assert after is not None
    assert after.pid != before.pid
    assert "was not properly shut down; automatic recovery in progress" in single.primary.log()
    assert await run(single.url, "SELECT n FROM t") == 1


async def test_one_that_lives_needs_no_recovery(single: SingleDatabase) -> None:
    assert await single.recover() is False


async def test_a_killed_backend_makes_the_server_recover_by_itself(single: SingleDatabase) -> None:
    connection = await asyncpg.connect(single.url)
    before = single.primary.postmaster
    started = await connection.fetchval("SELECT pg_postmaster_start_time()")

    assert single.primary.kill_one_backend() == connection.get_server_pid()

    with pytest.raises(asyncpg.PostgresError):
        await connection.fetchval("SELECT 1")
    await single.answers()
    assert single.primary.postmaster == before
    assert await run(single.url, "SELECT pg_postmaster_start_time()") == started
    assert "terminating any other active server processes" in single.primary.log()


def doing(query: str) -> Callable[[Connection], Awaitable[str]]:
    return lambda connection: connection.execute(query)


async def test_failing_over_keeps_what_was_committed(pair: ReplicatedDatabase) -> None:
    """Twice, so that both have been the primary, through one pool and one address."""
    pool = Database(pair.url, connections_max=2)
    await pool.open()
    await pool.run(lambda connection: connection.execute("CREATE TABLE kept (n int)"))
    for number in (1, 2):
        old, new = pair.primary, pair.standby
        query = f"INSERT INTO kept VALUES ({number})"
        await pool.run(doing(query))

        await pair.fail_over()

        assert old.postmaster is None
        assert pair.primary is new
        assert await new.ask("SELECT pg_is_in_recovery()") is False
        query = "INSERT INTO kept VALUES (0)"
        await pool.run(doing(query))
        assert (
            await pool.run(lambda connection: connection.fetchval("SELECT max(n) FROM kept"))
            == number
        )
        assert "archive recovery complete" in new.log()
        await pair.rejoin()
        assert await pair.standby.ask("SELECT pg_is_in_recovery()") is True
    await pool.close()


async def test_a_commit_waits_for_the_standby(pair: ReplicatedDatabase) -> None:
    assert await pair.primary.ask("SHOW synchronous_standby_names") == STANDBY
    await run(pair.url, "CREATE TABLE waited (n int)")
    pair.standby.kill()
    commit = asyncio.create_task(run(pair.url, "INSERT INTO waited VALUES (1)"))

    async def waits() -> bool:
        return bool(
            await pair.primary.ask("SELECT true FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
        )

    await until(waits, 10, "the commit waits for the standby")
    assert not commit.done()
    assert await run(pair.url, "SELECT count(*) FROM waited") == 0, "nobody sees it before"
    await asyncio.to_thread(pair.standby.revive)
    await commit
    assert await run(pair.url, "SELECT count(*) FROM waited") == 1
    await pair.in_step()


async def test_stopped_nothing_is_left_of_it(single: SingleDatabase) -> None:
    postmaster, cluster = single.primary.postmaster, single.primary.cluster

    await single.stop()

    assert postmaster is not None
    assert psutil.wait_procs([postmaster], timeout=30)[1] == []
    assert not cluster.exists()


async def test_waiting_is_bounded() -> None:
    async def never() -> bool:
        return False

    with pytest.raises(TooLongError, match="until the moon is full"):
        await until(never, 0.1, "the moon is full")
