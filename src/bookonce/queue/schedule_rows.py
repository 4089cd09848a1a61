"""When what is done regularly is due, and that it is put in once, whoever looks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

_SCHEDULES = UUID("6b0f3c5e-5c1c-5a0e-9c55-0d0f8f2f6a01")
MIDNIGHT = datetime(2000, 1, 1, tzinfo=UTC)


ENSURE = Statement(
    """
    INSERT INTO job_schedule (name, next_at)
    VALUES (:name, date_bin(:every, now(), :origin) + :every) ON CONFLICT (name) DO NOTHING
    """
)


async def ensure(connection: Connection, name: str, every: timedelta, at: timedelta) -> None:
    """A schedule that isn't known yet is due for the first time at its next regular time."""
    await ENSURE.run(connection, name=name, every=every, origin=MIDNIGHT + at)


PUT_IF_DUE = Statement(
    """
    WITH due AS (
        UPDATE job_schedule SET next_at = date_bin(:every, now(), :origin) + :every
        WHERE name = :name AND next_at <= now()
        RETURNING name
    )
    INSERT INTO job AS known (job_id, name, status, attempts_max)
    SELECT :job_id, name, 'waiting', :attempts_max FROM due
    ON CONFLICT (job_id) DO UPDATE SET status = 'waiting', attempts = 0, error = NULL,
        attempts_max = excluded.attempts_max, run_at = now(), created_at = now(),
        ended_at = NULL
        WHERE known.status IN ('done', 'dead')
    RETURNING true
    """
)


async def put_if_due(
    connection: Connection, name: str, every: timedelta, at: timedelta, attempts_max: int
) -> bool:
    """Put a schedule's job in if it is due and no rival did. Times that were missed are one.

    A schedule has one job for ever. While that waits or runs, nothing is added to it.
    """
    return bool(
        await PUT_IF_DUE.value(
            connection,
            name=name,
            every=every,
            origin=MIDNIGHT + at,
            job_id=uuid5(_SCHEDULES, name),
            attempts_max=attempts_max,
        )
    )


NEXT_DUE_S = Statement(
    "SELECT date_part('epoch', min(next_at) - now()) FROM job_schedule WHERE name = ANY (:names)"
)


async def next_due_s(connection: Connection, names: Sequence[str]) -> float | None:
    """Seconds until the first of these is due; None if none is known."""
    seconds: float | None = await NEXT_DUE_S.value(connection, names=names)
    return seconds
