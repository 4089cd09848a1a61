"""What is started aside ends without a traceback, and what is broken isn't lent again."""

from __future__ import annotations

import asyncio
import gc

import asyncpg
import pytest

from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import TryAgainError
from bookonce.platform.retry import RetryPolicy
from bookonce.platform.single_flight import SingleFlight
from bookonce.queue.listener import listen


async def _server(connection: Connection) -> int:
    number: int = await connection.fetchval("SELECT pg_backend_pid()")
    return number


async def test_a_connection_whose_server_has_ended_is_not_lent_again(database_url: str) -> None:
    database = Database(database_url, connections_max=1)
    await database.open()
    first = await database.run(_server)

    async def die(connection: Connection) -> None:
        await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(TryAgainError):
        await Database.run(database, die)
    assert await database.run(_server) != first
    await database.close()


async def test_a_connection_to_what_became_read_only_is_not_lent_again(database_url: str) -> None:
    """A primary that became a standby: another try must be able to find the new one."""
    database = Database(database_url, connections_max=1, retry=RetryPolicy(attempts=1))
    await database.open()
    first = await database.run(_server)

    async def write(connection: Connection) -> None:
        await connection.execute("SET default_transaction_read_only = on")
        await connection.execute("DELETE FROM job_worker")

    with pytest.raises(TryAgainError, match="not changed at the moment"):
        await database.run(write)
    assert await database.run(_server) != first
    await database.close()


async def test_our_timeouts_hold_after_a_transaction_that_was_left_open(database_url: str) -> None:
    database = Database(database_url, connections_max=1)
    await database.open()

    async def settings(connection: Connection) -> tuple[str, ...]:
        names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
        return tuple([await connection.fetchval(f"SHOW {name}") for name in names])

    async def refuse(connection: Connection) -> None:
        await connection.execute("SELECT 1 / 0")

    assert await database.run(settings) == ("2s", "10s", "10s")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await database.transaction(refuse)
    assert await database.run(settings) == ("2s", "10s", "10s")
    await database.close()


async def test_nothing_started_aside_leaves_an_exception_behind(
    database_url: str, unraised: list[str]
) -> None:
    """Waking and listening at a standby that isn't one, and work that everybody has left."""
    address = f"{database_url}&target_session_attrs=standby"
    database = Database(address, connections_max=1)
    await database.open()
    database.wake_workers()
    listening = asyncio.create_task(listen(address, lambda: None))
    flight = SingleFlight()

    async def fail() -> None:
        await asyncio.sleep(0)
        raise asyncpg.InternalClientError("cannot switch to state 15")

    waiting = asyncio.create_task(flight.run("k", fail))
    await asyncio.sleep(0)
    waiting.cancel()
    while database._waker._notifying and not database._waker._notifying.done():
        await asyncio.sleep(0.01)
    assert not listening.done()
    listening.cancel()
    await asyncio.gather(waiting, listening, return_exceptions=True)
    await database.close()
    gc.collect()
    assert unraised == []


@pytest.fixture
async def unraised() -> list[str]:
    """What the loop reports of tasks whose exception nobody looked at."""
    found: list[str] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: found.append(str(context.get("message")))
    )
    return found
