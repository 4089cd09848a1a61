"""Clients: what a business has seen of somebody before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.booking.client import Client, Guest
from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

_RECORD = Statement(
    """
    SELECT count(*) FILTER (
               WHERE status = 'completed' OR (status = 'confirmed' AND ends_at <= :now)) AS visits,
           count(*) FILTER (WHERE status = 'no_show') AS no_shows
    FROM client JOIN appointment ON appointment.business_id = :business_id
                                AND appointment.client_id
                                           = coalesce(client.merged_into, client.client_id)
    WHERE client.business_id = :business_id AND client.email = :email
      AND client.is_known_by_email
      AND EXISTS (
          SELECT 1 FROM appointment AS shown
          WHERE shown.business_id = :business_id AND shown.token_hash = :token_hash
            AND shown.client_id = coalesce(client.merged_into, client.client_id)
            AND (shown.status IN ('completed', 'no_show')
                 OR (shown.status = 'confirmed' AND shown.ends_at <= :now))
      )
    """
)
_HAS_THIS = Statement(
    """
    SELECT EXISTS (
        SELECT 1 FROM client JOIN appointment ON appointment.business_id = :business_id
                                             AND appointment.client_id
                                               = coalesce(client.merged_into, client.client_id)
        WHERE client.business_id = :business_id AND client.email = :email
          AND client.is_known_by_email
          AND appointment.starts_at = :starts_at
          AND (appointment.status = 'confirmed'
               OR (appointment.status = 'held' AND appointment.hold_expires_at > :now))
          AND ARRAY(
              SELECT part.service_id FROM appointment_part AS part
              WHERE part.business_id = :business_id
                AND part.appointment_id = appointment.appointment_id
              ORDER BY part.number
          ) = :service_ids::uuid[]
    )
    """
)
_EMAIL_OF = Statement(
    """
    SELECT client.email
    FROM appointment JOIN client ON client.business_id = :business_id
                                AND client.client_id = appointment.client_id
    WHERE appointment.business_id = :business_id AND appointment.appointment_id = :appointment_id
    """
)
_GUEST = Statement(
    """
    SELECT client.client_id, client.name, client.email, client.phone
    FROM client AS named
    JOIN client ON client.business_id = :business_id
               AND client.client_id = coalesce(named.merged_into, named.client_id)
    WHERE named.business_id = :business_id AND named.client_id = :client_id
    """
)
_REGISTER = Statement(
    """
    WITH known AS (
        SELECT coalesce(merged_into, client_id) AS client_id FROM client
        WHERE business_id = :business_id AND email = :email AND is_known_by_email
    ),
    registered AS (
        INSERT INTO client (business_id, client_id, email, name, phone, created_at)
        SELECT :business_id, :client_id, :email, :name, :phone, :now
        WHERE NOT EXISTS (SELECT 1 FROM known)
        ON CONFLICT DO NOTHING
        RETURNING client_id
    )
    SELECT client_id FROM known UNION ALL SELECT client_id FROM registered
    """
)
_PARTICULARS = Statement(
    """
    SELECT appointment.client_name AS name, client.email, appointment.client_phone AS phone,
           appointment.client_id
    FROM appointment LEFT JOIN client ON client.business_id = :business_id
                                     AND client.client_id = appointment.client_id
    WHERE appointment.business_id = :business_id AND appointment.appointment_id = :appointment_id
    """
)
_TYPED = Statement(
    """
    SELECT appointment.client_name, client.email, appointment.client_phone, appointment.notes
    FROM appointment JOIN client ON client.business_id = :business_id
                                AND client.client_id = appointment.client_id
    WHERE appointment.business_id = :business_id AND appointment.appointment_id = :appointment_id
      AND appointment.hold_expires_at > :now::timestamptz - interval '1 hour'
      AND (appointment.status IN ('held', 'expired')
           OR (appointment.status = 'cancelled' AND NOT EXISTS (
               SELECT 1 FROM payment
               WHERE payment.business_id = :business_id AND payment.status = 'captured'
                 AND payment.appointment_id = appointment.appointment_id)))
    """
)


@dataclass(frozen=True, slots=True)
class Record:
    """How often somebody has been there, and how often they did not come."""

    visits: int
    no_shows: int


SOMEBODY_NEW = Record(0, 0)


async def record(
    connection: Connection, business_id: UUID, email: str, token_hash: bytes, now: datetime
) -> Record:
    """What a business has seen of whoever has a mail address, and shows the token of one of their
    visits that are over; SOMEBODY_NEW to anybody else. A visit that nobody said anything about took
    place.
    """
    row = await _RECORD.row(
        connection, business_id=business_id, email=email, token_hash=token_hash, now=now
    )
    assert row is not None
    return Record(row["visits"], row["no_shows"])


async def has_this(
    connection: Connection,
    business_id: UUID,
    email: str,
    starts_at: datetime,
    service_ids: Sequence[UUID],
    now: datetime,
) -> bool:
    """Whether whoever has a mail address has an appointment for these services that begins then."""
    found = await _HAS_THIS.value(
        connection,
        business_id=business_id,
        email=email,
        starts_at=starts_at,
        service_ids=service_ids,
        now=now,
    )
    return bool(found)


async def email_of(connection: Connection, business_id: UUID, appointment_id: UUID) -> str | None:
    """The mail address of whoever an appointment is for."""
    email: str | None = await _EMAIL_OF.value(
        connection, business_id=business_id, appointment_id=appointment_id
    )
    return email


async def guest(connection: Connection, business_id: UUID, client_id: UUID) -> Guest | None:
    """A client that the business knows, as an appointment is written down for them."""
    row = await _GUEST.row(connection, business_id=business_id, client_id=client_id)
    if row is None:
        return None
    return Guest(row["name"], row["email"], row["phone"], row["client_id"])


async def particulars(
    connection: Connection, business_id: UUID, appointment_id: UUID
) -> Guest | None:
    """Whom an appointment is for; None if there is no such appointment."""
    row = await _PARTICULARS.row(connection, business_id=business_id, appointment_id=appointment_id)
    if row is None:
        return None
    return Guest(row["name"], row["email"], row["phone"], row["client_id"])


async def register(
    connection: Connection, business_id: UUID, client_id: UUID, guest: Guest, now: datetime
) -> UUID:
    """The client who has a guest's mail address, else a new one."""
    while True:  # lost to a rival who registers the same address, whose row is there by then
        found: UUID | None = await _REGISTER.value(
            connection,
            business_id=business_id,
            client_id=client_id,
            email=guest.email,
            name=guest.name,
            phone=guest.phone,
            now=now,
        )
        if found is not None:
            return found


async def typed(
    connection: Connection, business_id: UUID, appointment_id: UUID, now: datetime
) -> tuple[Client, str | None] | None:
    """Who an appointment is for and their note, as they were typed, if its time is held for them or
    was until a moment ago, and was lost.
    """
    row = await _TYPED.row(
        connection, business_id=business_id, appointment_id=appointment_id, now=now
    )
    if row is None:
        return None
    return Client(row["client_name"], row["email"], row["client_phone"]), row["notes"]
