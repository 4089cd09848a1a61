"""Deliveries on their way: who is at which, and how an attempt ends. A delivery is made by whoever has
its lease; a lease that isn't renewed runs out, and the next worker sends the same again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement
from bookonce.webhooks.retrying import Answer, Ending, Health, Problem

# A webhook that is being removed is waited for, and then isn't there.
SPREAD = Statement(
    """
    WITH listening AS (
        SELECT webhook_id, kinds FROM webhook
        WHERE business_id = :business_id AND disabled_at IS NULL
        FOR KEY SHARE
    )
    INSERT INTO webhook_delivery (business_id, webhook_id, event_id, status, next_at, created_at)
    SELECT :business_id, listening.webhook_id, event.event_id, 'waiting', now(), now()
    FROM listening JOIN event ON event.business_id = :business_id
     AND event.event_id = ANY (:event_ids::uuid[])
     AND (cardinality(listening.kinds) = 0 OR event.kind = ANY (listening.kinds))
    ON CONFLICT (business_id, webhook_id, event_id) DO NOTHING
    """
)


async def spread(connection: Connection, business_id: UUID, event_ids: Sequence[UUID]) -> None:
    """Put some events on their way to every webhook that wants them."""
    await SPREAD.run(connection, business_id=business_id, event_ids=event_ids)


PUT = Statement(
    """
    INSERT INTO webhook_delivery (business_id, webhook_id, event_id, status, next_at, created_at)
    VALUES (:business_id, :webhook_id, :event_id, 'waiting', :now, :now)
    """
)


async def put(
    connection: Connection, business_id: UUID, webhook_id: UUID, event_id: UUID, now: datetime
) -> None:
    """Put one event on its way to one webhook."""
    await PUT.run(
        connection, business_id=business_id, webhook_id=webhook_id, event_id=event_id, now=now
    )


@dataclass(frozen=True, slots=True)
class Due:
    """A webhook with something to send, and whether its last attempt failed."""

    business_id: UUID
    webhook_id: UUID
    is_failing: bool


DUE = Statement(
    """
    SELECT business_id, webhook_id, failing_since IS NOT NULL AS is_failing FROM webhook
    WHERE disabled_at IS NULL AND (rest_until IS NULL OR rest_until <= :now)
      AND EXISTS (
          SELECT 1 FROM webhook_delivery AS waiting
          WHERE waiting.business_id = webhook.business_id
            AND waiting.webhook_id = webhook.webhook_id
            AND waiting.status = 'waiting' AND waiting.next_at <= :now)
    ORDER BY rest_until NULLS FIRST
    """
)


async def due(connection: Connection, now: datetime) -> list[Due]:
    """Which webhooks of all businesses have something to send, without locks."""
    rows = await DUE.rows(connection, now=now)
    return [Due(row["business_id"], row["webhook_id"], row["is_failing"]) for row in rows]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A delivery that a worker is at, with all that it needs."""

    business_id: UUID
    webhook_id: UUID
    event_id: UUID
    number: int
    worker_id: UUID
    url: str
    secret: bytes
    old_secret: bytes | None
    old_until: datetime | None
    health: Health
    kind: str
    at: datetime
    appointment_id: UUID | None
    facts: str


TAKE = Statement(
    """
    WITH open AS (
        SELECT url, secret, old_secret, old_until, failures, failing_since FROM webhook
        WHERE business_id = :business_id AND webhook_id = :webhook_id AND disabled_at IS NULL
          AND (rest_until IS NULL OR rest_until <= :now)
    ),
    free AS (
        SELECT event_id AS free_id FROM webhook_delivery
        WHERE business_id = :business_id AND webhook_id = :webhook_id
          AND status = 'waiting' AND next_at <= :now AND EXISTS (SELECT 1 FROM open)
        ORDER BY next_at LIMIT :deliveries_max
        FOR UPDATE SKIP LOCKED
    ),
    taken AS (
        UPDATE webhook_delivery SET status = 'sending', worker_id = :worker_id,
            lease_until = :now::timestamptz + :lease::interval, attempts = attempts + 1
        FROM free
        WHERE business_id = :business_id AND webhook_id = :webhook_id AND event_id = free_id
        RETURNING event_id, attempts
    )
    SELECT taken.*, open.*, event.kind, event.at, event.appointment_id, event.data
    FROM taken CROSS JOIN open
    JOIN event ON event.business_id = :business_id AND event.event_id = taken.event_id
    """
)


async def take(
    connection: Connection,
    business_id: UUID,
    webhook_id: UUID,
    worker_id: UUID,
    deliveries_max: int,
    *,
    now: datetime,
    lease: timedelta,
) -> list[Attempt]:
    """Begin an attempt at some of a webhook's deliveries that are due."""
    rows = await TAKE.rows(
        connection,
        business_id=business_id,
        webhook_id=webhook_id,
        worker_id=worker_id,
        deliveries_max=deliveries_max,
        now=now,
        lease=lease,
    )
    return [
        Attempt(
            business_id,
            webhook_id,
            row["event_id"],
            row["attempts"],
            worker_id,
            row["url"],
            row["secret"],
            row["old_secret"],
            row["old_until"],
            Health(row["failures"], row["failing_since"]),
            row["kind"],
            row["at"],
            row["appointment_id"],
            row["data"],
        )
        for row in rows
    ]


# What is written of the webhook is written only if the delivery was still ours.
END = Statement(
    """
    WITH ended AS (
        UPDATE webhook_delivery SET status = :status, answer_status = :answer_status,
            answer = :answer, problem = :problem, next_at = coalesce(:next_at, next_at),
            worker_id = NULL, lease_until = NULL, tried_at = :now,
            ended_at = CASE WHEN :status <> 'waiting' THEN :now::timestamptz END
        WHERE business_id = :business_id AND webhook_id = :webhook_id AND event_id = :event_id
          AND status = 'sending' AND worker_id = :worker_id AND attempts = :number
        RETURNING 1
    ),
    known AS (
        UPDATE webhook SET
            failures = CASE WHEN :is_success THEN 0 ELSE failures + 1 END,
            failing_since = CASE WHEN :is_success THEN NULL ELSE coalesce(failing_since, :now) END,
            rest_until = CASE WHEN :is_success THEN NULL
                              ELSE greatest(rest_until, :rest_until::timestamptz) END
        WHERE business_id = :business_id AND webhook_id = :webhook_id
          AND EXISTS (SELECT 1 FROM ended)
          AND (NOT :is_success OR failing_since IS NOT NULL)
    )
    SELECT EXISTS (SELECT 1 FROM ended)
    """
)


async def end(
    connection: Connection, attempt: Attempt, answer: Answer, ending: Ending, now: datetime
) -> bool:
    """Write down what became of an attempt; False if the delivery is another's by now."""
    return bool(
        await END.value(
            connection,
            business_id=attempt.business_id,
            webhook_id=attempt.webhook_id,
            event_id=attempt.event_id,
            worker_id=attempt.worker_id,
            number=attempt.number,
            status=ending.status,
            answer_status=answer.status,
            answer=answer.words or None,
            problem=answer.problem,
            next_at=ending.next_at,
            is_success=answer.is_success,
            rest_until=ending.rest_until,
            now=now,
        )
    )


GIVE_UP = Statement(
    """
    UPDATE webhook_delivery SET status = 'failed', problem = :problem, answer_status = NULL,
        answer = NULL, ended_at = :now
    WHERE business_id = :business_id AND webhook_id = :webhook_id AND status = 'waiting'
    """
)


async def give_up(
    connection: Connection, business_id: UUID, webhook_id: UUID, now: datetime
) -> int:
    """End what waits for a webhook that was disabled; how many there were."""
    return await GIVE_UP.run(
        connection,
        business_id=business_id,
        webhook_id=webhook_id,
        problem=Problem.DISABLED,
        now=now,
    )


BEAT = Statement(
    """
    UPDATE webhook_delivery SET lease_until = :now::timestamptz + :lease::interval
    WHERE status = 'sending' AND worker_id = :worker_id
      AND (webhook_id, event_id) IN (
          SELECT * FROM unnest(:webhook_ids::uuid[], :event_ids::uuid[]))
    """
)


async def beat(
    connection: Connection,
    worker_id: UUID,
    under_way: Sequence[Attempt],
    *,
    now: datetime,
    lease: timedelta,
) -> None:
    """This worker is at these. What it has left behind, since the database was away at the end of an
    attempt, runs out.
    """
    await BEAT.run(
        connection,
        worker_id=worker_id,
        webhook_ids=[attempt.webhook_id for attempt in under_way],
        event_ids=[attempt.event_id for attempt in under_way],
        now=now,
        lease=lease,
    )


RESCUE = Statement(
    """
    UPDATE webhook_delivery SET status = 'waiting', next_at = :now, worker_id = NULL,
        lease_until = NULL
    WHERE status = 'sending' AND lease_until < :now
    """
)


async def rescue(connection: Connection, now: datetime) -> int:
    """Free the deliveries of workers that are gone; how many. Whether they arrived nobody knows, so
    they are sent again, with the same id.
    """
    return await RESCUE.run(connection, now=now)
