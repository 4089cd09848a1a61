"""The log of deliveries: what was sent, what the receiver said, and sending again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.platform.connection import Connection, Row
from bookonce.platform.ids import first_id_at
from bookonce.platform.statements import Statement


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to a webhook. `answer_status`, `answer` and `problem` are of the last
    attempt; `next_at` is there while it waits.
    """

    webhook_id: UUID
    event_id: UUID
    kind: str
    event_at: datetime
    status: str
    attempts: int
    answer_status: int | None
    answer: str | None
    problem: str | None
    created_at: datetime
    tried_at: datetime | None
    next_at: datetime | None
    ended_at: datetime | None


_LOGGED = """
    SELECT delivery.*, event.kind, event.at AS event_at
    FROM webhook_delivery AS delivery
    JOIN event ON event.business_id = :business_id AND event.event_id = delivery.event_id
    WHERE delivery.business_id = :business_id AND delivery.webhook_id = :webhook_id
"""
# An event's id begins with its time: the key's own order is the newest first, backwards.
_PAGE = Statement(
    f"""{_LOGGED}
      AND (:status::text IS NULL OR delivery.status = :status)
      AND (:before::uuid IS NULL OR delivery.event_id < :before)
    ORDER BY delivery.event_id DESC LIMIT :rows_max
    """
)
_ONE = Statement(f"{_LOGGED} AND delivery.event_id = :event_id")
_AGAIN = Statement(
    """
    WITH rested AS (
        UPDATE webhook SET rest_until = NULL
        WHERE business_id = :business_id AND webhook_id = :webhook_id
    )
    UPDATE webhook_delivery SET status = 'waiting', attempts = 0, next_at = :now, ended_at = NULL
    WHERE business_id = :business_id AND webhook_id = :webhook_id AND event_id = :event_id
      AND status <> 'sending'
    """
)
_TESTING = Statement(
    """
    SELECT EXISTS (
        SELECT 1 FROM webhook_delivery AS delivery
        JOIN event ON event.business_id = :business_id AND event.event_id = delivery.event_id
        WHERE delivery.business_id = :business_id AND delivery.webhook_id = :webhook_id
          AND delivery.status IN ('waiting', 'sending') AND event.kind = :kind)
    """
)
# What arrived isn't sent again. What failed is; what was never on its way is put there.
_REPLAY = Statement(
    """
    INSERT INTO webhook_delivery AS known
        (business_id, webhook_id, event_id, status, next_at, created_at)
    SELECT :business_id, :webhook_id, event_id, 'waiting', :now, :now FROM (
        SELECT event.event_id FROM event
        WHERE event.business_id = :business_id AND event.event_id >= :first_id
          AND event.at >= :since AND event.kind = ANY (:kinds::text[])
          AND NOT EXISTS (
              SELECT 1 FROM webhook_delivery AS there
              WHERE there.business_id = :business_id AND there.webhook_id = :webhook_id
                AND there.event_id = event.event_id AND there.status <> 'failed')
        ORDER BY event.event_id LIMIT :events_max
    ) AS missed
    ON CONFLICT (business_id, webhook_id, event_id) DO UPDATE
        SET status = 'waiting', attempts = 0, next_at = :now, ended_at = NULL
        WHERE known.status = 'failed'
    """
)


async def page(
    connection: Connection,
    business_id: UUID,
    webhook_id: UUID,
    *,
    status: str | None,
    before: UUID | None,
    rows_max: int,
) -> list[Delivery]:
    """Some deliveries, those of the newest events first."""
    rows = await _PAGE.rows(
        connection,
        business_id=business_id,
        webhook_id=webhook_id,
        status=status,
        before=before,
        rows_max=rows_max,
    )
    return [_delivery(row) for row in rows]


async def one(
    connection: Connection, business_id: UUID, webhook_id: UUID, event_id: UUID
) -> Delivery | None:
    """One of them."""
    row = await _ONE.row(
        connection, business_id=business_id, webhook_id=webhook_id, event_id=event_id
    )
    return _delivery(row) if row else None


async def again(
    connection: Connection, business_id: UUID, webhook_id: UUID, event_id: UUID, now: datetime
) -> bool:
    """Send it now, with all its attempts, whatever became of it; False if it is being sent."""
    changed = await _AGAIN.run(
        connection, business_id=business_id, webhook_id=webhook_id, event_id=event_id, now=now
    )
    return changed > 0


async def is_under_way(
    connection: Connection, business_id: UUID, webhook_id: UUID, kind: str
) -> bool:
    """Whether an event of a kind is on its way to a webhook."""
    return bool(
        await _TESTING.value(connection, business_id=business_id, webhook_id=webhook_id, kind=kind)
    )


async def replay(
    connection: Connection,
    business_id: UUID,
    webhook_id: UUID,
    *,
    kinds: list[str],
    since: datetime,
    events_max: int,
    now: datetime,
) -> int:
    """Put the events of some kinds since a time on their way that haven't arrived; how many."""
    return await _REPLAY.run(
        connection,
        business_id=business_id,
        webhook_id=webhook_id,
        kinds=kinds,
        since=since,
        first_id=first_id_at(since),
        events_max=events_max,
        now=now,
    )


def _delivery(row: Row) -> Delivery:
    return Delivery(
        row["webhook_id"],
        row["event_id"],
        row["kind"],
        row["event_at"],
        row["status"],
        row["attempts"],
        row["answer_status"],
        row["answer"],
        row["problem"],
        row["created_at"],
        row["tried_at"],
        row["next_at"] if row["status"] == "waiting" else None,
        row["ended_at"],
    )
