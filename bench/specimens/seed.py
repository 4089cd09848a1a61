"""The method the project grew from, kept to be raced: it looks careful and double-books.

Repeatable read; SELECT … FOR UPDATE SKIP LOCKED over the overlapping rows; insert if none came
back; up to 5 attempts on serialization failures with 100 ms base delay. An empty time has no row
to lock, and SKIP LOCKED hides the rows that do conflict.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

import asyncpg

from bookonce.platform.connection import Connection
from bookonce.platform.errors import BookingConflictError
from bookonce.platform.retry import RetryPolicy


async def book_like_the_seed(
    pool: asyncpg.Pool[asyncpg.Record],
    business_id: UUID,
    resource_id: UUID,
    start: datetime,
    end: datetime,
) -> UUID:
    """Take a time; raises BookingConflictError when a row that isn't locked overlaps."""

    async def attempt() -> UUID:
        async with (
            pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read"),
        ):
            return await _check_then_insert(connection, business_id, resource_id, start, end)

    return await RetryPolicy().run(attempt)


async def _check_then_insert(
    connection: Connection, business_id: UUID, resource_id: UUID, start: datetime, end: datetime
) -> UUID:
    overlapping = await connection.fetch(
        """
        SELECT claim_id FROM claim
        WHERE business_id = $1 AND resource_id = $2
          AND lower(during) < $4 AND upper(during) > $3
        FOR UPDATE SKIP LOCKED
        """,
        business_id,
        resource_id,
        start,
        end,
    )
    if overlapping:
        raise BookingConflictError("taken")
    claim_id = uuid4()
    await connection.execute(
        """
        INSERT INTO claim (business_id, claim_id, resource_id, during, kind)
        VALUES ($1, $2, $3, tstzrange($4, $5), 'blocked')
        """,
        business_id,
        claim_id,
        resource_id,
        start,
        end,
    )
    return claim_id
