"""What happened in a business, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from bookonce.desk.history_rows import Happened
from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement


@dataclass(frozen=True, slots=True)
class Change:
    """An event, and the appointment that it is about."""

    happened: Happened
    appointment_id: UUID | None
    client_name: str
    zone: str | None


# An id begins with its time: the key's own order is that in which things happened, nearly.
_CHANGES = Statement(
    """
    SELECT event.event_id, event.kind, event.actor, event.at, event.data, event.appointment_id,
           appointment.client_name, appointment.zone
    FROM event LEFT JOIN appointment
         ON appointment.business_id = :business_id
        AND appointment.appointment_id = event.appointment_id
    WHERE event.business_id = :business_id
      AND (:before::uuid IS NULL OR event.event_id < :before)
      AND (cardinality(:kinds::text[]) = 0 OR event.kind = ANY(:kinds))
      AND (:account_id::uuid IS NULL OR event.actor ->> 'id' = :account_id::text)
      AND (:actor_kind::text IS NULL OR event.actor ->> 'kind' = :actor_kind)
    ORDER BY event.event_id DESC LIMIT :rows_max
    """
)


async def changes(
    connection: Connection,
    business_id: UUID,
    *,
    kinds: Sequence[str],
    account_id: UUID | None,
    actor_kind: str | None,
    before: UUID | None,
    rows_max: int,
) -> list[Change]:
    """The events of some kinds, or of all; by an account or a kind of actor, or by anyone."""
    rows = await _CHANGES.rows(
        connection,
        business_id=business_id,
        kinds=kinds,
        account_id=account_id,
        actor_kind=actor_kind,
        before=before,
        rows_max=rows_max,
    )
    return [
        Change(
            Happened(
                row["event_id"],
                row["kind"],
                msgspec.json.decode(row["actor"], type=Actor),
                row["at"],
                row["data"],
            ),
            row["appointment_id"],
            row["client_name"] or "",
            row["zone"],
        )
        for row in rows
    ]
