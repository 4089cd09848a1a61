"""Whether a pooler between us and PostgreSQL keeps a session for each of our connections.

Timeouts, prepared statements, notifications and the lock of a migration belong to a session. A
pooler in session mode keeps it for as long as we are connected; one in transaction or statement
mode doesn't, and can't be used.
"""

from __future__ import annotations

import asyncio

import asyncpg

from bookonce.platform.hosts import Opened, connect
from bookonce.platform.readiness import Fault
from bookonce.platform.trouble import SHARED_SESSIONS

CONNECT_TIMEOUT_S = 10.0
SECOND_TIMEOUT_S = 5.0


async def pooler_fault(url: str) -> Fault | None:
    """What is wrong with the pooler, if there is one. One round trip if there is none."""
    first = await _connected(url)
    try:
        if await _server_of(first) == first.get_server_pid():
            return None  # PostgreSQL itself: a pooler gives its clients numbers of its own
        second = await _connected(url)
        try:
            async with asyncio.timeout(SECOND_TIMEOUT_S):
                return SHARED_SESSIONS if await _are_mixed(first, second) else None
        except TimeoutError:
            return Fault(
                "pooler",
                "the pooler before the database has no second connection for us",
                "raise its pool size (default_pool_size): each server needs "
                "BOOKONCE_CONNECTIONS_MAX for each worker, and eight for jobs",
            )
        finally:
            second.terminate()
    except asyncpg.PostgresError as error:
        if "pooling mode" in str(error):
            return SHARED_SESSIONS
        raise
    finally:
        first.terminate()


async def _connected(url: str) -> Opened:
    return await connect(url, timeout=CONNECT_TIMEOUT_S, statement_cache_size=0)


async def _server_of(connection: Opened) -> int:
    """Which process of the database answers a transaction."""
    await connection.execute("BEGIN")
    number: int = await connection.fetchval("SELECT pg_backend_pid()")
    await connection.execute("COMMIT")
    return number


async def _are_mixed(first: Opened, second: Opened) -> bool:
    """Whether the two are answered by each other's process. Two processes are made to be at hand;
    whether a pooler takes the one that it used last or the one that rested longest, one of us gets
    the other's."""
    await first.execute("BEGIN")
    of_first = await first.fetchval("SELECT pg_backend_pid()")
    await second.execute("BEGIN")
    of_second = await second.fetchval("SELECT pg_backend_pid()")
    await first.execute("COMMIT")
    await second.execute("COMMIT")
    return bool(await _server_of(second) != of_second or await _server_of(first) != of_first)
