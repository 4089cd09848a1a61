"""What happened to an appointment, by whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

_OF_APPOINTMENT = Statement(
    """
    SELECT event_id, kind, actor, at, data FROM event
    WHERE business_id = :business_id AND appointment_id = :appointment_id
    ORDER BY at, event_id
    """
)


@dataclass(frozen=True, slots=True)
class Happened:
    """An event, as the history shows it. `facts` is JSON, as the catalogue has it for the kind."""

    id: UUID
    kind: str
    actor: Actor
    at: datetime
    facts: str


async def of_appointment(
    connection: Connection, business_id: UUID, appointment_id: UUID
) -> list[Happened]:
    """The events of an appointment, the first one first."""
    rows = await _OF_APPOINTMENT.rows(
        connection, business_id=business_id, appointment_id=appointment_id
    )
    return [
        Happened(
            row["event_id"],
            row["kind"],
            msgspec.json.decode(row["actor"], type=Actor),
            row["at"],
            row["data"],
        )
        for row in rows
    ]
