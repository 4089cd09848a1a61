"""The outbox: events that something is to be done about, until it stands in the queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

EVENTS_LOOKED_AT_MAX = 10_000
"""A look for tenants costs no more than this, whatever has piled up; the next goes on."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that waits in the outbox."""

    event_id: UUID
    kind: str
    appointment_id: UUID | None


TENANTS = Statement(
    """
    SELECT DISTINCT business_id FROM (
        SELECT business_id FROM event WHERE is_unrelayed AND kind = ANY (:kinds) LIMIT :events_max
    ) AS waiting
    """
)


async def tenants(connection: Connection, kinds: Sequence[str]) -> list[UUID]:
    """Who has events of these kinds to relay, without locks."""
    rows = await TENANTS.rows(connection, kinds=kinds, events_max=EVENTS_LOOKED_AT_MAX)
    return [row["business_id"] for row in rows]


TAKE = Statement(
    """
    SELECT event_id, kind, appointment_id FROM event
    WHERE business_id = :business_id AND is_unrelayed AND kind = ANY (:kinds)
    ORDER BY event_id LIMIT :events_max
    FOR NO KEY UPDATE SKIP LOCKED
    """
)


async def take(
    connection: Connection, business_id: UUID, kinds: Sequence[str], events_max: int
) -> list[Waiting]:
    """Lock some of a tenant's events that no rival relay has.

    NO KEY, so that an idempotency key that refers to one of them doesn't wait for us.
    """
    rows = await TAKE.rows(connection, business_id=business_id, kinds=kinds, events_max=events_max)
    return [Waiting(row["event_id"], row["kind"], row["appointment_id"]) for row in rows]


SETTLE = Statement(
    """
    UPDATE event SET is_unrelayed = false
    WHERE business_id = :business_id AND event_id = ANY (:event_ids)
    """
)


async def settle(connection: Connection, business_id: UUID, event_ids: Sequence[UUID]) -> None:
    """Nothing more is to be done about these events: their jobs stand in the queue."""
    await SETTLE.run(connection, business_id=business_id, event_ids=event_ids)
