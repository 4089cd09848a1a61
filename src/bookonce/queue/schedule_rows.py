"""When what is done regularly is due, and that it is put in once, whoever looks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from bookonce.platform.connection import Connection

_SCHEDULES = UUID("6b0f3c5e-5c1c-5a0e-9c55-0d0f8f2f6a01")
MIDNIGHT = datetime(2000, 1, 1, tzinfo=UTC)


async def ensure(connection: Connection, name: str, every: timedelta, at: timedelta) -> None:
    """A schedule that isn't known yet is due for the first time at its next regular time."""
    await connection.execute(
        """
        INSERT INTO job_schedule (name, next_at)
        VALUES ($1, date_bin($2, now(), $3) + $2) ON CONFLICT (name) DO NOTHING
        """,
        name,
        every,
        MIDNIGHT + at,
    )


async def put_if_due(
    connection: Connection, name: str, every: timedelta, at: timedelta, attempts_max: int
) -> bool:
    """Put a schedule's job in if it is due and no rival did. Times that were missed are one.

    A schedule has one job for ever. While that waits or runs, nothing is added to it.
    """
    return bool(
        await connection.fetchval(
            """
            WITH due AS (
                UPDATE job_schedule SET next_at = date_bin($2, now(), $3) + $2
                WHERE name = $1 AND next_at <= now()
                RETURNING name
            )
            INSERT INTO job AS known (job_id, name, status, attempts_max)
            SELECT $4, name, 'waiting', $5 FROM due
            ON CONFLICT (job_id) DO UPDATE SET status = 'waiting', attempts = 0, error = NULL,
                attempts_max = excluded.attempts_max, run_at = now(), created_at = now(),
                ended_at = NULL
                WHERE known.status IN ('done', 'dead')
            RETURNING true
            """,
            name,
            every,
            MIDNIGHT + at,
            uuid5(_SCHEDULES, name),
            attempts_max,
        )
    )


async def next_due_s(connection: Connection, names: Sequence[str]) -> float | None:
    """Seconds until the first of these is due; None if none is known."""
    seconds: float | None = await connection.fetchval(
        "SELECT date_part('epoch', min(next_at) - now()) FROM job_schedule WHERE name = ANY ($1)",
        names,
    )
    return seconds
