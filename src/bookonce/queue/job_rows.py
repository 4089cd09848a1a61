"""The queue of jobs: put in, taken, ended, given to another.

A job is done at least once: an attempt whose worker is taken for dead may still be under way while
the next one begins. So whoever ends an attempt names its worker and number, and is told whether it
still held the job.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid5

from bookonce.platform.connection import Connection


@dataclass(frozen=True, slots=True)
class Subject:
    """What a job is about; ids only. All are None for what is done regularly."""

    business_id: UUID | None = None
    event_id: UUID | None = None
    appointment_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A job to put in."""

    name: str
    subject: Subject
    attempts_max: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """A job that a worker has taken, and the how-manieth attempt this is, from 1."""

    job_id: UUID
    name: str
    subject: Subject
    number: int
    attempts_max: int
    worker_id: UUID

    @property
    def is_last(self) -> bool:
        """Whether the job is dead if this attempt fails."""
        return self.number >= self.attempts_max


def job_id_of(event_id: UUID, name: str) -> UUID:
    """The one id of the job of that name about that event."""
    return uuid5(event_id, name)


async def put(connection: Connection, entries: Sequence[Entry]) -> None:
    """Put jobs about events in; those that were put in before are left as they are."""
    await connection.execute(
        """
        INSERT INTO job (job_id, name, business_id, event_id, appointment_id, status, attempts_max)
        SELECT job_id, name, business_id, event_id, appointment_id, 'waiting', attempts_max
        FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[], $6::int[])
            AS entry (job_id, name, business_id, event_id, appointment_id, attempts_max)
        ON CONFLICT (job_id) DO NOTHING
        """,
        [job_id_of(e.subject.event_id, e.name) for e in entries if e.subject.event_id],
        [entry.name for entry in entries],
        [entry.subject.business_id for entry in entries],
        [entry.subject.event_id for entry in entries],
        [entry.subject.appointment_id for entry in entries],
        [entry.attempts_max for entry in entries],
    )


async def take(
    connection: Connection, worker_id: UUID, names: Sequence[str], jobs_max: int
) -> list[Attempt]:
    """Begin an attempt at some jobs that are due, the longest due first."""
    rows = await connection.fetch(
        """
        WITH due AS (
            SELECT job_id FROM job
            WHERE status = 'waiting' AND run_at <= now() AND name = ANY ($2)
            ORDER BY run_at LIMIT $3
            FOR UPDATE SKIP LOCKED
        )
        UPDATE job SET status = 'running', worker_id = $1, attempts = attempts + 1
        FROM due WHERE job.job_id = due.job_id
        RETURNING job.job_id, name, business_id, event_id, appointment_id, attempts, attempts_max
        """,
        worker_id,
        names,
        jobs_max,
    )
    return [
        Attempt(
            row["job_id"],
            row["name"],
            Subject(row["business_id"], row["event_id"], row["appointment_id"]),
            row["attempts"],
            row["attempts_max"],
            worker_id,
        )
        for row in rows
    ]


# $1 to $3 say which attempt; it counts only while it still holds the job.
_END = """
WITH ended AS (
    UPDATE job SET status = $4, worker_id = NULL, run_at = now() + $5, error = $6,
        ended_at = CASE WHEN $4 <> 'waiting' THEN now() END
    WHERE job_id = $1 AND worker_id = $2 AND attempts = $3
    RETURNING name
)
INSERT INTO job_outcome AS counted (name, outcome, total)
SELECT name, $7, 1 FROM ended
ON CONFLICT (name, outcome) DO UPDATE SET total = counted.total + 1
RETURNING true
"""


async def _end(
    connection: Connection, attempt: Attempt, status: str, outcome: str, delay_s: float, error: str
) -> bool:
    return bool(
        await connection.fetchval(
            _END,
            attempt.job_id,
            attempt.worker_id,
            attempt.number,
            status,
            timedelta(seconds=delay_s),
            error or None,
            outcome,
        )
    )


async def done(connection: Connection, attempt: Attempt) -> bool:
    """The attempt succeeded. False if the job is another's by now."""
    return await _end(connection, attempt, "done", "done", 0, "")


async def again(connection: Connection, attempt: Attempt, delay_s: float, error: str) -> bool:
    """The attempt failed; another may begin after `delay_s`. False if the job is another's."""
    return await _end(connection, attempt, "waiting", "retried", delay_s, error)


async def dead(connection: Connection, attempt: Attempt, error: str) -> bool:
    """The last attempt failed: the job is kept for somebody to look at. False if it is another's."""
    return await _end(connection, attempt, "dead", "dead", 0, error)


async def beat(connection: Connection, worker_id: UUID) -> None:
    """This worker is alive, and with it the jobs that it has taken."""
    await connection.execute(
        """
        INSERT INTO job_worker (worker_id) VALUES ($1)
        ON CONFLICT (worker_id) DO UPDATE SET seen_at = now()
        """,
        worker_id,
    )


async def rescue(connection: Connection, rescuer_id: UUID, silent_s: float) -> int:
    """Free the jobs of workers not seen for `silent_s`; those out of attempts are dead.

    Not the rescuer's own, even if it stood still for longer than that: it lives. Returns how many.
    """
    rows = await connection.fetch(
        """
        WITH lost AS (
            SELECT job_id FROM job
            WHERE status = 'running' AND worker_id IS DISTINCT FROM $1 AND NOT EXISTS (
                SELECT FROM job_worker
                WHERE job_worker.worker_id = job.worker_id AND seen_at > now() - $2::interval)
            FOR UPDATE SKIP LOCKED
        ),
        freed AS (
            UPDATE job SET
                status = CASE WHEN attempts < attempts_max THEN 'waiting' ELSE 'dead' END,
                ended_at = CASE WHEN attempts < attempts_max THEN NULL ELSE now() END,
                worker_id = NULL, run_at = now(), error = 'its worker went away'
            FROM lost WHERE job.job_id = lost.job_id
            RETURNING name
        )
        INSERT INTO job_outcome AS counted (name, outcome, total)
        SELECT name, 'lost', count(*) FROM freed GROUP BY name ORDER BY name
        ON CONFLICT (name, outcome) DO UPDATE SET total = counted.total + excluded.total
        RETURNING (SELECT count(*) FROM freed)
        """,
        rescuer_id,
        timedelta(seconds=silent_s),
    )
    return rows[0][0] if rows else 0


async def leave(connection: Connection, worker_id: UUID) -> None:
    """End as a worker: what wasn't finished is free at once, and its attempt doesn't count."""
    await connection.execute(
        """
        WITH freed AS (
            UPDATE job SET status = 'waiting', worker_id = NULL, run_at = now(),
                attempts = attempts - 1
            WHERE status = 'running' AND worker_id = $1
        )
        DELETE FROM job_worker WHERE worker_id = $1
        """,
        worker_id,
    )
