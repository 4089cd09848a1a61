"""What is so when a message is sent: the event, the client, what was heard, whether money was there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.events.catalogue import AppointmentFacts
from bookonce.messages.decide import Heard
from bookonce.messages.message_rows import Message
from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection, Row
from bookonce.platform.statements import Statement

KNOWN_MAX = 20
"""Of what was handed over and never answered, so many are looked at."""


@dataclass(frozen=True, slots=True)
class Happened:
    """An event, with its facts as JSON."""

    kind: str
    at: datetime
    actor: Actor
    appointment_id: UUID | None
    facts: str


@dataclass(frozen=True, slots=True)
class Addressee:
    """A client of an appointment, as they can be reached."""

    name: str
    email: str | None
    phone: str | None
    language: str | None
    client_id: UUID | None = None
    """None of a walk-in: nobody was asked who they are."""
    is_former: bool = False
    """The appointment was theirs, and is in another name now."""


_EVENT = Statement(
    """
    SELECT kind, at, actor::text AS actor, appointment_id, data::text AS facts
    FROM event WHERE business_id = :business_id AND event_id = :event_id
    """
)
_CLIENT = Statement(
    """
    SELECT client.client_id, client.email, is_former, appointment.language,
           CASE WHEN is_former THEN client.name ELSE appointment.client_name END AS name,
           CASE WHEN is_former THEN client.phone ELSE appointment.client_phone END AS phone
    FROM appointment
    CROSS JOIN LATERAL (
        SELECT :client_id::uuid IS NOT NULL AND :client_id IS DISTINCT FROM appointment.client_id
               AS is_former
    ) AS told
    LEFT JOIN client ON client.business_id = :business_id
                    AND client.client_id = CASE WHEN is_former THEN :client_id::uuid
                                                ELSE appointment.client_id END
    WHERE appointment.business_id = :business_id AND appointment.appointment_id = :appointment_id
    """
)
_HEARD = Statement(
    """
    SELECT told_sequence, told_status, told_start, told_end, told_wall, told_staff, told_place,
           told_client, language, status IN ('sent', 'unknown', 'not_sent') AS is_certain
    FROM message
    WHERE business_id = :business_id AND appointment_id = :appointment_id
      AND (way = :way OR ended_at < :event_at)
      AND recipient = :recipient AND who = :who AND told_sequence IS NOT NULL
      AND (client_id IS NULL OR client_id = :client_id)
      AND (status IN ('sent', 'unknown', 'not_sent') OR hand_overs > 0)
    ORDER BY told_sequence DESC, ended_at DESC NULLS FIRST LIMIT :rows_max
    """
)
_BOOKED = Statement(
    """
    SELECT data::text FROM event
    WHERE business_id = :business_id AND appointment_id = :appointment_id
      AND kind = 'appointment.booked'
    ORDER BY at LIMIT 1
    """
)
_HAD_MONEY = Statement(
    """
    SELECT EXISTS (
        SELECT 1 FROM payment JOIN ledger_entry ON ledger_entry.business_id = :business_id
                                               AND ledger_entry.payment_id = payment.payment_id
        WHERE payment.business_id = :business_id AND payment.appointment_id = :appointment_id
          AND ledger_entry.kind IN ('authorised', 'captured')
    )
    """
)


async def happened(connection: Connection, business_id: UUID, event_id: UUID) -> Happened | None:
    """An event."""
    row = await _EVENT.row(connection, business_id=business_id, event_id=event_id)
    if row is None:
        return None
    actor = msgspec.json.decode(row["actor"], type=Actor)
    return Happened(row["kind"], row["at"], actor, row["appointment_id"], row["facts"])


async def addressee(
    connection: Connection, business_id: UUID, appointment_id: UUID, client_id: UUID | None = None
) -> Addressee | None:
    """The client of an appointment, or with `client_id` that one, whose it is or was."""
    row = await _CLIENT.row(
        connection, business_id=business_id, appointment_id=appointment_id, client_id=client_id
    )
    if row is None:
        return None
    return Addressee(
        row["name"] or "",
        row["email"],
        row["phone"],
        row["language"],
        row["client_id"],
        row["is_former"],
    )


async def known(
    connection: Connection, business_id: UUID, message: Message
) -> tuple[Heard | None, ...]:
    """What the recipient of a message may know of its appointment, the newest first: by the same way,
    or by another before that happened which it is about. The last is certain; what was handed over
    by a worker that died before the answer may have arrived. None: nothing.
    """
    rows = await _HEARD.rows(
        connection,
        business_id=business_id,
        appointment_id=message.appointment_id,
        way=message.way,
        event_at=message.event_at,
        recipient=message.recipient,
        who=message.who,
        client_id=message.client_id,
        rows_max=KNOWN_MAX,
    )
    found: list[Heard | None] = []
    for row in rows:
        found.append(_heard(row))
        if row["is_certain"]:
            return tuple(found)
    return (*found, None)


def _heard(row: Row) -> Heard:
    return Heard(
        row["told_sequence"],
        row["told_status"],
        row["told_start"],
        tuple(row["told_staff"] or ()),
        row["told_place"] or "",
        row["told_end"],
        row["told_wall"],
        row["told_client"],
        row["language"],
    )


async def booked(connection: Connection, business_id: UUID, message: Message) -> Heard | None:
    """What an appointment was when it was booked; None if it was held first."""
    facts = await _BOOKED.value(
        connection, business_id=business_id, appointment_id=message.appointment_id
    )
    if facts is None:
        return None
    was = msgspec.json.decode(facts, type=AppointmentFacts)
    return Heard(
        was.sequence,
        "confirmed",
        was.start,
        tuple(part.staff for part in was.parts),
        ", ".join(filter(None, (was.location_name, was.location_address))),
        was.end,
        was.wall_start,
    )


async def had_money(connection: Connection, business_id: UUID, appointment_id: UUID) -> bool:
    """Whether anything was paid for an appointment, or set aside."""
    return bool(
        await _HAD_MONEY.value(connection, business_id=business_id, appointment_id=appointment_id)
    )
