"""Clients: what a business has seen of somebody before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.booking.client import Client
from bookonce.platform.connection import Connection


@dataclass(frozen=True, slots=True)
class Record:
    """How often somebody has been there, and how often they did not come."""

    visits: int
    no_shows: int


async def record(connection: Connection, business_id: UUID, email: str, now: datetime) -> Record:
    """What a business has seen of whoever has a mail address. A visit that nobody said anything
    about took place.
    """
    row = await connection.fetchrow(
        """
        SELECT count(*) FILTER (
                   WHERE status = 'completed' OR (status = 'confirmed' AND ends_at <= $3)) AS visits,
               count(*) FILTER (WHERE status = 'no_show') AS no_shows
        FROM client JOIN appointment ON appointment.business_id = client.business_id
                                    AND appointment.client_id = client.client_id
        WHERE client.business_id = $1 AND client.email = $2
        """,
        business_id,
        email,
        now,
    )
    assert row is not None
    return Record(row["visits"], row["no_shows"])


async def email_of(connection: Connection, business_id: UUID, appointment_id: UUID) -> str | None:
    """The mail address of whoever an appointment is for."""
    email: str | None = await connection.fetchval(
        """
        SELECT client.email
        FROM appointment JOIN client ON client.business_id = appointment.business_id
                                    AND client.client_id = appointment.client_id
        WHERE appointment.business_id = $1 AND appointment.appointment_id = $2
        """,
        business_id,
        appointment_id,
    )
    return email


async def typed(
    connection: Connection, business_id: UUID, token_hash: bytes
) -> tuple[Client, str | None] | None:
    """Who an appointment is for and their note, as they were typed; by the capability that opens it."""
    row = await connection.fetchrow(
        """
        SELECT appointment.client_name, client.email, appointment.client_phone, appointment.notes
        FROM appointment JOIN client ON client.business_id = appointment.business_id
                                    AND client.client_id = appointment.client_id
        WHERE appointment.business_id = $1 AND appointment.token_hash = $2
        """,
        business_id,
        token_hash,
    )
    if row is None:
        return None
    return Client(row["client_name"], row["email"], row["client_phone"]), row["notes"]
