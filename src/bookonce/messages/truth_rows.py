"""What is so when a message is sent: the event, the client, what was heard, whether money was there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.messages.decide import Heard
from bookonce.messages.message_rows import Message
from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement


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
    """An appointment's client, as they can be reached."""

    name: str
    email: str | None
    phone: str | None
    language: str | None
    is_known: bool = True
    """False of a walk-in: nobody was asked who they are."""


_EVENT = Statement(
    """
    SELECT kind, at, actor::text AS actor, appointment_id, data::text AS facts
    FROM event WHERE business_id = :business_id AND event_id = :event_id
    """
)
_CLIENT = Statement(
    """
    SELECT appointment.client_name, client.email, appointment.client_phone, appointment.language,
           appointment.client_id IS NOT NULL AS is_known
    FROM appointment LEFT JOIN client ON client.business_id = :business_id
                                     AND client.client_id = appointment.client_id
    WHERE appointment.business_id = :business_id AND appointment.appointment_id = :appointment_id
    """
)
_HEARD = Statement(
    """
    SELECT told_sequence, told_status, told_start, told_staff, told_place FROM message
    WHERE business_id = :business_id AND appointment_id = :appointment_id AND way = :way
      AND recipient = :recipient AND who = :who AND told_sequence IS NOT NULL
      AND status IN ('sent', 'unknown', 'not_sent')
    ORDER BY told_sequence DESC, ended_at DESC LIMIT 1
    """
)
# What the client was told last, or is about to be: from then on they have this time.
_SETTLED_AT = Statement(
    """
    SELECT max(event_at) FROM message
    WHERE business_id = :business_id AND appointment_id = :appointment_id AND recipient = 'client'
      AND kind IN ('booked', 'paid', 'moved') AND event_id IS NOT NULL
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
    connection: Connection, business_id: UUID, appointment_id: UUID
) -> Addressee | None:
    """The client of an appointment."""
    row = await _CLIENT.row(connection, business_id=business_id, appointment_id=appointment_id)
    if row is None:
        return None
    return Addressee(
        row["client_name"] or "",
        row["email"],
        row["client_phone"],
        row["language"],
        row["is_known"],
    )


async def heard(connection: Connection, business_id: UUID, message: Message) -> Heard | None:
    """What the recipient of a message was told last of its appointment, by the same way."""
    row = await _HEARD.row(
        connection,
        business_id=business_id,
        appointment_id=message.appointment_id,
        way=message.way,
        recipient=message.recipient,
        who=message.who,
    )
    if row is None:
        return None
    return Heard(
        row["told_sequence"],
        row["told_status"],
        row["told_start"],
        tuple(row["told_staff"] or ()),
        row["told_place"] or "",
    )


async def settled_at(
    connection: Connection, business_id: UUID, appointment_id: UUID
) -> datetime | None:
    """When the client got the time that they have, as far as messages tell."""
    found: datetime | None = await _SETTLED_AT.value(
        connection, business_id=business_id, appointment_id=appointment_id
    )
    return found


async def had_money(connection: Connection, business_id: UUID, appointment_id: UUID) -> bool:
    """Whether anything was paid for an appointment, or set aside."""
    return bool(
        await _HAD_MONEY.value(connection, business_id=business_id, appointment_id=appointment_id)
    )
