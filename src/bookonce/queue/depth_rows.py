"""What people ask about the queue: how much, how old, how it ended; and another try for the dead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

WORKER_SEEN_S = 60


@dataclass(frozen=True, slots=True)
class Depth:
    """The state of the queue. `waiting` counts jobs and events that are due or will be; `late_s` is
    how long the longest due of them has been due; `workers` were seen within a minute.
    """

    waiting: int
    running: int
    dead: int
    late_s: float
    workers: int


DEPTH = Statement(
    f"""
    SELECT job.waiting + outbox.waiting AS waiting, job.running, job.dead,
           date_part('epoch',
               greatest(now() - least(job.due_since, outbox.due_since), '0')) AS late_s,
           (SELECT count(*) FROM job_worker
            WHERE seen_at > now() - interval '{WORKER_SEEN_S} s') AS workers
    FROM (
        SELECT count(*) FILTER (WHERE status = 'waiting') AS waiting,
               count(*) FILTER (WHERE status = 'running') AS running,
               count(*) FILTER (WHERE status = 'dead') AS dead,
               min(run_at) FILTER (WHERE status = 'waiting') AS due_since
        FROM job WHERE status IN ('waiting', 'running', 'dead')
    ) AS job
    CROSS JOIN (
        SELECT count(*) AS waiting, min(at) AS due_since FROM event WHERE is_unrelayed
    ) AS outbox
    """
)


async def depth(connection: Connection) -> Depth:
    """How the queue is, its outbox included."""
    row = await DEPTH.row(connection)
    assert row is not None
    return Depth(row["waiting"], row["running"], row["dead"], row["late_s"] or 0.0, row["workers"])


OUTCOMES = Statement("SELECT name, outcome, total FROM job_outcome ORDER BY 1, 2")


async def outcomes(connection: Connection) -> list[tuple[str, str, int]]:
    """How many attempts at which job ended how, since the beginning."""
    rows = await OUTCOMES.rows(connection)
    return [(row["name"], row["outcome"], row["total"]) for row in rows]


@dataclass(frozen=True, slots=True)
class Listed:
    """A job as people see it."""

    job_id: UUID
    name: str
    status: str
    attempts: int
    attempts_max: int
    run_at: datetime
    ended_at: datetime | None
    slug: str | None
    error: str | None


UNFINISHED = Statement(
    """
    SELECT job_id, name, status, attempts, attempts_max, run_at, ended_at,
           (SELECT current_slug FROM business
            WHERE business.business_id = job.business_id) AS slug,
           error
    FROM job WHERE status IN ('dead', 'running', 'waiting')
    ORDER BY status, coalesce(ended_at, run_at), job_id LIMIT :jobs_max
    """
)


async def unfinished(connection: Connection, jobs_max: int) -> Sequence[Listed]:
    """Dead jobs, then those that run, then those that wait."""
    rows = await UNFINISHED.rows(connection, jobs_max=jobs_max)
    return [Listed(*row) for row in rows]


REVIVE = Statement(
    """
    UPDATE job SET status = 'waiting', attempts = 0, run_at = now(), ended_at = NULL
    WHERE status = 'dead' AND (:job_id::uuid IS NULL OR job_id = :job_id)
    RETURNING job_id
    """
)


async def revive(connection: Connection, job_id: UUID | None) -> int:
    """Put a dead job back, with all its attempts; every one if None. How many there were."""
    rows = await REVIVE.rows(connection, job_id=job_id)
    return len(rows)
