"""What the method the project grew from became next: it keeps its promise, at a price.

Serializable; an advisory lock on the person and the hour; look for overlapping rows; insert if
there are none; up to 5 attempts with 100 ms base delay. The lock only makes write conflicts rarer:
a visit over the full hour meets another one under another lock, and it is the isolation that
refuses one of them.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

import asyncpg

from bookonce.platform.connection import Connection
from bookonce.platform.errors import BookingConflictError
from bookonce.platform.retry import RetryPolicy


async def book_like_the_successor(
    pool: asyncpg.Pool[asyncpg.Record],
    business_id: UUID,
    resource_id: UUID,
    start: datetime,
    end: datetime,
) -> UUID:
    """Take a time. Raises BookingConflictError if a row overlaps, TryAgainError after 5 attempts."""

    async def attempt() -> UUID:
        async with (
            pool.acquire() as connection,
            connection.transaction(isolation="serializable"),
        ):
            await connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
                f"{resource_id} {start:%Y-%m-%dT%H}",
            )
            return await _check_then_insert(connection, business_id, resource_id, start, end)

    return await RetryPolicy().run(attempt)


async def _check_then_insert(
    connection: Connection, business_id: UUID, resource_id: UUID, start: datetime, end: datetime
) -> UUID:
    taken = await connection.fetchval(
        """
        SELECT EXISTS (
            SELECT FROM claim
            WHERE business_id = $1 AND resource_id = $2
              AND lower(during) < $4 AND upper(during) > $3
        )
        """,
        business_id,
        resource_id,
        start,
        end,
    )
    if taken:
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
