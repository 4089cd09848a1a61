"""Events, and the idempotency keys that remember them as answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.platform.connection import Connection


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a key was used for, and the event that answered it."""

    request_hash: bytes
    event_kind: str
    appointment_id: UUID | None
    facts: str
    sealed_token: bytes | None = None


async def append(
    connection: Connection,
    business_id: UUID,
    event_id: UUID,
    kind: str,
    actor: str,
    now: datetime,
    *,
    appointment_id: UUID | None = None,
    facts: str = "{}",
    follow_up: bool = False,
) -> None:
    """Write what happened, in the transaction that makes it happen.

    `follow_up`: something is to be done about it, by the jobs of its kind.
    """
    await connection.execute(
        """
        INSERT INTO event (business_id, event_id, kind, actor, appointment_id, at, data, follow_up)
        VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8)
        """,
        business_id,
        event_id,
        kind,
        actor,
        appointment_id,
        now,
        facts,
        follow_up,
    )


async def exists(connection: Connection, business_id: UUID, event_id: UUID) -> bool:
    """Whether an event is there."""
    return bool(
        await connection.fetchval(
            "SELECT EXISTS (SELECT FROM event WHERE business_id = $1 AND event_id = $2)",
            business_id,
            event_id,
        )
    )


async def remembered(
    connection: Connection, business_id: UUID, key_hash: bytes
) -> Remembered | None:
    """What an idempotency key led to, if it was used.

    What is found may stand on this server alone: a commit whose wait for a synchronous standby was
    given up is seen like any other. So the row is written once more. That commit waits, too, and
    comes after the first one in the log; when it is acknowledged, so is the first.
    """
    row = await connection.fetchrow(
        """
        WITH used AS (
            UPDATE idempotency SET created_at = created_at
            WHERE business_id = $1 AND key_hash = $2
            RETURNING request_hash, sealed_token, event_id
        )
        SELECT used.request_hash, used.sealed_token, event.kind, event.appointment_id, event.data
        FROM used JOIN event ON event.business_id = $1 AND event.event_id = used.event_id
        """,
        business_id,
        key_hash,
    )
    if row is None:
        return None
    return Remembered(
        row["request_hash"],
        row["kind"],
        row["appointment_id"],
        row["data"],
        row["sealed_token"],
    )


async def remember(
    connection: Connection,
    business_id: UUID,
    key_hash: bytes,
    request_hash: bytes,
    event_id: UUID,
    now: datetime,
) -> None:
    """Tie a key to its answer. Raises UniqueViolationError if a rival used the key meanwhile."""
    await connection.execute(
        """
        INSERT INTO idempotency (business_id, key_hash, request_hash, event_id, created_at)
        VALUES ($1, $2, $3, $4, $5)
        """,
        business_id,
        key_hash,
        request_hash,
        event_id,
        now,
    )
