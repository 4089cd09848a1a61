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
from bookonce.platform.statements import Statement


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
    """A job that a worker has taken, and the number of this attempt, from 1."""

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


PUT = Statement(
    """
    INSERT INTO job (job_id, name, business_id, event_id, appointment_id, status, attempts_max)
    SELECT job_id, name, business_id, event_id, appointment_id, 'waiting', attempts_max
    FROM unnest(
        :job_ids::uuid[], :names::text[], :business_ids::uuid[], :event_ids::uuid[],
        :appointment_ids::uuid[], :attempts_max::int[])
        AS entry (job_id, name, business_id, event_id, appointment_id, attempts_max)
    ON CONFLICT (job_id) DO NOTHING
    """
)


async def put(connection: Connection, entries: Sequence[Entry]) -> None:
    """Put jobs about events in; those that were put in before are left as they are."""
    await PUT.run(
        connection,
        job_ids=[job_id_of(e.subject.event_id, e.name) for e in entries if e.subject.event_id],
        names=[entry.name for entry in entries],
        business_ids=[entry.subject.business_id for entry in entries],
        event_ids=[entry.subject.event_id for entry in entries],
        appointment_ids=[entry.subject.appointment_id for entry in entries],
        attempts_max=[entry.attempts_max for entry in entries],
    )


TAKE = Statement(
    """
    WITH due AS (
        SELECT job_id FROM job
        WHERE status = 'waiting' AND run_at <= now() AND name = ANY (:names)
        ORDER BY run_at LIMIT :jobs_max
        FOR UPDATE SKIP LOCKED
    )
    UPDATE job SET status = 'running', worker_id = :worker_id, attempts = attempts + 1
    FROM due WHERE job.job_id = due.job_id
    RETURNING job.job_id, name, business_id, event_id, appointment_id, attempts, attempts_max
    """
)


async def take(
    connection: Connection, worker_id: UUID, names: Sequence[str], jobs_max: int
) -> list[Attempt]:
    """Begin an attempt at some jobs that are due, the longest due first."""
    rows = await TAKE.rows(connection, worker_id=worker_id, names=names, jobs_max=jobs_max)
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


# It counts only while the attempt still holds the job.
END = Statement(
    """
    WITH ended AS (
        UPDATE job SET status = :status, worker_id = NULL, run_at = now() + :delay,
            error = :error, ended_at = CASE WHEN :status <> 'waiting' THEN now() END
        WHERE job_id = :job_id AND worker_id = :worker_id AND attempts = :number
        RETURNING name
    )
    INSERT INTO job_outcome AS counted (name, outcome, total)
    SELECT name, :outcome, 1 FROM ended
    ON CONFLICT (name, outcome) DO UPDATE SET total = counted.total + 1
    RETURNING true
    """
)


async def _end(
    connection: Connection, attempt: Attempt, status: str, outcome: str, delay_s: float, error: str
) -> bool:
    return bool(
        await END.value(
            connection,
            job_id=attempt.job_id,
            worker_id=attempt.worker_id,
            number=attempt.number,
            status=status,
            delay=timedelta(seconds=delay_s),
            error=error or None,
            outcome=outcome,
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


BEAT = Statement(
    """
    INSERT INTO job_worker (worker_id) VALUES (:worker_id)
    ON CONFLICT (worker_id) DO UPDATE SET seen_at = now()
    """
)


async def beat(connection: Connection, worker_id: UUID) -> None:
    """This worker is alive, and with it the jobs that it has taken."""
    await BEAT.run(connection, worker_id=worker_id)


RESCUE = Statement(
    """
    WITH lost AS (
        SELECT job_id FROM job
        WHERE status = 'running' AND worker_id IS DISTINCT FROM :rescuer_id AND NOT EXISTS (
            SELECT FROM job_worker
            WHERE job_worker.worker_id = job.worker_id AND seen_at > now() - :silent::interval)
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
    """
)


async def rescue(connection: Connection, rescuer_id: UUID, silent_s: float) -> int:
    """Free the jobs of workers not seen for `silent_s`; those out of attempts are dead.

    Not the rescuer's own, even if it stood still for longer than that: it lives. Returns how many.
    """
    rows = await RESCUE.rows(connection, rescuer_id=rescuer_id, silent=timedelta(seconds=silent_s))
    return rows[0][0] if rows else 0


LEAVE = Statement(
    """
    WITH freed AS (
        UPDATE job SET status = 'waiting', worker_id = NULL, run_at = now(),
            attempts = attempts - 1
        WHERE status = 'running' AND worker_id = :worker_id
    )
    DELETE FROM job_worker WHERE worker_id = :worker_id
    """
)


async def leave(connection: Connection, worker_id: UUID) -> None:
    """End as a worker: what wasn't finished is free at once, and its attempt doesn't count."""
    await LEAVE.run(connection, worker_id=worker_id)
